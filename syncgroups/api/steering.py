"""What researchers' programs may do: each verb is a POST to a row, with a reason, and answers with its audit entry."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from inspect import getdoc
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import AuditEntry, SyncGroup, all_participants, get_participant_model
from ..operating import LONGEST, facts_for, name_of
from ..states import ParticipantStatus
from .access import permission, within
from .serializers import Told, public_id_of

#: People in a group that is formed by hand.
MOST = 1000


class AuditSerializer(Told):
    """One thing that a researcher did, to whom and why."""

    participant = public_id_of("participant")
    group = public_id_of("sync_group")

    class Meta:
        model = AuditEntry
        fields = [
            "public_id",
            "time",
            "by",
            "verb",
            "reason",
            "participant",
            "group",
            "barrier_id",
            "cohort",
            "details",
            "before",
            "after",
        ]


class Named(serializers.UUIDField):
    """A row, named by its public id, in one of the cohorts that the researcher may see."""

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """All that could be meant."""

    def to_internal_value(self, data: Any) -> Any:
        public_id = super().to_internal_value(data)
        row = within(self.context["view"].cohorts, self.rows()).filter(public_id=public_id).first()
        if row is None:
            self.fail("does_not_exist")
        return row


class Person(Named):
    default_error_messages = {"does_not_exist": _("There is no participant of this id.")}

    def rows(self) -> QuerySet[Any]:
        return all_participants()


class Group(Named):
    default_error_messages = {"does_not_exist": _("There is no group of this id.")}

    def rows(self) -> QuerySet[Any]:
        return SyncGroup.objects.all()


class People(serializers.ListField):
    """Participants, as many as are to be in a group. One query."""

    child = serializers.UUIDField()

    def to_internal_value(self, data: Any) -> list[Any]:
        ids = super().to_internal_value(data)
        people = within(self.context["view"].cohorts, all_participants()).filter(public_id__in=ids)
        by_id = {person.public_id: person for person in people}
        unknown = Person.default_error_messages["does_not_exist"]
        missing: Any = {place: [unknown] for place, public_id in enumerate(ids) if public_id not in by_id}
        if missing:
            raise serializers.ValidationError(missing)
        return [by_id[public_id] for public_id in ids]


class Plain(serializers.Serializer):
    """What every verb takes: why."""

    reason = serializers.CharField(max_length=500)


class Order(Plain):
    """Optionally also what its sender saw of the row, in the words of its ``facts``, ``before`` and ``after``."""

    seen = serializers.DictField(child=serializers.CharField(allow_blank=True, trim_whitespace=False), required=False)


class MoreTime(Order):
    seconds = serializers.FloatField(min_value=1, max_value=LONGEST)


class Message(Order):
    text = serializers.CharField(max_length=500, allow_blank=True)


class OneMember(Order):
    participant = Person()


class NewLeader(Order):
    participant = Person(required=False)


class Move(Order):
    participant = Person()
    to = Group()


class Replacement(Order):
    out = Person()
    into = Person()
    then = serializers.ChoiceField(choices=["working", "left", "failed"], default="working")


class NewGroup(Order):
    participants = People(allow_empty=False, max_length=MOST)


def ends_somebody(said: dict[str, Any]) -> list[Any]:
    """What a replacement changes besides the group: who is replaced may not go on."""
    return [] if said["then"] == ParticipantStatus.WORKING else [get_participant_model()]


def verb(
    name: str,
    act: Callable[..., Any],
    *,
    changes: Any,
    order: type[serializers.Serializer] = Order,
    besides: Callable[[dict[str, Any]], list[Any]] = lambda said: [],
) -> Any:
    """An action ``POST …/name/`` of a viewset, for users who may change such rows, and what an order changes `besides`.

    `act` is called with the row, `by` whom, and what the request says, as `order` declares it; it answers with an audit
    entry.
    """

    def carry_out(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        said = self.get_serializer(data=request.data)
        said.is_valid(raise_exception=True)
        if not all(request.user.has_perm(permission("change", model)) for model in besides(said.validated_data)):
            raise PermissionDenied
        entry = act(row, by=name_of(request.user), **said.validated_data)
        entry.before, entry.after = (facts_for(request.user, facts) for facts in (entry.before, entry.after))
        return Response(AuditSerializer(entry).data)

    carry_out.__name__ = name
    carry_out.__doc__ = getdoc(act)
    address = {"url_path": name.replace("_", "-"), "url_name": name}
    return action(detail=True, methods=["post"], **address, changes=changes, serializer_class=order)(carry_out)

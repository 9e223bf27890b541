"""The parameters that each resource takes, declared and checked by forms. What is not declared is an error."""

from __future__ import annotations

from datetime import UTC
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from ..models import ParticipantLinkSyncGroup
from ..states import LinkState, ParticipantStatus

MAX_PAGE_SIZE = 1000


class Truth(forms.TypedChoiceField):
    """``true`` or ``false``."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda value: value == "true", **kwargs)


class Moment(forms.DateTimeField):
    """A time that is one in UTC, too: databases are asked for that."""

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


def text(**kwargs: Any) -> forms.CharField:
    """A text that is compared as it is, blanks included."""
    return forms.CharField(max_length=100, strip=False, **kwargs)


class Parameters(forms.Form):
    """Parameters of a request. Those that are given must make sense; `lookups` says what they filter by."""

    lookups: ClassVar[dict[str, str]] = {}
    #: Parameters for which an empty text is a value.
    may_be_empty: ClassVar[set[str]] = {"cohort"}

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query)
        for name, field in self.fields.items():
            field.required = name in query and name not in self.may_be_empty

    def clean(self) -> None:
        for name in self.data:
            if name not in self.fields:
                known = ", ".join(sorted(self.fields)) or _("none")
                self.errors[name] = self.error_class([_("Unknown parameter. Known: %(known)s.") % {"known": known}])
            elif len(self.data.getlist(name)) > 1:  # type: ignore[attr-defined]
                self.errors[name] = self.error_class([_("Given more than once.")])

    def conditions(self) -> dict[str, Any]:
        """What to filter by. Raises DRF's `ValidationError`."""
        if not self.is_valid():
            raise ValidationError({name: [str(text) for text in texts] for name, texts in self.errors.items()})
        return {lookup: self.cleaned_data[name] for name, lookup in self.lookups.items() if name in self.data}


class ListParameters(Parameters):
    """What every list takes."""

    order = forms.ChoiceField(choices=[("newest", "newest"), ("oldest", "oldest")])
    page_size = forms.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE)
    cursor = forms.CharField(max_length=1000)


class ParticipantParameters(ListParameters):
    lookups = {
        "cohort": "cohort",
        "status": "status",
        "failed": "failed",
    }
    cohort = text()
    status = forms.ChoiceField(choices=ParticipantStatus.choices)
    failed = Truth()
    group = forms.UUIDField()

    def conditions(self) -> dict[str, Any]:
        conditions = super().conditions()
        if "group" in self.data:
            members = ParticipantLinkSyncGroup.objects.filter(sync_group__public_id=self.cleaned_data["group"])
            conditions["pk__in"] = members.values("participant")
        return conditions


class GroupParameters(ListParameters):
    lookups = {
        "cohort": "cohort",
        "group_type": "group_type",
        "active": "active",
    }
    cohort = text()
    group_type = text()
    active = Truth()
    participant = forms.UUIDField()

    def conditions(self) -> dict[str, Any]:
        conditions = super().conditions()
        if "participant" in self.data:
            person = self.cleaned_data["participant"]
            memberships = ParticipantLinkSyncGroup.objects.filter(participant__public_id=person)
            conditions["pk__in"] = memberships.values("sync_group")
        return conditions


class BarrierParameters(ListParameters):
    lookups = {"barrier_id": "barrier_id", "cohort": "cohort"}
    barrier_id = text()
    cohort = text()
    paused = Truth()

    def conditions(self) -> dict[str, Any]:
        conditions = super().conditions()
        if "paused" in self.data:
            conditions["paused_at__isnull"] = not self.cleaned_data["paused"]
        return conditions


class OneBarrierParameters(Parameters):
    """A barrier is looked up by its id and a cohort, by default the empty one."""

    cohort = text()

    def conditions(self) -> dict[str, Any]:
        super().conditions()
        return {"cohort": self.cleaned_data["cohort"]}


class VisitParameters(ListParameters):
    lookups = {
        "barrier_id": "barrier_id",
        "cohort": "cohort",
        "state": "state",
        "participant": "participant__public_id",
        "group": "sync_group__public_id",
        "arrived_after": "arrival_time__gte",
        "arrived_before": "arrival_time__lt",
    }
    barrier_id = text()
    cohort = text()
    state = forms.ChoiceField(choices=LinkState.choices)
    participant = forms.UUIDField()
    group = forms.UUIDField()
    arrived_after = Moment()
    arrived_before = Moment()


class DeclaredParameters(BaseFilterBackend):
    """Filters by the form that the view declares for its action, and refuses all other parameters."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        return queryset.filter(**view.parameters[view.action](request.query_params).conditions())

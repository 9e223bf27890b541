"""What participants are told about themselves, and what they may say."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from .. import registry
from ..conf import settings
from ..models import ParticipantLinkBarrier
from ..standing import Standing
from ..states import LinkState, ParticipantStatus, Presence
from .serializers import Moment, Told


class OwnWait(serializers.Serializer):
    """An open visit. ``n_needed`` is null where the barrier's rule does not say how many have to be here."""

    barrier_id = serializers.CharField()
    visit_id = serializers.UUIDField()
    since = Moment()
    until = Moment()
    n_here = serializers.IntegerField()
    n_needed = serializers.IntegerField(allow_null=True)
    paused = serializers.BooleanField()
    extensions_left = serializers.IntegerField()
    message = serializers.CharField(allow_blank=True)


class OwnGroup(serializers.Serializer):
    """An active group of the participant's."""

    group_type = serializers.CharField()
    group_id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=["leader", "follower"])
    size = serializers.IntegerField()


class OwnStanding(serializers.Serializer):
    """Where the participant stands. ``poll_after``: seconds after which to ask again."""

    participant_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=ParticipantStatus.choices)
    failed = serializers.BooleanField()
    failed_reason = serializers.CharField(allow_blank=True)
    time_credit = serializers.FloatField()
    waits = OwnWait(many=True)
    groups = OwnGroup(many=True)
    presence = serializers.ChoiceField(choices=Presence.choices)
    waiting = serializers.BooleanField()
    poll_after = serializers.FloatField()


class OwnEstimate(serializers.Serializer):
    """How long a wait will probably still take, in seconds and in words; null where nothing is known."""

    seconds = serializers.IntegerField(allow_null=True)
    basis = serializers.ChoiceField(choices=["arrivals", "waits", ""])
    certain = serializers.BooleanField()
    text = serializers.CharField(allow_blank=True)


class OwnVisit(Told):
    """A visit of the participant's, open or ended."""

    visit_id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(choices=LinkState.choices)
    since = Moment(source="arrival_time")
    until = Moment(source="deadline")
    ended_at = Moment(source="departure_time", allow_null=True)
    extensions_left = serializers.SerializerMethodField()

    class Meta:
        model = ParticipantLinkBarrier
        fields = [
            "visit_id",
            "barrier_id",
            "visit",
            "state",
            "since",
            "until",
            "ended_at",
            "time_credit",
            "extensions_left",
        ]

    def get_extensions_left(self, visit: ParticipantLinkBarrier) -> int:
        return extensions_left(visit)


def extensions_left(visit: ParticipantLinkBarrier) -> int:
    """How often one may still ask for more time."""
    barrier = registry.find(visit.barrier_id)
    return max(0, getattr(barrier, "extensions", 0) - visit.extensions) if visit.state == LinkState.WAITING else 0


class Nothing(serializers.Serializer):
    """There is nothing to say."""


class Arrival(serializers.Serializer):
    """Where to wait, and optionally the name of this visit among those to the barrier, e.g. the round."""

    barrier_id = serializers.CharField(max_length=100, trim_whitespace=False)
    visit = serializers.CharField(
        max_length=100, trim_whitespace=False, allow_null=True, allow_blank=True, default=None
    )


class Extension(serializers.Serializer):
    """Optionally how many extensions its sender knew of."""

    extensions_left = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)


def shown(standing: Standing) -> dict[str, Any]:
    """As `OwnStanding` says. No clock in it: the same state is the same text, and the same ETag."""
    told = Moment().to_representation
    waits = [{**vars(wait), "since": told(wait.since), "until": told(wait.until)} for wait in standing.waits]
    groups = [vars(group) for group in standing.groups]
    own = {**vars(standing), "waits": waits, "groups": groups}
    return {**own, "waiting": bool(waits), "poll_after": settings.POLL_INTERVAL}

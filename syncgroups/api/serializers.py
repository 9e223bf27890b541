"""What researchers read about each row. Others are named by their public ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import models
from rest_framework import ISO_8601, serializers

from .. import operating, registry
from ..models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    get_participant_model,
)


class Moment(serializers.DateTimeField):
    """A moment in UTC, as ISO 8601 has it: one text for each, whatever the site's own defaults are."""

    format = ISO_8601

    def enforce_timezone(self, value: datetime) -> datetime:
        return value.astimezone(UTC)


class Told(serializers.ModelSerializer):
    """For telling only: nothing of it can be said to us."""

    serializer_field_mapping = {**serializers.ModelSerializer.serializer_field_mapping, models.DateTimeField: Moment}

    def get_fields(self) -> dict[str, serializers.Field]:
        fields: dict[str, serializers.Field] = super().get_fields()
        for field in fields.values():
            field.read_only, field.required = True, False
            # What each database could store at most is no news to anybody.
            field.validators = []
            if isinstance(field, serializers.IntegerField):
                field.min_value = field.max_value = None
        return fields


class Together(serializers.ListSerializer):
    """Facts of all the rows in as many queries as those of one."""

    def to_representation(self, data: Any) -> list[Any]:
        rows = list(data)
        self.child.look_at(rows)  # type: ignore[union-attr]
        return super().to_representation(rows)


class Steered(Told):
    """Of rows that have verbs: what a decision about them rests on, for a verb's ``seen``.

    Without what is so of visits for those who may not see these, whose ``seen`` then says nothing of it either.
    """

    facts = serializers.SerializerMethodField()

    class Meta:
        list_serializer_class = Together

    def look_at(self, rows: Sequence[Any]) -> None:
        self.known = self.facts_to_tell(rows)

    def to_representation(self, row: Any) -> dict[str, Any]:
        if not isinstance(self.parent, Together):
            self.look_at([row])
        return super().to_representation(row)

    def facts_to_tell(self, rows: Sequence[Any]) -> dict[Any, dict[str, str]]:
        user = self.context["request"].user
        return {pk: operating.facts_for(user, facts) for pk, facts in operating.facts_of_all(rows).items()}

    def get_facts(self, row: Any) -> dict[str, str]:
        return self.known[row.pk]


def public_id_of(name: str) -> serializers.UUIDField:
    """The public id of what the row refers to; null where that is nothing."""
    return serializers.UUIDField(source=f"{name}.public_id", default=None, allow_null=True)


class ParticipantSerializer(Steered):
    """A participant, with the public ids of the active groups, and the barriers where they wait."""

    groups = serializers.SerializerMethodField()
    waits_at = serializers.SerializerMethodField()

    class Meta(Steered.Meta):
        model = get_participant_model()
        fields = [
            "public_id",
            "cohort",
            "status",
            "failed",
            "failed_reason",
            "time_of_death",
            "ended_by",
            "presence",
            "page_hidden",
            "last_seen_at",
            "time_credit",
            "groups",
            "waits_at",
            "facts",
            "details",
            "creation_time",
        ]

    def get_groups(self, participant: Any) -> list[str]:
        return [str(membership.sync_group.public_id) for membership in participant.standing_memberships]

    def get_waits_at(self, participant: Any) -> list[str]:
        return [visit.barrier_id for visit in participant.open_visits]


class MemberSerializer(Told):
    """Somebody who is or was in a group."""

    participant = serializers.UUIDField(source="participant.public_id")

    class Meta:
        model = ParticipantLinkSyncGroup
        fields = ["participant", "active", "arrival_time", "departure_time", "reason", "ended_by"]


class GroupSerializer(Steered):
    """A group, with everybody who is or was a member, in the order in which they joined."""

    leader = public_id_of("leader")
    paused = serializers.BooleanField()
    members = MemberSerializer(source="participant_links", many=True)

    class Meta(Steered.Meta):
        model = SyncGroup
        fields = [
            "public_id",
            "group_type",
            "kind",
            "cohort",
            "active",
            "leader",
            "members",
            "n_active_participants",
            "min_group_size",
            "initial_group_size",
            "max_group_size",
            "join_existing_groups",
            "failed",
            "failed_reason",
            "end_time",
            "end_reason",
            "ended_by",
            "paused",
            "paused_at",
            "paused_by",
            "last_processed",
            "last_error",
            "last_error_at",
            "error_count",
            "facts",
            "details",
            "creation_time",
        ]


class BarrierSerializer(Steered):
    """A barrier in one cohort: how many wait there, since when, and until when the first for whom time runs."""

    declared = serializers.SerializerMethodField()
    paused = serializers.BooleanField()
    n_waiting = serializers.IntegerField()
    waiting_since = Moment(allow_null=True)
    next_deadline = Moment(allow_null=True)

    class Meta(Steered.Meta):
        model = BarrierRecord
        fields = [
            "barrier_id",
            "cohort",
            "declared",
            "n_waiting",
            "waiting_since",
            "next_deadline",
            "paused",
            "paused_at",
            "paused_by",
            "last_processed",
            "last_error",
            "last_error_at",
            "error_count",
            "facts",
        ]

    def look_at(self, rows: Sequence[Any]) -> None:
        self.known = self.facts_to_tell([operating.Place(row.barrier_id, row.cohort) for row in rows])

    def get_facts(self, record: BarrierRecord) -> dict[str, str]:
        return self.known[record.barrier_id, record.cohort]

    def get_declared(self, record: BarrierRecord) -> bool:
        return registry.find(record.barrier_id) is not None


class OneBarrierSerializer(BarrierSerializer):
    """As in the list, and with what is so of the whole cohort: in a list each row would say it again."""

    facts_of_cohort = serializers.SerializerMethodField()

    class Meta(BarrierSerializer.Meta):
        fields = [*BarrierSerializer.Meta.fields, "facts_of_cohort"]

    def get_facts_of_cohort(self, record: BarrierRecord) -> dict[str, str]:
        return self.facts_to_tell([operating.Cohort(record.cohort)])[record.cohort]


class VisitSerializer(Steered):
    """One participant's visit to one barrier, open or ended."""

    participant = serializers.UUIDField(source="participant.public_id")
    group = public_id_of("sync_group")

    class Meta(Steered.Meta):
        model = ParticipantLinkBarrier
        fields = [
            "public_id",
            "participant",
            "barrier_id",
            "cohort",
            "group",
            "visit",
            "state",
            "arrival_time",
            "deadline",
            "departure_time",
            "reason",
            "ended_by",
            "time_credit",
            "waited_for_match",
            "waited_for_others",
            "paused_for",
            "extensions",
            "turns",
            "message",
            "facts",
            "details",
        ]

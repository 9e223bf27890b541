"""What researchers read about each row. Others are named by their public ids."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from .. import registry
from ..models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    get_participant_model,
)


class ParticipantSerializer(serializers.ModelSerializer):
    #: Public ids of the active groups, and barriers at which the participant waits.
    groups = serializers.SerializerMethodField()
    waits_at = serializers.SerializerMethodField()

    class Meta:
        model = get_participant_model()
        fields = [
            "public_id",
            "cohort",
            "status",
            "failed",
            "failed_reason",
            "time_of_death",
            "last_seen_at",
            "time_credit",
            "groups",
            "waits_at",
            "details",
            "creation_time",
        ]

    def get_groups(self, participant: Any) -> list[str]:
        return [str(membership.sync_group.public_id) for membership in participant.standing_memberships]

    def get_waits_at(self, participant: Any) -> list[str]:
        return [visit.barrier_id for visit in participant.open_visits]


class MemberSerializer(serializers.ModelSerializer):
    participant = serializers.UUIDField(source="participant.public_id")

    class Meta:
        model = ParticipantLinkSyncGroup
        fields = ["participant", "active", "arrival_time", "departure_time", "reason"]


class GroupSerializer(serializers.ModelSerializer):
    leader = serializers.UUIDField(source="leader.public_id", default=None)
    #: Everybody who is or was a member, in the order in which they joined.
    members = MemberSerializer(source="participant_links", many=True)

    class Meta:
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
            "last_error",
            "last_error_at",
            "error_count",
            "details",
            "creation_time",
        ]


class BarrierSerializer(serializers.ModelSerializer):
    declared = serializers.SerializerMethodField()
    paused = serializers.BooleanField()
    n_waiting = serializers.IntegerField()
    waiting_since = serializers.DateTimeField()
    next_deadline = serializers.DateTimeField()

    class Meta:
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
        ]

    def get_declared(self, record: BarrierRecord) -> bool:
        return registry.find(record.barrier_id) is not None


class VisitSerializer(serializers.ModelSerializer):
    participant = serializers.UUIDField(source="participant.public_id")
    group = serializers.UUIDField(source="sync_group.public_id", default=None)

    class Meta:
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
            "details",
        ]

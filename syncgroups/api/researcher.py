"""What researchers read, and the verbs by which they steer: participants, groups, barriers, visits, the audit."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min, Prefetch, QuerySet
from django.http import Http404

from .. import operating, registry
from ..explaining import explain
from ..models import (
    AuditEntry,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    get_participant_model,
)
from . import filters, serializers, steering
from .explanations import explained
from .resources import ForResearchers
from .steering import verb


def move_member(group: SyncGroup, *, participant: Any, to: SyncGroup, **order: Any) -> AuditEntry:
    """Let a member of this group be one of another."""
    return operating.move_member(participant, group, to, **order)


def process_now(record: BarrierRecord, **order: Any) -> AuditEntry:
    """Ask the rule at once, also about groups whose last pass failed."""
    return operating.process_now(record, **order)[0]


def retry(group: SyncGroup, **order: Any) -> AuditEntry:
    """Try at once to let the group go, also after passes that failed."""
    return operating.retry(group, **order)[0]


def form_group(record: BarrierRecord, *, participants: Any, **order: Any) -> AuditEntry:
    """Make one group of people who wait here."""
    return operating.form_group(record.barrier_id, record.cohort, participants, **order)


def pause_cohort(record: BarrierRecord, **order: Any) -> AuditEntry:
    """Hold every barrier of the cohort."""
    return operating.pause_cohort(operating.Cohort(record.cohort), **order)


def resume_cohort(record: BarrierRecord, **order: Any) -> AuditEntry:
    """Let every barrier of the cohort go on."""
    return operating.resume_cohort(operating.Cohort(record.cohort), **order)


def put_off_cohort(record: BarrierRecord, **order: Any) -> AuditEntry:
    """Let everybody of the cohort who waits now wait for longer."""
    return operating.put_off(operating.Cohort(record.cohort), **order)


def message_cohort(record: BarrierRecord, **order: Any) -> AuditEntry:
    """Tell everybody of the cohort who waits now, until the wait ends; an empty text takes it away."""
    return operating.message(operating.Cohort(record.cohort), **order)


def counted(record: BarrierRecord) -> BarrierRecord:
    """A record that is not stored, with what `with_counts` tells of stored ones."""
    here = ParticipantLinkBarrier.objects.at(record.barrier_id, record.cohort).waiting()
    vars(record).update(
        here.aggregate(n_waiting=Count("pk"), waiting_since=Min("arrival_time")),
        **here.by_running_clocks().aggregate(next_deadline=Min("deadline")),
    )
    return record


class ParticipantViewSet(ForResearchers):
    """Participants, whatever has become of them."""

    model = get_participant_model()
    serializer_class = serializers.ParticipantSerializer
    filterset_class = filters.ParticipantFilters
    explain = explained(lambda person: explain(participant=person))
    fail = verb("fail", operating.fail, changes=get_participant_model())
    leave = verb("leave", operating.leave, changes=get_participant_model())

    def rows(self) -> QuerySet[Any]:
        memberships = ParticipantLinkSyncGroup.objects.active().in_order_of_arrival().select_related("sync_group")
        visits = ParticipantLinkBarrier.objects.waiting().in_order_of_arrival()
        return get_participant_model()._default_manager.prefetch_related(
            Prefetch("sync_group_links", memberships, to_attr="standing_memberships"),
            Prefetch("barrier_links", visits, to_attr="open_visits"),
        )


class GroupViewSet(ForResearchers):
    """Groups, open and closed."""

    model = SyncGroup
    serializer_class = serializers.GroupSerializer
    filterset_class = filters.GroupFilters
    explain = explained(lambda group: explain(group=group))
    close = verb("close", operating.close_group, changes=SyncGroup)
    elect_leader = verb("elect_leader", operating.elect_leader, changes=SyncGroup, order=steering.NewLeader)
    release = verb("release", operating.release_group, changes=ParticipantLinkBarrier)
    retry = verb("retry", retry, changes=SyncGroup)
    pause = verb("pause", operating.pause_group, changes=SyncGroup)
    resume = verb("resume", operating.resume_group, changes=SyncGroup)
    add = verb("add", operating.add_member, changes=SyncGroup, order=steering.OneMember)
    remove = verb("remove", operating.remove_member, changes=SyncGroup, order=steering.OneMember)
    move = verb("move", move_member, changes=SyncGroup, order=steering.Move)
    replace = verb(
        "replace",
        operating.replace_member,
        changes=SyncGroup,
        order=steering.Replacement,
        besides=steering.ends_somebody,
    )
    put_off = verb("put_off", operating.put_off, changes=ParticipantLinkBarrier, order=steering.MoreTime)
    message = verb("message", operating.message, changes=ParticipantLinkBarrier, order=steering.Message)

    def rows(self) -> QuerySet[Any]:
        members = ParticipantLinkSyncGroup.objects.in_order_of_arrival().select_related("participant")
        return SyncGroup.objects.select_related("leader").prefetch_related(Prefetch("participant_links", members))


class BarrierViewSet(ForResearchers):
    """Barriers in cohorts where they were processed or acted upon at least once.

    One is named by its id, and a ``cohort`` parameter. What is declared is found by that in every cohort, also before.
    """

    model = BarrierRecord
    serializer_class = serializers.BarrierSerializer
    lookup_field = "barrier_id"
    lookup_value_regex = r"[\s\S]+?"
    filterset_class = filters.BarrierFilters
    row_filters = filters.OneBarrier
    explain = explained(lambda record: explain(record.barrier_id, record.cohort))
    pause = verb("pause", operating.pause, changes=BarrierRecord)
    resume = verb("resume", operating.resume, changes=BarrierRecord)
    process = verb("process", process_now, changes=BarrierRecord)
    put_off = verb("put_off", operating.put_off, changes=ParticipantLinkBarrier, order=steering.MoreTime)
    message = verb("message", operating.message, changes=ParticipantLinkBarrier, order=steering.Message)
    form_group = verb("form_group", form_group, changes=ParticipantLinkBarrier, order=steering.NewGroup)
    pause_cohort = verb("pause_cohort", pause_cohort, changes=BarrierRecord)
    resume_cohort = verb("resume_cohort", resume_cohort, changes=BarrierRecord)
    put_off_cohort = verb("put_off_cohort", put_off_cohort, changes=ParticipantLinkBarrier, order=steering.MoreTime)
    message_cohort = verb("message_cohort", message_cohort, changes=ParticipantLinkBarrier, order=steering.Message)

    def get_serializer_class(self) -> Any:
        return serializers.OneBarrierSerializer if self.action == "retrieve" else super().get_serializer_class()

    def get_object(self) -> Any:
        try:
            return super().get_object()
        except Http404:
            barrier_id, cohort = self.kwargs[self.lookup_field], self.request.query_params.get("cohort", "")
            allowed = self.cohorts is None or cohort in self.cohorts
            if not allowed or registry.find(barrier_id) is None:
                raise
            # What is declared is there. Its record is made by a pass, or a verb that is not refused.
            return counted(BarrierRecord(barrier_id=barrier_id, cohort=cohort))

    def rows(self) -> QuerySet[Any]:
        return BarrierRecord.objects.with_counts(ParticipantLinkBarrier.objects.all())


class VisitViewSet(ForResearchers):
    """Visits to barriers, open and ended."""

    model = ParticipantLinkBarrier
    serializer_class = serializers.VisitSerializer
    filterset_class = filters.VisitFilters
    release = verb("release", operating.release, changes=ParticipantLinkBarrier)
    put_off = verb("put_off", operating.put_off, changes=ParticipantLinkBarrier, order=steering.MoreTime)
    message = verb("message", operating.message, changes=ParticipantLinkBarrier, order=steering.Message)

    def rows(self) -> QuerySet[Any]:
        return ParticipantLinkBarrier.objects.select_related("participant", "sync_group")


class AuditViewSet(ForResearchers):
    """What researchers did. Nothing of it can be changed."""

    model = AuditEntry
    serializer_class = steering.AuditSerializer
    filterset_class = filters.AuditFilters

    def rows(self) -> QuerySet[Any]:
        return AuditEntry.objects.select_related("participant", "sync_group")

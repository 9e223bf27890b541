"""One cohort at a glance."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.db.models import Case, Count, F, Max, Min, OuterRef, Q, Subquery, When
from django.db.models.functions import Now

from .. import registry
from ..explaining import Fact, Level, Look, Numbers, facts_of_barrier, facts_of_group, look_at
from ..models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
    all_participants,
)
from ..states import ParticipantStatus
from .figures import Figure, course, outcomes, waits
from .health import Health, health
from .history import VISITS, history_of, on_the_way, released, usual_waits
from .rows import BarrierRow, GroupRow, MemberRow

#: How many groups are shown, how many people who wait at a barrier without a group, and how many cohorts can be chosen.
GROUPS, ALONE, COHORTS = 200, 20, 100

#: Seconds for which an answer may be repeated although times in sentences have run on.
TICK = 5

Memberships = dict[tuple[int, Any], int]


@dataclass(frozen=True)
class Overview:
    """Everything that the monitor shows of one cohort."""

    cohort: str
    now: datetime
    barriers: Sequence[BarrierRow]
    groups: Sequence[GroupRow]
    #: How many active groups there are, shown or not.
    n_groups: int
    #: How many participants there are, by what has become of them.
    people: dict[str, int]
    health: Health
    course: Figure
    waits: Figure
    outcomes: Figure

    @property
    def n_waiting(self) -> int:
        return sum(row.numbers.n for row in self.barriers)

    @property
    def n_silent(self) -> int:
        return sum(row.numbers.quiet + row.numbers.gone for row in self.barriers)

    @property
    def problems(self) -> list[tuple[BarrierRow | GroupRow, Fact]]:
        """What does not go on until somebody does something, or is late, with the barrier or group that it is about."""
        rows: list[Any] = [*self.barriers, *self.groups]
        urgent = {"overdue", "group_failing"}
        found = [(row, fact) for row in rows for fact in row.facts if fact.level == Level.ERROR or fact.code in urgent]
        seen: dict[str, tuple[BarrierRow | GroupRow, Fact]] = {}
        for row, fact in found:
            seen.setdefault(fact.sentence, (row, fact))
        return list(seen.values())

    @property
    def version(self) -> str:
        """Says whether there is anything new to show: the same while only clocks run on, but for every few seconds."""
        tick = int(self.now.timestamp() // TICK) if self.n_waiting or self.health.late else 0
        barriers = [
            (row.id, row.paused, _without_clock(row.numbers), row.released, row.on_the_way, [f.code for f in row.facts])
            for row in self.barriers
        ]
        alone = [(link.pk, link.deadline, link.participant.presence) for row in self.barriers for link in row.alone]
        groups = [
            (row.group.pk, row.group.leader_id, [_trace(member) for member in row.members], [f.code for f in row.facts])
            for row in self.groups
        ]
        health = (*self.health.signs, self.health.late, self.health.unswept, self.health.failing)
        figures = (self.course, self.waits, self.outcomes)
        told = repr((self.cohort, tick, barriers, alone, groups, self.n_groups, self.people, health, figures))
        return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def _without_clock(numbers: Numbers) -> tuple[Any, ...]:
    return tuple(value for name, value in vars(numbers).items() if name != "now")


def _trace(member: MemberRow) -> tuple[Any, ...]:
    visits = [(link.pk, link.deadline) for link in member.visits]
    return member.person.pk, member.person.presence, visits, member.last


def cohorts() -> list[str]:
    """Cohorts at whose barriers something has happened, the latest first.

    Three queries: two over small tables, and one over the newest visits, which count before the first pass.
    """
    newest = ParticipantLinkBarrier.objects.order_by("-pk").values("pk")[:VISITS]
    happened: Any = (
        (BarrierRecord.objects.all(), "last_processed"),
        (WakeUp.objects.filter(due_at__lte=Now()), "due_at"),
        (ParticipantLinkBarrier.objects.filter(pk__in=newest), "arrival_time"),
    )
    latest: dict[str, Any] = {}
    for rows, column in happened:
        for cohort, time in rows.order_by().values_list("cohort").annotate(latest=Max(column)):
            latest[cohort] = max(filter(None, (time, latest.get(cohort))), default=None)
    known = sorted(
        latest.items(), key=lambda item: (item[1] is not None, item[1] and item[1].timestamp()), reverse=True
    )
    return [cohort for cohort, _time in known[:COHORTS]]


def overview_of(cohort: str) -> Overview:
    """Everything that is going on in the cohort, in a fixed number of queries."""
    active = SyncGroup.objects.active().in_cohort(cohort)
    n_groups = active.count()
    first = list(most_urgent(active).values_list("pk", flat=True)[:GROUPS])
    look = look_at(cohort, groups=first)
    history = history_of(cohort)
    gone_on, between, usual = released(cohort), on_the_way(cohort), usual_waits(history)
    places = known_barriers(look, gone_on.keys())
    of_late = {visit.barrier_id for visit in history}
    visited = [barrier_id for barrier_id in places if barrier_id in of_late]
    rows = [
        BarrierRow(
            id=barrier_id,
            record=look.records.get(barrier_id),
            declared=registry.find(barrier_id) is not None,
            numbers=look.numbers_at(barrier_id),
            released=gone_on.get(barrier_id, 0),
            on_the_way=between.get(barrier_id, 0),
            leads_on=leads_on(barrier_id, following),
            usual_wait=usual.get(barrier_id),
            facts=facts_of_barrier(look, barrier_id),
            alone=alone_at(look, barrier_id)[:ALONE],
        )
        for barrier_id, following in zip_longest(places, places[1:])
    ]
    links = _memberships(first)
    return Overview(
        cohort=cohort,
        now=look.now,
        barriers=rows,
        groups=sorted((_group(look, look.groups[pk], links) for pk in first if pk in look.groups), key=_urgency),
        n_groups=n_groups,
        people=people_in(cohort),
        health=health(look.now),
        course=course(history),
        waits=waits(history, visited),
        outcomes=outcomes(history, visited),
    )


def most_urgent(groups: Any) -> Any:
    """In the order of need, as far as the database tells: who is held or fails, then who has waited longest."""
    here = ParticipantLinkBarrier.objects.waiting().filter(sync_group=OuterRef("pk")).order_by()
    since = here.values("sync_group").annotate(since=Min("arrival_time")).values("since")
    stuck = Case(When(Q(paused_at__isnull=False) | Q(error_count__gt=0), then=0), default=1)
    return groups.annotate(since=Subquery(since)).order_by(stuck, F("since").asc(nulls_last=True), "pk")


def known_barriers(look: Look, seen: Collection[str]) -> list[str]:
    """Barriers where anybody has been and those to which their groups go, in the order of declaration.

    Those not declared any longer come last. Before anybody has been anywhere, all are told.
    """
    known = {*seen, *look.records, *look.numbers}
    declared = registry.all_barriers()
    types = {barrier.group_type for barrier in declared if barrier.id in known and barrier.group_type}
    told = [each.id for each in declared if not known or each.id in known or each.group_type in types]
    return [*told, *sorted(known.difference(told))]


def leads_on(barrier_id: str, following: str | None) -> bool | None:
    """Whether one goes from a barrier to the next: not where these belong to groups of different types."""
    if following is None:
        return None
    here, there = (getattr(registry.find(name), "group_type", None) for name in (barrier_id, following))
    return not (here and there) or here == there


def alone_at(look: Look, barrier_id: str) -> list[ParticipantLinkBarrier]:
    """Visits of people who wait there without a group, the longest wait first."""
    alone = [link for link in look.waiting_at(barrier_id) if link.sync_group_id is None]
    return sorted(alone, key=lambda link: (link.arrival_time, link.pk))


def people_in(cohort: str) -> dict[str, int]:
    """How many take part, have finished, left or failed."""
    counted = all_participants().in_cohort(cohort).order_by().values_list("status", "failed").annotate(n=Count("pk"))
    people = {"working": 0, "finished": 0, "left": 0, "failed": 0}
    for status, failed, n in counted:
        people["failed" if failed else ParticipantStatus(status).value] += n
    return people


def _memberships(groups: Collection[int]) -> Memberships:
    """Primary keys of the memberships that stand, by group and participant."""
    links = ParticipantLinkSyncGroup.objects.active().filter(sync_group__in=groups)
    return {(group, person): pk for group, person, pk in links.values_list("sync_group", "participant", "pk")}


def _group(look: Look, group: SyncGroup, links: Memberships) -> GroupRow:
    visits = look.waiting_with(group)
    return GroupRow(
        group=group,
        members=[_member(look, group, person, links) for person in group.active_participants],
        facts=facts_of_group(look, group),
        since=min((link.arrival_time for link in visits), default=None),
    )


def _member(look: Look, group: SyncGroup, person: Any, links: Memberships) -> MemberRow:
    last = look.last.get(person.pk)
    return MemberRow(
        person=person,
        membership=links.get((group.pk, person.pk)),
        leads=person.pk == group.leader_id,
        visits=list(person.active_barriers.values()),
        last=last.barrier_id if last else "",
    )


def _urgency(row: GroupRow) -> tuple[Any, ...]:
    """Those in trouble first, then those who have waited longest."""
    order = list(Level)
    return -order.index(row.level), row.since is None, row.since and row.since.timestamp(), row.group.pk

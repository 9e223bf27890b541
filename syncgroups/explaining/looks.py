"""One look at what is stored, in a number of queries that does not depend on how many wait. Takes no lock.

The rows are tied to one another as for a rule, so that what is asked of a barrier makes no query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from ..models import BarrierRecord, ParticipantLinkBarrier, SyncGroup, WakeUp
from ..prepared import Among
from ..processing.looking import attach_groups, attach_members
from ..states import Presence

#: How many of those who wait are looked at one by one. The numbers are of all of them.
LIMIT = 1000

#: Visits of groups that a pause holds: no time runs for them.
HELD = Q(sync_group__paused_at__isnull=False)

NUMBERS = {
    # Before the name of its column means something else.
    "overdue": Count("pk", filter=Q(deadline__lte=Now()) & ~HELD),
    "n": Count("pk"),
    "alone": Count("pk", filter=Q(sync_group__isnull=True)),
    "quiet": Count("pk", filter=Q(participant__presence=Presence.QUIET)),
    "gone": Count("pk", filter=Q(participant__presence=Presence.GONE)),
    "silent_since": Min("participant__last_seen_at", filter=~Q(participant__presence=Presence.PRESENT)),
    "since": Min("arrival_time"),
    "deadline": Min("deadline", filter=~HELD),
    "now": Max(Now()),
}


@dataclass(frozen=True)
class Numbers:
    """Of everybody who waits at a barrier; deadlines are of those whom no pause of their group holds."""

    n: int = 0
    #: Those who wait for themselves, and not with a group.
    alone: int = 0
    quiet: int = 0
    gone: int = 0
    #: Since when the longest silence of those who are quiet or gone goes on.
    silent_since: datetime | None = None
    since: datetime | None = None
    deadline: datetime | None = None
    overdue: int = 0
    now: datetime | None = None


@dataclass
class Look:
    """What there was to see in one cohort, or in a part of it."""

    cohort: str
    now: datetime
    records: dict[str, BarrierRecord] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    #: Open visits in order of arrival.
    visits: list[ParticipantLinkBarrier] = field(default_factory=list)
    groups: dict[int, SyncGroup] = field(default_factory=dict)
    #: When the unit is called for next, by barrier and group; in the past: since when it has been due.
    calls: dict[tuple[str, int | None], datetime] = field(default_factory=dict)
    #: The last visit, over by now, of those who wait nowhere.
    last: dict[Any, ParticipantLinkBarrier] = field(default_factory=dict)

    def numbers_at(self, barrier_id: str) -> Numbers:
        return self.numbers.get(barrier_id, Numbers())

    @cached_property
    def _visits_at(self) -> dict[str, list[ParticipantLinkBarrier]]:
        at = defaultdict(list)
        for link in self.visits:
            at[link.barrier_id].append(link)
        return at

    @cached_property
    def _visits_with(self) -> dict[int | None, list[ParticipantLinkBarrier]]:
        with_group = defaultdict(list)
        for link in self.visits:
            with_group[link.sync_group_id].append(link)
        return with_group

    def waiting_with(self, group: SyncGroup) -> list[ParticipantLinkBarrier]:
        """Open visits of the group's active members, that they make with it."""
        members = {member.pk for member in group.active_participants}
        return [link for link in self._visits_with.get(group.pk, ()) if link.participant_id in members]

    def waiting_at(self, barrier_id: str, group: SyncGroup | None = None) -> list[ParticipantLinkBarrier]:
        """Open visits to the barrier, of a group's active members or of everybody."""
        if group is None:
            return self._visits_at.get(barrier_id, [])
        return [link for link in self.waiting_with(group) if link.barrier_id == barrier_id]

    def due_since(self, barrier_id: str) -> datetime | None:
        """The oldest call for the barrier, if its time has come."""
        times = [at for (called, _group), at in self.calls.items() if called == barrier_id and at <= self.now]
        return min(times, default=None)


def look_at(
    cohort: str, *, barriers: Collection[str] | None = None, groups: Iterable[int] = (), people: Iterable[Any] = ()
) -> Look:
    """Look at these barriers of the cohort (None: at all), the groups that wait there, and these groups and people.

    `people` are participants as loaded; they are tied to the rest, too.
    """
    place = {"cohort": cohort} if barriers is None else {"cohort": cohort, "barrier_id__in": barriers}
    visits = list(_open_visits().filter(**place).select_related("participant")[:LIMIT])
    known = {person.pk: person for person in [*(link.participant for link in visits), *people]}
    wanted = {*groups, *(link.sync_group_id for link in visits if link.sync_group_id)}
    found = list(SyncGroup.objects.filter(Among("pk", wanted)).order_by("pk"))
    attach_members(found, known)
    members = {member.pk: member for group in found for member in group.active_participants}
    known = {**members, **known}
    visits = _with_those_elsewhere(visits, known)
    _tie(visits, found, known)
    numbers = _numbers(place)
    times = [counted.now for counted in numbers.values() if counted.now] + [link.seen_at for link in visits[:1]]
    return Look(
        cohort=cohort,
        now=max(times, default=timezone.now()),
        records={record.barrier_id: record for record in BarrierRecord.objects.filter(cohort=cohort)},
        numbers=numbers,
        visits=visits,
        groups={group.pk: group for group in found},
        calls=_calls(cohort),
        last=_last_visits(known.keys() - {link.participant_id for link in visits}),
    )


def _open_visits() -> Any:
    return ParticipantLinkBarrier.objects.waiting().in_order_of_arrival().annotate(seen_at=Now())


def _with_those_elsewhere(visits: list[Any], known: dict[Any, Any]) -> list[Any]:
    """These visits, and all others that go on of the people who are known."""
    seen = {link.pk for link in visits}
    others = _open_visits().filter(Among("participant", known.keys()))
    return [*visits, *(link for link in others if link.pk not in seen)]


def _tie(visits: list[Any], groups: list[SyncGroup], known: dict[Any, Any]) -> None:
    barriers: dict[Any, dict[str, Any]] = defaultdict(dict)
    for link in visits:
        link.participant = known[link.participant_id]
        barriers[link.participant_id][link.barrier_id] = link
    attach_groups(known.values(), known=[group for group in groups if group.active])
    for pk, person in known.items():
        person.__dict__["seen_barriers"] = barriers[pk]


def _numbers(place: dict[str, Any]) -> dict[str, Numbers]:
    counted = ParticipantLinkBarrier.objects.waiting().filter(**place).order_by().values("barrier_id")
    return {row.pop("barrier_id"): Numbers(**row) for row in counted.annotate(**NUMBERS)}


def _calls(cohort: str) -> dict[tuple[str, int | None], datetime]:
    calls = WakeUp.objects.filter(cohort=cohort).exclude(HELD)
    called = calls.order_by().values_list("barrier_id", "sync_group")
    return {(barrier_id, group): at for barrier_id, group, at in called.annotate(at=Min("due_at"))}


def _last_visits(people: Collection[Any]) -> dict[Any, ParticipantLinkBarrier]:
    over = ParticipantLinkBarrier.objects.filter(Among("participant", people)).order_by()
    latest = over.values("participant").annotate(latest=Max("pk")).values("latest")
    return {link.participant_id: link for link in ParticipantLinkBarrier.objects.filter(pk__in=latest)}

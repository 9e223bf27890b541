"""What has happened in a cohort of late: its newest visits, as plain values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from statistics import median
from typing import Any, NamedTuple

from ..models import ParticipantLinkBarrier
from ..states import LinkState, ParticipantStatus

#: How many visits are looked at. Older ones are in the export.
VISITS = 3000


class Past(NamedTuple):
    """One visit, by anybody."""

    participant: Any
    barrier_id: str
    state: str
    arrival: datetime
    departure: datetime | None
    status: str
    failed: bool

    @property
    def waited(self) -> float:
        """Seconds; only of visits that are over."""
        return (self.departure - self.arrival).total_seconds() if self.departure else 0.0


def history_of(cohort: str) -> list[Past]:
    """The newest visits of the cohort, oldest first. One query."""
    links = ParticipantLinkBarrier.objects.filter(cohort=cohort).order_by("-pk")
    columns = ("participant", "barrier_id", "state", "arrival_time", "departure_time")
    rows = links.values_list(*columns, "participant__status", "participant__failed")[:VISITS]
    return [Past(*row) for row in reversed(rows)]


def on_the_way(history: Iterable[Past]) -> Counter[str]:
    """How many have gone on from each barrier, and are at no other one yet."""
    last: dict[Any, Past] = {}
    waiting = set()
    for visit in history:
        last[visit.participant] = visit
        if visit.state == LinkState.WAITING:
            waiting.add(visit.participant)
    return Counter(
        visit.barrier_id
        for visit in last.values()
        if visit.state == LinkState.RELEASED
        and visit.participant not in waiting
        and visit.status == ParticipantStatus.WORKING
        and not visit.failed
    )


def released(history: Iterable[Past]) -> Counter[str]:
    """How many visits to each barrier have ended in going on."""
    return Counter(visit.barrier_id for visit in history if visit.state == LinkState.RELEASED)


def usual_waits(history: Iterable[Past]) -> dict[str, float]:
    """The median wait, in seconds, of those who went on, by barrier."""
    waits = defaultdict(list)
    for visit in history:
        if visit.state == LinkState.RELEASED:
            waits[visit.barrier_id].append(visit.waited)
    return {barrier_id: median(seconds) for barrier_id, seconds in waits.items()}

"""What has happened in a cohort: its newest visits, as plain values, and numbers of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, Subquery

from ..models import ParticipantLinkBarrier, all_participants
from ..states import LinkState

#: How many visits are looked at one by one; all are counted. Older ones are in the export.
VISITS = 3000


class Past(NamedTuple):
    """One visit, by anybody."""

    barrier_id: str
    state: str
    arrival: datetime
    departure: datetime | None

    @property
    def waited(self) -> float:
        """Seconds; only of visits that are over."""
        return (self.departure - self.arrival).total_seconds() if self.departure else 0.0


def history_of(cohort: str) -> list[Past]:
    """The newest visits of the cohort, oldest first. One query."""
    links = ParticipantLinkBarrier.objects.filter(cohort=cohort).order_by("-pk")
    columns = ("barrier_id", "state", "arrival_time", "departure_time")
    rows = links.values_list(*columns)[:VISITS]
    return [Past(*row) for row in reversed(rows)]


def on_the_way(cohort: str) -> dict[str, int]:
    """How many have gone on from each barrier, and are at no other one yet. One query."""
    visits = ParticipantLinkBarrier.objects.filter(participant=OuterRef("pk")).order_by("-pk")
    under_way = all_participants().active().in_cohort(cohort).filter(~Exists(visits.waiting()))
    last = under_way.values(last=Subquery(visits.values("pk")[:1]))
    gone_on = ParticipantLinkBarrier.objects.filter(pk__in=last, cohort=cohort, state=LinkState.RELEASED)
    return _by_barrier(gone_on, Count("pk"))


def released(cohort: str) -> dict[str, int]:
    """How many visits to each barrier have ended in going on, wherever anybody has been. One query."""
    gone_on = Count("pk", filter=Q(state=LinkState.RELEASED))
    return _by_barrier(ParticipantLinkBarrier.objects.filter(cohort=cohort), gone_on)


def _by_barrier(visits: Any, count: Count) -> dict[str, int]:
    return dict(visits.order_by().values_list("barrier_id").annotate(n=count))


def usual_waits(history: Iterable[Past]) -> dict[str, float]:
    """The median wait, in seconds, of those who went on, by barrier."""
    waits = defaultdict(list)
    for visit in history:
        if visit.state == LinkState.RELEASED:
            waits[visit.barrier_id].append(visit.waited)
    return {barrier_id: median(seconds) for barrier_id, seconds in waits.items()}

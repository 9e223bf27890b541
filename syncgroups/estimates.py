"""How long a wait may still take, judged by what has happened at its barrier of late. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any, NamedTuple

from django.db import router
from django.db.models import BigIntegerField, Subquery
from django.db.models.functions import Now

from . import registry
from .models import AbstractParticipant, ParticipantLinkBarrier
from .prepared import planned
from .standing import Wait
from .states import LinkState

#: What happened longer ago says nothing about now.
RECENT = timedelta(minutes=15)
#: How far back it is searched for, in visits of the whole site; and how many visits to the barrier are taken.
WINDOW, TAKEN = 2000, 200
#: With fewer events than this nothing can be said; with as many as that, something that usually holds.
FEWEST, ENOUGH = 3, 8
#: Seconds: nobody reads an estimate in a shorter wait, such as that of those for whom everybody else has waited.
BLINK = 2.0


@dataclass(frozen=True)
class Estimate:
    """Seconds for which a wait may go on, coarsely; None where nothing can be said."""

    seconds: int | None = None
    #: What it rests on: "arrivals", "waits", or "" where too little has happened of late. "waits" without seconds:
    #: others have waited here, but hardly anybody for as long.
    basis: str = ""
    #: Whether it usually holds; otherwise it is a rough guess.
    certain: bool = False


class Visit(NamedTuple):
    """A visit to the barrier, by anybody."""

    participant: Any
    state: str
    arrival: datetime
    departure: datetime | None
    #: The present moment, by the clock that the other times are of.
    now: datetime


def estimate_of(participant: AbstractParticipant, wait: Wait) -> Estimate:
    """How long the participant's wait may go on. One query, which costs the same however long the history is."""
    model = ParticipantLinkBarrier
    rows = _recent(wait.barrier_id, participant.cohort, using=router.db_for_read(model))
    visits = [Visit(*row) for row in rows]
    barrier = registry.find(wait.barrier_id)
    if getattr(barrier, "forms_groups", False) and wait.n_needed is not None:
        return by_arrivals(wait, [visit for visit in visits if visit.participant != participant.pk])
    return by_waits(wait, visits)


@planned
def _recent(barrier_id: str, cohort: str) -> Any:
    """The newest visits to the barrier among the newest of all.

    A range of the primary key, because an index by barrier would have to be written by everybody who arrives or goes.
    Its upper end leaves nothing out: it is there for PostgreSQL, which takes a range with two ends for a small one.
    """
    newest = Subquery(ParticipantLinkBarrier.objects.order_by("-pk").values("pk")[:1], output_field=BigIntegerField())
    visits = ParticipantLinkBarrier.objects.filter(pk__gt=newest - WINDOW, pk__lte=newest)
    return (
        visits.at(barrier_id, cohort)
        .order_by("-pk")
        .values_list("participant_id", "state", "arrival_time", "departure_time", Now())[:TAKEN]
    )


def by_arrivals(wait: Wait, others: Sequence[Visit]) -> Estimate:
    """At the rate at which others have come, until as many are here as are needed. The silence since then counts."""
    recent = [visit for visit in others if visit.now - visit.arrival < RECENT]
    missing = (wait.n_needed or 0) - wait.n_here
    if len(recent) < FEWEST or missing < 1:
        return Estimate()
    arrivals, now = sorted(visit.arrival for visit in recent), recent[0].now
    interval = (now - arrivals[0]) / (len(arrivals) - 1)
    steady = now - arrivals[-1] <= 3 * interval
    seconds = (interval * missing).total_seconds()
    return Estimate(coarse(seconds), "arrivals", certain=len(arrivals) >= ENOUGH and steady)


def by_waits(wait: Wait, visits: Sequence[Visit]) -> Estimate:
    """As long as usual for those who have waited as long as this one has. Those who did not go on do not count."""
    waits = [
        (visit.departure - visit.arrival).total_seconds()
        for visit in visits
        if visit.state == LinkState.RELEASED and visit.departure and visit.now - visit.departure < RECENT
    ]
    if len(waits) < FEWEST:
        return Estimate()
    waited = max(0.0, (visits[0].now - wait.since).total_seconds())
    rest = [seconds - waited for seconds in waits if seconds > max(waited, BLINK)]
    if len(rest) < FEWEST:
        return Estimate(basis="waits" if waited > BLINK else "")
    usual, (lower, _, upper) = median(rest), quantiles(rest, n=4)
    return Estimate(coarse(usual), "waits", certain=len(rest) >= ENOUGH and upper - lower <= max(usual, 10.0))


def coarse(seconds: float) -> int:
    """Rounded so that nobody takes it for exact: to ten seconds, then to minutes, then to five minutes."""
    for up_to, step in ((10, 5), (55, 10), (570, 60)):
        if seconds < up_to:
            return max(step, round(seconds / step) * step)
    return round(seconds / 300) * 300

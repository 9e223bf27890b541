"""Whose page shows other numbers once a pass is through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ..models import ParticipantLinkBarrier
from ..prepared import prepared
from .deciding import Verdict

#: Of those who wait at one place, the first so many are told. Where more wait, their next poll will do: told of each
#: arrival, all of them would ask each time.
MOST = 50


def onlookers(verdicts: Iterable[Verdict]) -> Iterator[Any]:
    """Primary keys of those who were waiting when the barrier looked: somebody has come, or is about to go."""
    return (pk for verdict in verdicts for pk in islice(verdict.scene.here, MOST))


def first_waiting(barrier_id: str, cohort: str) -> Iterator[Any]:
    """Primary keys of those who wait where somebody has come, and too few are for the barrier to look. One query."""
    yield from _first_waiting(barrier_id, cohort)


@prepared
def _first_waiting(barrier_id: str, cohort: str) -> Any:
    visits = ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting().in_order_of_arrival()
    return visits.values_list("participant", flat=True)[:MOST]

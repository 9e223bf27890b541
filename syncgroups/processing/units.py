"""What is processed on its own: a barrier in one cohort or, at a group barrier, one group there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Q
from django.db.models.functions import Now

from ..models import WakeUp
from ..prepared import Among, insert, prepared


class Unit(NamedTuple):
    """Names and keys only: what a doorbell says."""

    barrier_id: str
    cohort: str
    group: int | None = None


def wake(units: Iterable[Unit], *, after: float = 0) -> None:
    """Leave a reason to process these units, `after` so many seconds. Takes no lock; one query."""
    units = list(units)
    if len(units) == 1 and not after:
        insert(_call(units[0]))
    elif units:
        # Sums of times have more digits on SQLite, and come after the millisecond in which they were stored.
        due = {"due_at": Now() + timedelta(seconds=after)} if after else {}
        WakeUp.objects.bulk_create(_call(unit, **due) for unit in units)


def claim(*units: Unit, later: bool = False) -> int:
    """Delete what calls for these units, also what does so `later`, and return how much that was.

    Before the look and under the unit's lock: whoever arrives later leaves a new row, and is seen next time.
    Units of one call belong to one barrier and cohort.
    """
    barrier_id, cohort, group = units[0]
    groups = None if group is None else [unit.group for unit in units]
    claimed: int = _claim(barrier_id, cohort, groups, later=later)
    return claimed


def _call(unit: Unit, **due: Any) -> WakeUp:
    return WakeUp(barrier_id=unit.barrier_id, cohort=unit.cohort, sync_group_id=unit.group, **due)


@prepared
def _claim(barrier_id: str, cohort: str, groups: Any, *, later: bool) -> Any:
    of_unit = Q(sync_group__isnull=True) if groups is None else Among("sync_group", groups)
    calls = WakeUp.objects.at(barrier_id, cohort).filter(of_unit)
    return (calls if later else calls.due()).delete()

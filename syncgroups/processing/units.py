"""What is processed on its own: a barrier in one cohort or, at a group barrier, one group there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.db.models.functions import Now

from ..models import WakeUp


class Unit(NamedTuple):
    """Names and keys only: what a doorbell says."""

    barrier_id: str
    cohort: str
    group: int | None = None


def wake(units: Iterable[Unit], *, after: float = 0) -> None:
    """Leave a reason to process these units, `after` so many seconds. Takes no lock; one query."""
    due_at = Now() + timedelta(seconds=after) if after else Now()
    rows = [WakeUp(barrier_id=u.barrier_id, cohort=u.cohort, sync_group_id=u.group, due_at=due_at) for u in units]
    if rows:
        WakeUp.objects.bulk_create(rows)


def claim(*units: Unit) -> int:
    """Delete what calls for these units, and return how much that was.

    Before the look and under the unit's lock: whoever arrives later leaves a new row, and is seen next time.
    Units of one call belong to one barrier and cohort.
    """
    rows = WakeUp.objects.at(units[0].barrier_id, units[0].cohort).due()
    if units[0].group is None:
        rows = rows.filter(sync_group__isnull=True)
    else:
        rows = rows.filter(sync_group__in=[unit.group for unit in units])
    deleted, _ = rows.delete()
    return deleted

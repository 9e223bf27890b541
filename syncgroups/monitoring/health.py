"""Whether the engine is at work: told from what passes and sweeps leave behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q

from .. import registry
from ..explaining.causes import LATE
from ..explaining.looks import HELD
from ..models import BarrierRecord, Heartbeat, ParticipantLinkBarrier, SyncGroup, WakeUp
from ..processing.beating import SWEEP

#: A sweep leaves its sign every few seconds, and may take some itself.
UNSWEPT = timedelta(seconds=60)


@dataclass(frozen=True)
class Health:
    """Of the whole site."""

    #: When a pass last left a trace.
    last_pass: datetime | None
    #: When somebody last swept, give or take a few seconds.
    last_sweep: datetime | None
    #: When a worker last answered a doorbell, or swept, give or take a few seconds. A pass by hand is none of these.
    last_worker: datetime | None
    #: Since when the oldest call that is due, and not held by a pause, has been so.
    due_since: datetime | None
    #: The earliest deadline that has passed, where no pause holds it.
    overdue_since: datetime | None
    #: Groups and barriers whose last pass failed.
    failing: int
    now: datetime

    @property
    def signs(self) -> tuple[datetime | None, ...]:
        """What the engine has left behind last."""
        return self.last_sweep, self.last_worker, self.last_pass

    @property
    def lag(self) -> float:
        """Seconds by which the engine is behind."""
        since = min((time for time in (self.due_since, self.overdue_since) if time), default=self.now)
        return max(0.0, (self.now - since).total_seconds())

    @property
    def unswept(self) -> bool:
        """Whether sweeps have ceased: deadlines pass unnoticed then, though doorbells are answered."""
        return self.last_sweep is not None and self.now - self.last_sweep > UNSWEPT

    @property
    def unmanned(self) -> bool:
        """Whether no worker has been seen lately, which means nothing unless something is due."""
        return self.last_worker is None or self.now - self.last_worker > UNSWEPT

    @property
    def late(self) -> bool:
        """Whether what is due is not done."""
        return self.lag > LATE.total_seconds() or self.unswept


def health(now: datetime) -> Health:
    """How the engine does. Five queries, over tables that are small and indexes that end at now."""
    declared = [barrier.id for barrier in registry.all_barriers()]
    records = BarrierRecord.objects.aggregate(
        last_pass=Max("last_processed"), failing=Count("pk", filter=Q(error_count__gt=0))
    )
    groups = SyncGroup.objects.active().filter(error_count__gt=0).count()
    signs = dict(Heartbeat.objects.values_list("part", "at"))
    return Health(
        last_pass=records["last_pass"],
        last_sweep=signs.get(SWEEP),
        last_worker=max(signs.values(), default=None),
        due_since=_first(WakeUp.objects.filter(due_at__lte=now), "due_at", declared),
        overdue_since=_first(ParticipantLinkBarrier.objects.waiting().filter(deadline__lte=now), "deadline", declared),
        failing=records["failing"] + groups,
        now=now,
    )


def _first(rows: Any, column: str, declared: list[str]) -> datetime | None:
    paused = BarrierRecord.objects.paused().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    due = rows.filter(~Exists(paused), barrier_id__in=declared).exclude(HELD)
    first: datetime | None = due.order_by().aggregate(first=Min(column))["first"]
    return first

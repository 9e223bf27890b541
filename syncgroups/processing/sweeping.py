"""The safety net: find what is due wherever nobody rang, process it, and recount groups bit by bit."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import timedelta
from itertools import count
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from .. import registry
from ..conf import settings
from ..models import BarrierRecord, ParticipantLinkBarrier, SyncGroup, WakeUp
from ..prepared import Among, prepared
from ..states import PassOutcome
from .beating import SWEEP, beat
from .groups import process_groups
from .passes import groups_at, process_barrier, process_pool
from .presence import let_lapse, put_presence_right
from .results import PassResult
from .settling import settle_all
from .units import Unit, wake

logger = logging.getLogger(__name__)

#: How long after its deadline a wait at a barrier that is not declared here is ended. A worker that declares it sweeps
#: much sooner, and knows what is to happen then: during a deploy old and new workers run side by side.
PATIENCE = timedelta(seconds=60)

#: Where this process's next recount starts. Nothing depends on it but the order of the work.
_recounted_up_to = 0
_presence_up_to: Any = None


def sweep() -> PassResult:
    """Process every unit with something due, skipping those at which others are at work, and recount some groups.

    Costs the same whether ten wait or ten thousand. What raises is logged and stops nothing else.
    """
    beat(SWEEP)
    try:
        look_after_undeclared()
        let_lapse(limit=settings.SWEEP_LIMIT)
    except Exception:
        logger.exception("The sweep could not look after barriers that are not declared, or tell who is silent.")
    by_barrier: dict[tuple[str, str], set[int | None]] = defaultdict(set)
    for unit in due_units():
        by_barrier[unit.barrier_id, unit.cohort].add(unit.group)
    result = PassResult(PassOutcome.IDLE)
    for (barrier_id, cohort), groups in by_barrier.items():
        try:
            result += _process(barrier_id, cohort, groups)
        except Exception:
            logger.exception("The sweep could not process barrier '%s' (cohort '%s').", barrier_id, cohort)
    try:
        return result + PassResult(PassOutcome.IDLE, recount(limit=settings.RECOUNT_LIMIT))
    except Exception:
        logger.exception("The sweep could not recount groups.")
        return result


def _process(barrier_id: str, cohort: str, groups: set[int | None]) -> PassResult:
    barrier = registry.find(barrier_id)
    if barrier is None:
        return process_pool(registry.Undeclared(barrier_id), cohort, skip_locked=True)
    if barrier.per_group and None not in groups:
        return process_groups(barrier, cohort, sorted(pk for pk in groups if pk), skip_locked=True)
    if barrier.per_group or groups != {None}:
        _readdress(barrier, cohort)
    result = process_barrier(barrier_id, cohort, skip_locked=True)
    if barrier.per_group:
        # Visits from before it went by groups belong to none of them. They end at their deadlines.
        result += process_pool(registry.Undeclared(barrier_id, groupless=True), cohort, skip_locked=True)
    return result


def _readdress(barrier: Any, cohort: str) -> None:
    """Make calls fit a barrier that was declared as another kind when they were left."""
    calls = WakeUp.objects.at(barrier.id, cohort)
    if barrier.per_group:
        calls.filter(sync_group__isnull=True).delete()
        wake(Unit(barrier.id, cohort, group) for group in groups_at(barrier.id, cohort))
    else:
        calls.update(sync_group=None)


def due_units() -> set[Unit]:
    """Units at which somebody called or a deadline has passed, but for paused ones. Two queries, bounded."""
    declared = [barrier.id for barrier in registry.all_barriers()]
    places = [*_called(declared, limit=settings.SWEEP_LIMIT), *_overdue(declared, limit=settings.SWEEP_LIMIT)]
    return {Unit(*place) for place in places}


@prepared
def _called(declared: Any, *, limit: int) -> Any:
    return _places(WakeUp.objects.due().filter(Among("barrier_id", declared)))[:limit]


@prepared
def _overdue(declared: Any, *, limit: int) -> Any:
    ours = Q(Among("barrier_id", declared)) | Q(deadline__lte=Now() - PATIENCE)
    return _places(ParticipantLinkBarrier.objects.overdue().filter(ours))[:limit]


def _places(rows: Any) -> Any:
    paused = BarrierRecord.objects.paused().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    held = SyncGroup.objects.paused().filter(pk=OuterRef("sync_group"))
    return (
        rows.filter(~Exists(paused), ~Exists(held))
        .order_by()
        .values_list("barrier_id", "cohort", "sync_group")
        .distinct()
    )


def recount(*, limit: int | None = None) -> set[Unit]:
    """Put right what the site has made wrong by writing to participants directly: counts of groups, and presence that
    goes on after a participation.

    Looks at the next `limit` active groups and people, starting over at the end; at all of them when `limit` is None.
    """
    global _recounted_up_to, _presence_up_to
    if limit == 0:
        return set()
    _presence_up_to = put_presence_right(_presence_up_to if limit else None, limit=limit)
    pks = _window(_recounted_up_to if limit else 0, limit=limit)
    if limit:
        _recounted_up_to = pks[-1] if len(pks) == limit else 0
    return settle_all(_drifted(pks)) if pks else set()


@prepared
def _window(after: int, *, limit: int | None) -> Any:
    return SyncGroup.objects.active().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit]


@prepared
def _drifted(groups: Any) -> Any:
    counted: Any = SyncGroup.objects.active().filter(Among("pk", groups)).with_true_count()
    return counted.exclude(true_count=F("n_active_participants")).order_by("pk").values_list("pk", flat=True)


def undeclared_barriers() -> list[str]:
    """Ids of barriers that the database knows and the site does not declare (any longer)."""
    declared = [barrier.id for barrier in registry.all_barriers()]
    processed = BarrierRecord.objects.exclude(barrier_id__in=declared).order_by().values_list("barrier_id")
    called = WakeUp.objects.exclude(barrier_id__in=declared).order_by().values_list("barrier_id")
    return sorted(barrier_id for (barrier_id,) in processed.union(called))


def forget_idle_calls() -> None:
    """Delete old calls for barriers that are not declared here and where nobody waits any longer: whoever declares
    them has had the time to serve them, and whoever comes there calls anew."""
    declared = [barrier.id for barrier in registry.all_barriers()]
    waiting = ParticipantLinkBarrier.objects.waiting()
    there = waiting.filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    WakeUp.objects.exclude(barrier_id__in=declared).filter(~Exists(there), due_at__lte=Now() - PATIENCE).delete()


_sweeps = count()


def look_after_undeclared(*, every: int = 60) -> None:
    """Log undeclared barriers, and forget calls for them that concern nobody, in one sweep of `every` so many."""
    if next(_sweeps) % every == 0:
        forget_idle_calls()
        for barrier_id in undeclared_barriers():
            logger.warning(
                "Barrier '%s' is known to the database and no longer declared: whoever waits there is let go a"
                " minute after the deadline only. Declare it again, or end the visits in the admin.",
                barrier_id,
            )

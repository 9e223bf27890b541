"""Passes over a group barrier: each group is locked, decided about and released on its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any

from ..models import ParticipantLinkBarrier, SyncGroup
from ..prepared import Among, prepared
from ..states import PassOutcome
from .acting import act
from .deciding import Verdict, decide
from .locks import lock_groups, until_settled
from .looking import Scene, look_at_groups
from .results import PassResult, at_the_bottom, find_record, keep_in_mind, note_on_record, record_of, set_aside
from .units import Unit, claim, wake
from .unreturned import CallAhead, CallUnreturned, has_not_returned, with_care

logger = logging.getLogger(__name__)

#: Groups that share a transaction where no code of the site runs in it.
BATCH = 250


def process_groups(barrier: Any, cohort: str, pks: Sequence[int], *, skip_locked: bool = False) -> PassResult:
    """Let the complete ones of these groups go, and end the waits whose time is up.

    A group whose pass raises stays as it was, with the error on it, and holds back no other.
    """
    record = record_of(barrier.id, cohort)
    if record.paused:
        return PassResult(PassOutcome.PAUSED)
    size = 1 if barrier.on_release else BATCH
    remaining = iter(pks)
    result = PassResult(PassOutcome.IDLE)
    while batch := list(islice(remaining, size)):
        result += _one_batch(barrier, cohort, batch, skip_locked)
    note_on_record(record, result)
    return result


def _one_batch(barrier: Any, cohort: str, pks: Sequence[int], skip_locked: bool, announced: bool = False) -> PassResult:
    attempt = partial(_pass, barrier, cohort, pks, skip_locked, announced)
    try:
        return until_settled(attempt)
    except CallAhead:
        return _announce_and_call(attempt, barrier, cohort, pks)
    except Exception as error:
        if len(pks) > 1:
            alone = (_one_batch(barrier, cohort, [pk], skip_locked) for pk in pks)
            return sum(alone, PassResult(PassOutcome.IDLE))
        busy = set_aside(error, Unit(barrier.id, cohort, pks[0]))
        return busy or _without_release(attempt, barrier, pks[0], at_the_bottom(error))


def _announce_and_call(attempt: Callable[..., PassResult], barrier: Any, cohort: str, pks: Sequence[int]) -> PassResult:
    """Write down that code of the site is called, in a transaction of its own, and then let the group go."""
    noted = _store(attempt, barrier, pks[0], CallUnreturned(barrier.id))
    if noted.outcome != PassOutcome.FAILED:
        return noted
    called = _one_batch(barrier, cohort, pks, skip_locked=True, announced=True)
    if called.outcome != PassOutcome.BUSY:
        return called
    # Others came in between and found nothing due. What was put off has not been tried: it is due again, at once.
    unit = Unit(barrier.id, cohort, pks[0])
    wake([unit])
    return PassResult(PassOutcome.BUSY, {unit})


def _without_release(attempt: Callable[..., PassResult], barrier: Any, group: int, error: Exception) -> PassResult:
    """After an error nobody is let through; it is stored, and waits whose time is up end all the same."""
    logger.error("The pass over group %s at barrier '%s' failed.", group, barrier.id, exc_info=error)
    return _store(attempt, barrier, group, error)


def _store(attempt: Callable[..., PassResult], barrier: Any, group: int, error: Exception) -> PassResult:
    try:
        return until_settled(partial(attempt, error=error))
    except Exception:
        # Not even that: other groups must not suffer from it. The call that was not served is still there.
        logger.exception("The error of group %s at barrier '%s' could not be stored.", group, barrier.id)
        return PassResult(PassOutcome.FAILED, error=error)


def _pass(
    barrier: Any,
    cohort: str,
    pks: Sequence[int],
    skip_locked: bool,
    announced: bool,
    more: frozenset[int],
    *,
    error: Exception | None = None,
) -> PassResult:
    locked = lock_groups({*pks, *more}, skip_locked=skip_locked)
    groups = [locked[pk] for pk in pks if pk in locked]
    if not groups or not more <= locked.keys():
        return PassResult(PassOutcome.BUSY)
    groups = [group for group in groups if not group.paused]
    if not groups or any(record.paused for record in find_record(barrier.id, cohort)):
        return PassResult(PassOutcome.PAUSED)
    units = [Unit(barrier.id, cohort, group.pk) for group in groups]
    if not claim(*units, later=announced) and error is None and not _overdue(barrier.id, groups):
        return PassResult(PassOutcome.IDLE)

    scenes = look_at_groups(barrier, groups, for_rule=error is None)

    verdicts = _decide(barrier, scenes, error)
    if error is None and not announced:
        verdicts = [with_care(barrier, verdict, wary=skip_locked) for verdict in verdicts]

    woken = act(barrier, cohort, verdicts, locked)
    for verdict, unit, group in zip(verdicts, units, groups, strict=True):
        keep_in_mind(barrier, unit, group, verdict, counted=announced)
    return PassResult.of(next((v.error for v in verdicts if v.error), None), woken)


def _decide(barrier: Any, scenes: Sequence[Scene], error: Exception | None) -> list[Verdict]:
    if error is None:
        return decide(barrier, scenes)
    if isinstance(error, CallUnreturned):
        # Nothing has gone wrong yet, and no wait ends.
        return [Verdict(scene, error=error) for scene in scenes]
    return [Verdict.held(scene, error) for scene in scenes]


def _overdue(barrier_id: str, groups: Sequence[SyncGroup]) -> bool:
    """Whether somebody's time is up; not in a group whose call has not returned, before its next try."""
    return bool(_overdue_visits(barrier_id, [group.pk for group in groups if not has_not_returned(group, barrier_id)]))


@prepared
def _overdue_visits(barrier_id: str, groups: Any) -> Any:
    visits = ParticipantLinkBarrier.objects.at(barrier_id).filter(Among("sync_group", groups))
    return visits.overdue().order_by().values_list("pk")[:1]

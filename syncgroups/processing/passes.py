"""One pass over a barrier: lock, look, decide, act."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef

from .. import registry
from ..models import AbstractParticipant, ParticipantLinkBarrier, ParticipantLinkSyncGroup, all_participants
from ..prepared import prepared
from ..push import publish
from ..querysets import ACTIVE
from ..states import PassOutcome
from .acting import act
from .deciding import Verdict, decide
from .groups import process_groups
from .hints import first_waiting
from .joining import joinable_groups
from .locks import lock_groups, lock_participants, lock_record, until_settled
from .looking import look_at_pool, visits_left, what_is_left
from .results import PassResult, at_the_bottom, keep_in_mind, record_of, set_aside
from .units import Unit, claim

logger = logging.getLogger(__name__)

#: Of those who wait at a grouper, as many are looked at as may have come since the last pass, and not all of them.
NEWEST = 20


def process_barrier(
    barrier_id: str, cohort: str = "", group: int | None = None, *, skip_locked: bool = False
) -> PassResult:
    """Release whoever can go and end the waits whose time is up.

    At a group barrier that concerns one group, or every group that waits there. Idempotent; safe in any number
    of processes. Waits for the lock unless `skip_locked`. Leaves a barrier that is not declared here as it is: during
    a deploy others may declare it. When nobody does, the sweep ends its waits.
    """
    barrier = registry.find(barrier_id)
    if barrier is None:
        return PassResult(PassOutcome.IDLE)
    if not barrier.per_group:
        return process_pool(barrier, cohort, skip_locked=skip_locked)
    return process_groups(barrier, cohort, [group] if group else groups_at(barrier_id, cohort), skip_locked=skip_locked)


def groups_at(barrier_id: str, cohort: str) -> list[int]:
    """Primary keys of the groups of which somebody waits at the barrier, longest wait first."""
    return list(dict.fromkeys(_groups_at(barrier_id, cohort)))


@prepared
def _groups_at(barrier_id: str, cohort: str) -> Any:
    links = ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting().in_order_of_arrival()
    return links.filter(sync_group__isnull=False).values_list("sync_group", flat=True)


def process_pool(barrier: Any, cohort: str, *, skip_locked: bool = False) -> PassResult:
    """A pass over a barrier whose unit is the cohort: a grouper, or a rule of the site's own."""
    attempt = partial(_pass, barrier, cohort, skip_locked)
    try:
        record_of(barrier.id, cohort)
        return until_settled(attempt)
    except Exception as error:
        if busy := set_aside(error, Unit(barrier.id, cohort)):
            return busy
        logger.exception("The pass over barrier '%s' (cohort '%s') failed.", barrier.id, cohort)
        return until_settled(partial(attempt, error=at_the_bottom(error)))


def _pass(
    barrier: Any, cohort: str, skip_locked: bool, more: frozenset[int], *, error: Exception | None = None
) -> PassResult:
    unit = Unit(barrier.id, cohort)

    record = lock_record(barrier.id, cohort, skip_locked=skip_locked)
    if record is None:
        return PassResult(PassOutcome.BUSY)
    if record.paused:
        return PassResult(PassOutcome.PAUSED)
    # Calls for a barrier that is not declared here are left to workers that declare it, if any do.
    claimed = 0 if isinstance(barrier, registry.Undeclared) else claim(unit)
    if _nothing_due(barrier, cohort, claimed, record.error_count) and error is None:
        publish(first_waiting(barrier.id, cohort) if claimed else ())
        return PassResult(PassOutcome.IDLE)

    scene = look_at_pool(barrier, cohort, for_rule=error is None)
    joinable = joinable_groups(barrier, cohort, len(scene.here)) if barrier.join_existing_groups else []

    [verdict] = decide(barrier, [scene], joinable) if error is None else [Verdict.held(scene, error)]

    woken = act(barrier, cohort, [verdict], lock_groups({*more, *(group.pk for _, group in verdict.decision.joins)}))
    keep_in_mind(barrier, unit, record, verdict)
    return PassResult.of(verdict.error, woken)


def _nothing_due(barrier: Any, cohort: str, claimed: int, errors: int) -> bool:
    """Whether the look can be spared: nobody called, or too few wait for the rule to say yes; and no time is up.

    After errors it is not: those may have gone whom the rule could not decide about.
    """
    if claimed and (errors or _enough_wait(barrier, cohort) or _done_with(barrier.id, cohort, barrier.group_type)):
        return False
    return not _overdue(barrier.id, cohort, left=what_is_left(barrier))


def _enough_wait(barrier: Any, cohort: str) -> bool:
    minimum: int = barrier.minimum_waiting
    if minimum <= 1 or barrier.recheck_interval is not None:
        return True
    return bool(_one_more_than(barrier.id, cohort, n=minimum - 1))


@prepared
def _one_more_than(barrier_id: str, cohort: str, *, n: int) -> Any:
    return ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting().order_by().values_list("pk")[n : n + 1]


@prepared
def _done_with(barrier_id: str, cohort: str, group_type: str) -> Any:
    """One of those who have come last and have nothing to wait for: they ended, or came into a group, as they came."""
    gone = all_participants().exclude(ACTIVE).filter(pk=OuterRef("participant"))
    member = ParticipantLinkSyncGroup.objects.active().filter(
        participant=OuterRef("participant"), group_type=group_type
    )
    visits = ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting().order_by("-arrival_time", "-pk")
    newest = ParticipantLinkBarrier.objects.filter(pk__in=visits.values("pk")[:NEWEST]).order_by()
    return newest.filter(Exists(gone) | Exists(member)).values_list("pk")[:1]


@prepared
def _overdue(barrier_id: str, cohort: str, *, left: str | None) -> Any:
    overdue = ParticipantLinkBarrier.objects.at(barrier_id, cohort).overdue()
    return visits_left(overdue, left).order_by().values_list("pk")[:1]


def waiting_participants(barrier_id: str, cohort: str, *, for_update: bool = False) -> list[AbstractParticipant]:
    """Active participants who wait there, in order of arrival.

    With `for_update` their rows are locked, in order of primary key, until the caller's transaction ends.
    """
    links = ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting().by_active_participants()
    if for_update:
        lock_participants(set(links.values_list("participant", flat=True)))
    return [link.participant for link in links.in_order_of_arrival().select_related("participant")]

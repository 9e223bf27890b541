"""The question that everybody asks, and its answers."""

from __future__ import annotations

from .. import registry
from ..models import AbstractParticipant, BarrierRecord, SyncGroup
from .barriers import facts_of_barrier
from .facts import Explanation
from .groups import facts_of_group
from .looks import look_at
from .people import facts_of_person


def explain(
    barrier_id: str | None = None,
    cohort: str = "",
    *,
    group: SyncGroup | None = None,
    participant: AbstractParticipant | None = None,
) -> Explanation:
    """Why nobody moves: at a barrier in a cohort; with a group or a participant, why these do not.

    For them the barrier may be left out, and the cohort is their own. Takes no lock. The number of queries does not
    depend on how many wait. Raises `BarrierNotRegistered` for a barrier that is neither declared nor known to the
    database.
    """
    if barrier_id is not None:
        _require_known(barrier_id)
    if participant is not None:
        return explain_person(participant, barrier_id)
    if group is not None:
        return explain_group(group, barrier_id)
    if barrier_id is None:
        raise TypeError("explain() needs a barrier, a group or a participant.")
    look = look_at(cohort, barriers=[barrier_id])
    return Explanation(barrier_id, facts_of_barrier(look, barrier_id), look.now)


def explain_group(group: SyncGroup, barrier_id: str | None = None) -> Explanation:
    look = look_at(group.cohort, barriers=[], groups=[group.pk])
    return Explanation(str(group), facts_of_group(look, look.groups[group.pk], barrier_id), look.now)


def explain_person(participant: AbstractParticipant, barrier_id: str | None = None) -> Explanation:
    here = [barrier_id] if barrier_id else list(participant.active_barriers)
    groups = [group.pk for group in participant.active_sync_groups.values()]
    look = look_at(participant.cohort, barriers=here, groups=groups, people=[participant])
    return Explanation(str(participant), facts_of_person(look, participant, barrier_id), look.now)


def _require_known(barrier_id: str) -> None:
    if registry.find(barrier_id) is None and not BarrierRecord.objects.filter(barrier_id=barrier_id).exists():
        registry.get(barrier_id)

"""Promises that hold once a sweep has found nothing (more) to do: nobody is stuck."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from syncgroups import registry
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, SyncGroup, WakeUp, all_participants
from syncgroups.prepared import prepared
from syncgroups.processing.deciding import decide
from syncgroups.processing.joining import joinable_groups
from syncgroups.processing.looking import look_at_groups, look_at_pool


def nobody_is_silent_for_longer_than_is_stored() -> Iterator[str]:
    for person, presence in _unmissed():
        yield f"Participant {person} has been silent for too long to be {presence}."


@prepared
def _unmissed() -> Any:
    missed = Q(quiet_at__lte=Now()) | Q(gone_at__lte=Now())
    return all_participants().filter(missed).values_list("pk", "presence")


def nobody_waits_past_the_deadline_unless_paused() -> Iterator[str]:
    for visit, barrier in _forgotten():
        yield f"Visit {visit} still waits at '{barrier}' past its deadline."


@prepared
def _forgotten() -> Any:
    return _unpaused(ParticipantLinkBarrier.objects.overdue()).values_list("pk", "barrier_id")


def nobody_waits_whom_the_rule_would_let_go_and_whom_nothing_calls() -> Iterator[str]:
    """Asks the rules. Whoever could go has a wake-up, if only a later one, because the last try failed."""
    for barrier_id, cohort, group in set(_waiting_places()):
        calls = WakeUp.objects.at(barrier_id, cohort).filter(Q(sync_group=group) | Q(sync_group__isnull=True))
        if registry.find(barrier_id) is not None and not calls.exists() and _would_move(barrier_id, cohort, group):
            yield f"Somebody could go on from '{barrier_id}' (cohort '{cohort}', group {group}), and nothing calls."


@prepared
def _waiting_places() -> Any:
    return _unpaused(ParticipantLinkBarrier.objects.waiting()).values_list("barrier_id", "cohort", "sync_group")


def _would_move(barrier_id: str, cohort: str, group: int | None) -> bool:
    barrier = registry.get(barrier_id)
    if barrier.per_group:
        scenes = look_at_groups(barrier, SyncGroup.objects.filter(pk=group))
        joinable = []
    else:
        scenes = [look_at_pool(barrier, cohort)]
        joinable = joinable_groups(barrier, cohort, len(scenes[0].here)) if barrier.join_existing_groups else []
    return any(verdict.concerned for verdict in decide(barrier, scenes, joinable))


def _unpaused(visits: Any) -> Any:
    paused = BarrierRecord.objects.paused().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    return visits.filter(~Exists(paused)).order_by()

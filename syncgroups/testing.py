"""Help for tests of sites that use this app, and of the app itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db.models import F

from . import processing, registry
from .models import (
    AbstractParticipant,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    PresenceInterval,
    SyncGroup,
    WakeUp,
    all_participants,
    get_participant_model,
)
from .states import PassOutcome

#: How many passes `process` makes before it says that the rules never come to rest.
PASSES = 50


@contextmanager
def declared(*barriers: Any) -> Iterator[None]:
    """For the duration, exactly these barriers are registered."""
    with registry.only(*barriers):
        yield


def make_participants(n: int, **fields: Any) -> list[AbstractParticipant]:
    """So many new participants."""
    people = get_participant_model()._default_manager
    return [people.create(**fields) for _ in range(n)]


def arrive_all(participants: list[Any], barrier_id: str, **kwargs: Any) -> list[ParticipantLinkBarrier]:
    """Let these participants arrive one after the other."""
    barrier = registry.get(barrier_id)
    return [barrier.receive_participant(participant, **kwargs) for participant in participants]


def process(barrier_id: str, cohort: str = "") -> PassOutcome:
    """Do at once what a worker would do after a doorbell, with whatever follows from it."""
    result = processing.process_barrier(barrier_id, cohort)
    rerun = set(result.rerun)
    for _ in range(PASSES):
        if not rerun:
            return result.outcome
        rerun |= set(processing.process_barrier(*rerun.pop()).rerun)
    raise AssertionError(f"Barrier '{barrier_id}' does not come to rest: {rerun}.")


def sweep() -> None:
    """Do at once what the beat's sweeps would do, with whatever follows from it."""
    for _ in range(PASSES):
        result = processing.sweep()
        if not result.rerun:
            return
    raise AssertionError("The sweep does not come to rest.")


def let_time_pass(seconds: float) -> None:
    """Age everything that is stored by so many seconds: the database's clock is the one that counts."""
    by = timedelta(seconds=seconds)
    for rows, columns in (
        (ParticipantLinkBarrier.objects.all(), ["arrival_time", "deadline", "departure_time", "place_since"]),
        (ParticipantLinkSyncGroup.objects.all(), ["arrival_time", "departure_time"]),
        (SyncGroup.objects.all(), ["creation_time", "end_time"]),
        (WakeUp.objects.all(), ["due_at"]),
        (BarrierRecord.objects.all(), ["paused_at"]),
        (PresenceInterval.objects.all(), ["began_at", "ended_at"]),
        (all_participants(), ["last_seen_at", "quiet_at", "gone_at"]),
    ):
        rows.update(**{column: F(column) - by for column in columns})

"""Help for tests of sites that use this app, and of the app itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import DateTimeField, F

from . import processing, registry
from .models import AbstractParticipant, ParticipantLinkBarrier, all_participants, get_participant_model
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
    """Age every moment that this app has stored by so many seconds: the database's clock is the one that counts."""
    by = timedelta(seconds=seconds)
    models = [model for model in apps.get_app_config("syncgroups").get_models() if model is not get_participant_model()]
    rows_of: list[tuple[Any, Any]] = [(model, model._base_manager.all()) for model in models]
    for model, rows in (*rows_of, (AbstractParticipant, all_participants())):
        columns = [field.name for field in model._meta.local_concrete_fields if isinstance(field, DateTimeField)]
        rows.update(**{column: F(column) - by for column in columns})

"""Doorbells: the only file that speaks Celery. Every task may run twice, late, or not at all: the sweep catches up.

While a site is upgraded, messages come from older and newer code. Names, parameters and their order stay as they are,
and what newer code may say besides is ignored: which barrier to look at is all that a worker needs to know.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from celery import current_app, shared_task

from . import processing
from .processing import Unit
from .timing import timed

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def process_barrier(
    barrier_id: str, cohort: str = "", group: int | None = None, *_more: object, **_named: object
) -> None:
    """Process one barrier in one cohort; at a group barrier, one group. Waits for the lock."""
    try:
        with timed("pass", barrier_id):
            result = processing.process_barrier(barrier_id, cohort, group)
        ring(result.rerun)
    finally:
        processing.beat(processing.WORKER)


@shared_task(ignore_result=True)
def sweep(*_more: object, **_named: object) -> None:
    """Process everything that is due anywhere, skipping what others are at work on. For the beat, every second."""
    with timed("sweep"):
        result = processing.sweep()
    ring(result.rerun)


def ring(units: Iterable[Unit]) -> None:
    """Ask the workers to process these units. When no broker answers, the next sweep finds them."""
    for unit in units:
        try:
            process_barrier.apply_async(unit, retry=False)
        except Exception as error:
            # Whatever is wrong with the broker or its settings, the participant has arrived.
            logger.warning("No doorbell could be rung (%s): %s waits for the sweep.", error or repr(error), unit)
            return


def has_broker() -> bool:
    """Tell whether Celery knows a broker, or needs none. It knows neither while the site's own app is not loaded."""
    return bool(current_app.conf.broker_write_url or current_app.conf.task_always_eager)


def is_scheduled() -> bool:
    """Tell whether Celery's own beat calls the sweep."""
    # Asked first: that finalizes the app, and sites may add to the schedule once it is.
    name = sweep.name
    entries = list((current_app.conf.beat_schedule or {}).values())
    return any((entry.get("task") if isinstance(entry, dict) else entry.task) == name for entry in entries)

"""Doorbells: the only file that speaks Celery. Every task may run twice, late, or not at all: the sweep catches up.

While a site is upgraded, messages come from older and newer code. Names, parameters and their order stay as they are,
and what newer code may say besides is ignored: which barrier to look at is all that a worker needs to know.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from celery import shared_task

from . import processing
from .processing import Unit

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def process_barrier(
    barrier_id: str, cohort: str = "", group: int | None = None, *_more: object, **_named: object
) -> None:
    """Process one barrier in one cohort; at a group barrier, one group. Waits for the lock."""
    ring(processing.process_barrier(barrier_id, cohort, group).rerun)


@shared_task(ignore_result=True)
def sweep(*_more: object, **_named: object) -> None:
    """Process everything that is due anywhere, skipping what others are at work on. For the beat, every second."""
    ring(processing.sweep().rerun)


def ring(units: Iterable[Unit]) -> None:
    """Ask the workers to process these units. When no broker answers, the next sweep finds them."""
    for unit in units:
        try:
            process_barrier.apply_async(unit, retry=False)
        except Exception as error:
            # Whatever is wrong with the broker or its settings, the participant has arrived.
            logger.warning("No doorbell could be rung (%s): %s waits for the sweep.", error or repr(error), unit)
            return

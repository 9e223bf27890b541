"""Signs that the engine is at work, left every few seconds: an idle one leaves no other trace."""

from __future__ import annotations

import logging
from time import monotonic

from django.db.models.functions import Now

from ..models import Heartbeat

logger = logging.getLogger(__name__)

#: Seconds between two signs of a process.
BEAT = 5.0

#: Under which names signs are left: of sweeps, and of workers that answer doorbells.
SWEEP, WORKER = "sweep", "worker"

#: When this process has last left which sign.
_beaten_at: dict[str, float] = {}


def beat(part: str) -> None:
    """Leave a sign of a part, unless this process has just done so."""
    if monotonic() - _beaten_at.get(part, float("-inf")) < BEAT:
        return
    _beaten_at[part] = monotonic()
    try:
        if not Heartbeat.objects.filter(part=part).update(at=Now()):
            Heartbeat.objects.bulk_create([Heartbeat(part=part)], ignore_conflicts=True)
    except Exception:
        logger.exception("No sign could be left that the engine is at work.")

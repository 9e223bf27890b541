"""Signs of life: which of them are worth a statement, and how long a silence they allow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from . import processing, registry
from .conf import settings
from .models import AbstractParticipant
from .tasks import ring


def note_presence(participant: AbstractParticipant, *, hidden: bool = False, barriers: Iterable[str] = ()) -> None:
    """Store that there is a sign of life. Seldom a query, never a wait: see ``LAST_SEEN_INTERVAL``.

    Parameters
    ----------
    hidden
        Whether the page says that nobody sees it. Then it may be silent for longer.
    barriers
        Ids of the barriers where the participant waits, which may have thresholds of their own.
    """
    grace = settings.HIDDEN_GRACE if hidden else 0
    quiet_after, gone_after = (threshold + grace for threshold in _thresholds(barriers))
    if hidden == participant.page_hidden and _is_known_to_be_there(participant, quiet_after):
        return
    woken = processing.mark_seen(participant, hidden=hidden, quiet_after=quiet_after, gone_after=gone_after)
    transaction.on_commit(partial(ring, woken))


def _is_known_to_be_there(participant: AbstractParticipant, quiet_after: float) -> bool:
    """Whether a sign was stored a moment ago, and a silence of so many seconds from then on is nothing strange."""
    if not participant.is_present or participant.last_seen_at is None or participant.quiet_at is None:
        return False
    now, interval = timezone.now(), timedelta(seconds=settings.LAST_SEEN_INTERVAL)
    # Either way: a sign from the future says that this clock is not the database's, and proves nothing.
    lately = abs(now - participant.last_seen_at) <= interval
    return lately and participant.quiet_at >= now - interval + timedelta(seconds=quiet_after)


def _thresholds(barriers: Iterable[str]) -> tuple[float, float]:
    """Seconds of silence after which somebody who waits there is quiet, and gone."""
    declared = [barrier for barrier in map(registry.find, barriers) if barrier is not None]
    quiet_after = max(map(_quiet_after, declared), default=settings.QUIET_AFTER)
    gone_after = max(map(_gone_after, declared), default=settings.GONE_AFTER)
    return quiet_after, max(gone_after, quiet_after)


def _quiet_after(barrier: Any) -> float:
    """As declared, or as the settings say, and longer where its pages ask more seldom or leave people to themselves."""
    if barrier.quiet_after is not None:
        return float(barrier.quiet_after)
    return float(max(settings.QUIET_AFTER, barrier.longest_silence + settings.LAST_SEEN_INTERVAL))


def _gone_after(barrier: Any) -> float:
    if barrier.gone_after is not None:
        return float(barrier.gone_after)
    longer = _quiet_after(barrier) - settings.QUIET_AFTER
    return float(settings.GONE_AFTER + max(0.0, longer))

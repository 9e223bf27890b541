"""Code of the site that never returns, because it ends its process: as a sweep calls it, that is written down before.

What has been written down is wiped out by whatever comes of the call. If nothing does, it is found on the group
by the researcher, and by the next try, which comes after a pause as after any other error. Otherwise each sweep would
come to its end at that group, and never to those after it.
"""

from __future__ import annotations

import logging
from typing import Any

from ..models import SyncGroup
from .deciding import Verdict
from .results import told

logger = logging.getLogger(__name__)


class CallAhead(Exception):
    """Code of the site is about to be called, and that has not been written down."""


class CallUnreturned(Exception):
    """Code of the site is at work, or its process has come to an end in it."""

    def __init__(self, barrier_id: str) -> None:
        super().__init__(f"on_release of '{barrier_id}' was called and has not returned: it hangs, or ends its process")


def has_not_returned(group: SyncGroup, barrier_id: str) -> bool:
    """Whether a call has been written down for the group, and has come to nothing (yet)."""
    return group.last_error == told(CallUnreturned(barrier_id))


def with_care(barrier: Any, verdict: Verdict, *, wary: bool) -> Verdict:
    """The verdict, unless its call has not returned before and the time of those who wait is up: then their waits end.

    Raises `CallAhead` when it leads to a call, and one is `wary`.
    """
    group = verdict.scene.group
    if not barrier.on_release or group is None or not (group.active and verdict.decision.release):
        return verdict
    if has_not_returned(group, barrier.id) and verdict.scene.overdue():
        error = CallUnreturned(barrier.id)
        logger.error("Group %s at barrier '%s' is not tried again: %s", group.pk, barrier.id, error)
        return Verdict.held(verdict.scene, error)
    if wary:
        raise CallAhead
    return verdict

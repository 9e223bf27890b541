"""Whether everything that is promised of the database is true of it now. Reads only, in one query for each promise.

The engine changes from one good state to the next in one transaction, and what is read here is of one moment, so that
nothing is seen half done. What the site wrote past the engine is put right by the sweep bit by bit: such findings are
looked for again, and told only if they are still there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from ..conf import settings
from ..models import SyncGroup
from ..moments import one_moment
from . import clocks, groups, people, visits
from .promises import ALLOWANCE, NAMED, Finding, Promise

__all__ = ["ALLOWANCE", "NAMED", "PROMISES", "Finding", "Promise", "findings", "patience", "verify"]

PROMISES: list[Promise] = [*visits.PROMISES, *groups.PROMISES, *people.PROMISES, *clocks.PROMISES]

#: Seconds that are waited at most for the sweep to put right what it puts right by itself.
LONGEST = 60.0


def findings(cohort: str | None = None, *, allowance: timedelta = ALLOWANCE) -> list[Finding]:
    """Every row that is not as promised, as of one moment."""
    with one_moment():
        return [finding for promise in PROMISES for finding in promise.look(cohort, allowance)]


def verify(
    cohort: str | None = None,
    *,
    allowance: timedelta = ALLOWANCE,
    wait: float | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> list[Finding]:
    """As `findings`, but what the sweep puts right by itself only if it has not after `wait` seconds.

    Without `wait`, as long as it takes to recount all groups.
    """
    found = findings(cohort, allowance=allowance)
    if not any(finding.promise.mended for finding in found):
        return found
    sleep(patience() if wait is None else wait)
    still = {finding.identity: finding for finding in findings(cohort, allowance=allowance)}
    return [still.get(f.identity, f) for f in found if not f.promise.mended or f.identity in still]


def patience() -> float:
    """Seconds that sweeps, one a second, need to recount all groups; `LONGEST` at most."""
    return min(LONGEST, 5 + SyncGroup.objects.active().count() / settings.RECOUNT_LIMIT)

"""Where this app's time goes: how long the same verbs spend at what, each second counted once."""

from __future__ import annotations

import contextlib
import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from syncgroups import tasks
from syncgroups.prepared import reading, writing
from syncgroups.processing import groups, joining, passes

STATEMENTS, OBJECTS, ROWS = "statements: sent and answered", "rows into objects", "objects into rows"
RULE, DOORBELL, REST = "the rule", "the doorbell", "everything else"

#: What belongs to what; of calls within calls the innermost counts.
WATCHED: tuple[tuple[Any, str, str], ...] = (
    (CursorWrapper, "execute", STATEMENTS),
    (BaseDatabaseWrapper, "_commit", STATEMENTS),
    (BaseDatabaseWrapper, "_set_autocommit", STATEMENTS),
    (reading.Reading, "_ask", OBJECTS),
    (writing.Inserting, "execute", ROWS),
    (joining, "insert_all", ROWS),
    (groups, "decide", RULE),
    (passes, "decide", RULE),
    (tasks, "ring", DOORBELL),
)


class Profile:
    """A stopwatch for each kind of work, of which one runs at a time."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0

    @contextlib.contextmanager
    def of(self, kind: str) -> Iterator[None]:
        self._turn()
        self._running.append(kind)
        try:
            yield
        finally:
            self._turn()
            self._running.pop()

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def watched(self, function: Callable[..., Any], kind: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def watch(*arguments: Any, **options: Any) -> Any:
            if not self._running:
                return function(*arguments, **options)
            with self.of(kind):
                return function(*arguments, **options)

        return watch


@contextlib.contextmanager
def profiling() -> Iterator[Profile]:
    """Watch, as long as it lasts, what happens inside ``profile.of(REST)``."""
    profile = Profile()
    with contextlib.ExitStack() as stack:
        for owner, name, kind in WATCHED:
            original = getattr(owner, name)
            setattr(owner, name, profile.watched(original, kind))
            stack.callback(setattr, owner, name, original)
        yield profile

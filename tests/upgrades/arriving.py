"""A process in which people keep arriving, by the front door or as older code lets them in.

`main` prints `open` when each thread has let somebody in, `more` when each has done so again since a line was read,
and `failed: ...` when somebody was turned away. When its input ends it prints how it went, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from threading import Event, Lock, Thread
from typing import Any

from syncgroups import arrivals, processing, testing
from syncgroups.groupers import SimpleGrouper

from .older import Older

THREADS = 4
CROWD = SimpleGrouper("crowd", initial_group_size=2, max_wait_time=3600)


class Threads:
    """Each does the same again and again."""

    def __init__(self, act: Callable[[], Any], n: int) -> None:
        self._act, self._over, self._telling = act, Event(), Lock()
        self._done = [Event() for _ in range(n)]
        self.times, self.failures = 0, list[str]()
        self._threads = [Thread(target=self._go_on, args=[done]) for done in self._done]
        for thread in self._threads:
            thread.start()

    def until_each_has_done_so_anew(self) -> None:
        for _ in range(2):
            for done in self._done:
                done.clear()
            for done in self._done:
                done.wait()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, done: Event) -> None:
        while not self._over.is_set():
            try:
                self._act()
            except Exception as error:
                self._fail(repr(error))
            else:
                with self._telling:
                    self.times += 1
            done.set()

    def _fail(self, error: str) -> None:
        with self._telling:
            self.failures.append(error)
            print(f"failed: {error}", flush=True)


def come_by_the_front_door() -> None:
    arrivals.arrive(testing.make_participants(1)[0], CROWD.id)


def come_to_older_code(older: Older) -> None:
    older.arrive(older.participants(1)[0], CROWD.id)


def main(last: str | None) -> None:
    """`last` is the last migration that the code knows. Without it the code is the present one, and sweeps, too."""
    come = partial(come_to_older_code, Older(last)) if last else come_by_the_front_door
    with testing.declared(CROWD):
        people, sweeps = Threads(come, THREADS), Threads(processing.sweep, 0 if last else 1)
        people.until_each_has_done_so_anew()
        print("open", flush=True)
        for _ in sys.stdin:
            people.until_each_has_done_so_anew()
            print("more", flush=True)
        people.end()
        sweeps.end()
        if not last:
            testing.sweep()
    print(json.dumps({"arrived": people.times, "failures": people.failures + sweeps.failures}), flush=True)

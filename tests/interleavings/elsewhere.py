"""Two connections at once: a thread with a connection of its own, and a gate that stops it where the test wants it."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread, get_ident
from typing import Any

from django.db import connection, connections

#: Seconds after which a test says that something hangs. Never waited for when all is well.
PATIENCE = 60


class Elsewhere(Thread):
    """Calls a function in a thread of its own, on a connection of its own."""

    def __init__(self, act: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(daemon=True)
        self._act, self._args, self._kwargs = act, args, kwargs
        self._backend: int | None = None
        self._connected = Event()
        self._value: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self._backend = cursor.fetchone()[0]
            self._connected.set()
            self._value = self._act(*self._args, **self._kwargs)
        except BaseException as error:
            self._error = error
        finally:
            connections.close_all()

    def result(self) -> Any:
        """What the function returned; raises what it raised."""
        self.join(PATIENCE)
        assert not self.is_alive(), "it is held up by somebody"
        if self._error is not None:
            raise self._error
        return self._value

    def stands_at(self, gate: Gate) -> bool:
        """Whether the thread comes to the gate; it may end, or wait for a lock, instead."""
        assert self._connected.wait(PATIENCE)
        while not gate.reached:
            if not self.is_alive() or self._waits_for_a_lock():
                return gate.reached
            time.sleep(0.005)
        return True

    def until_held(self) -> Elsewhere:
        """Return once the thread waits for a lock that somebody else has."""
        assert self._connected.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while not self._waits_for_a_lock():
            assert self.is_alive(), f"it went through without waiting for a lock (error: {self._error!r})"
            assert time.monotonic() < deadline, "it never came to wait for a lock"
            time.sleep(0.005)
        return self

    def _waits_for_a_lock(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [self._backend])
            return bool(cursor.fetchone()[0])


class Gate:
    """Stops the first thread that comes by, until it is opened; later ones pass. The test's own thread passes, too."""

    def __init__(self) -> None:
        self._reached, self._opened = Event(), Event()
        self._owner = get_ident()
        self.passed = 0

    def pass_by(self) -> None:
        self.passed += 1
        if get_ident() == self._owner or self._reached.is_set():
            return
        self._reached.set()
        assert self._opened.wait(PATIENCE), "nobody opened the gate"

    @property
    def reached(self) -> bool:
        return self._reached.is_set()

    def until_reached(self) -> None:
        """Return once a thread stands at the gate."""
        assert self._reached.wait(PATIENCE), "nobody came to the gate"

    def open(self) -> None:
        self._opened.set()

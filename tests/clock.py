"""A clock for tests on SQLite, whose own has milliseconds only.

What a test does one after the other may happen within one of them, and then has no order: no person is so fast, but
tests are. Here, as on PostgreSQL, each statement has a moment of its own, and everything in it the same one.
"""

import time
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import Any

from django.db.backends.signals import connection_created

#: The moment of a connection's latest statement: the name of an attribute.
MOMENT = "syncgroups_test_moment"


class Clock:
    """Goes on by a microsecond or more whenever it is looked at."""

    def __init__(self) -> None:
        self.latest = 0
        self.lock = Lock()

    def __call__(self) -> str:
        with self.lock:
            self.latest = max(self.latest + 1, time.time_ns() // 1000)
            seconds, rest = divmod(self.latest, 1_000_000)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:06d}"


clock = Clock()


def install() -> None:
    """Put this clock in the place of SQLite's, on connections that are opened from now on."""
    connection_created.connect(set_up, dispatch_uid=MOMENT)


def set_up(connection: Any, **kwargs: Any) -> None:
    if connection.vendor != "sqlite":
        return
    if look not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, look)
    # SQLite's own function goes by another number of arguments; Django asks it for nothing but the moment.
    connection.connection.create_function("STRFTIME", 2, partial(read, connection), deterministic=True)


def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Give the statement its moment."""
    setattr(context["connection"], MOMENT, clock())
    return execute(sql, params, many, context)


def read(connection: Any, form: str, moment: str) -> Any:
    if (form, moment) != ("%Y-%m-%d %H:%M:%f", "NOW"):
        raise ValueError(f"The tests' clock does not know STRFTIME({form!r}, {moment!r}).")
    return getattr(connection, MOMENT)

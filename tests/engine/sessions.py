"""Connections and the sessions behind them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

from tests.engine.scenes import counted


@contextmanager
def second_connection(alias: str = "second") -> Iterator[Any]:
    """Another alias of the same database, with a connection of its own."""
    connections[alias] = connection.copy(alias)
    try:
        connections[alias].ensure_connection()
        yield connections[alias]
    finally:
        connections[alias].close()
        del connections[alias]


class Pooler:
    """Stands before several sessions as a transaction pooler does: nobody knows which of them comes next."""

    def __init__(self, *sessions: Any) -> None:
        self.sessions, self.random = sessions, random.Random(4)

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        return self.random.choice(self.sessions).cursor(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sessions[0], name)


def in_threads(*acts: Callable[[], Any]) -> list[Any]:
    """What these acts return, all of them carried out at once, on connections of their own."""

    def act_and_close(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act_and_close, acts))


def verbs(act: Callable[..., Any], *args: Any, **kwargs: Any) -> list[str]:
    """The first words of the statements that an act takes."""
    with counted() as queries:
        act(*args, **kwargs)
    return [query["sql"].split()[0] for query in queries]


def kept_by(session: Any) -> set[str]:
    """The names of the statements that the session of this connection keeps."""
    with session.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'syncgroups%'")
        return {name for (name,) in cursor.fetchall()}

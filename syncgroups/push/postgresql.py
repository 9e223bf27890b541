"""Hints by ``LISTEN`` and ``NOTIFY`` of the site's own PostgreSQL, through whichever driver the site has chosen."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from selectors import EVENT_READ, DefaultSelector
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from . import notifiers

#: One statement however many messages. That it was said may be lost in a crash: no commit has to wait for the disk.
NOTIFY = (
    "SELECT pg_notify(%s, message), set_config('synchronous_commit', 'off', true) FROM unnest(%s::text[]) AS message"
)

#: A server that has vanished without a word is noticed within a minute; on a socket of the same machine at once.
ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


class Notifier(notifiers.Notifier):
    """Needs nothing besides the database. Not behind a pooler that gives each transaction another session.

    It is sent after commit and not within the transaction: PostgreSQL lets transactions that notify commit one at a
    time.
    """

    def publish(self, messages: Sequence[str]) -> None:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(NOTIFY, [self.channel, list(messages)])

    def listen(self) -> Generator[list[str], None, None]:
        with closing(_connection_of_its_own()) as connection, DefaultSelector() as selector:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {self.channel}")
            raw = connection.connection
            selector.register(raw, EVENT_READ)
            yield []
            while True:
                # What came along with another answer is not announced by the socket.
                heard = _heard(raw)
                if not heard and selector.select(self.breath):
                    heard = _heard(raw)
                yield heard

    def problems(self) -> Iterator[tuple[str, str]]:
        vendor = connections[DEFAULT_DB_ALIAS].vendor
        if vendor != "postgresql":
            hint = "Use syncgroups.push.redis.Notifier, or leave it empty: pages poll then."
            yield f"needs PostgreSQL, and the default database is {vendor}", hint


def _connection_of_its_own() -> Any:
    """A connection as the site's settings ask for, which is none of those that serve requests, and from no pool."""
    connection: Any = connections[DEFAULT_DB_ALIAS].copy()
    options = {**ALIVE, **connection.settings_dict["OPTIONS"]}
    options.pop("pool", None)
    connection.settings_dict["OPTIONS"] = options
    return connection


def _heard(raw: Any) -> list[str]:
    """What has arrived by now. Raises when the connection is lost."""
    if hasattr(raw, "pgconn"):  # psycopg 3
        raw.pgconn.consume_input()
        return [note.extra.decode() for note in iter(raw.pgconn.notifies, None)]
    raw.poll()
    heard = [note.payload for note in raw.notifies]
    raw.notifies.clear()
    return heard

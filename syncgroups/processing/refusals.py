"""What it means when the database, or code of the site, does not go on: start over, come back later, or tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError

from ..exceptions import DatabaseBusy

#: Serialisation failure, deadlock: the same transaction may succeed when it is begun anew.
START_OVER = {"40001", "40P01"}

#: Lock not available, query cancelled: ``lock_timeout`` or ``statement_timeout`` is over. On SQLite, ``timeout``.
TOO_SLOW = {"55P03", "57014", "SQLITE_BUSY"}


class CallFailed(Exception):
    """Code of the site has raised, and its transaction cannot be stored; what it has raised is the cause."""


def may_start_over(error: Exception) -> bool:
    """Whether the database has ended a transaction that is to be begun anew."""
    return isinstance(error, OperationalError) and _code(error) in START_OVER


@contextmanager
def in_time() -> Iterator[None]:
    """Raise `DatabaseBusy` when the database gives up waiting, or working, because of a limit that the site has set."""
    try:
        yield
    except OperationalError as error:
        if _code(error) not in TOO_SLOW:
            raise
        raise DatabaseBusy("The database is busy. Nothing was changed: try again in a moment.") from error


def _code(error: OperationalError) -> str | None:
    """What the server calls the error, as psycopg 3, psycopg2 and sqlite3 tell it."""
    told = (getattr(error.__cause__, name, None) for name in ("sqlstate", "pgcode", "sqlite_errorname"))
    return next(filter(None, told), None)

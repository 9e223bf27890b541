"""Reading of one moment, however many statements that takes and whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils.module_loading import import_string


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything that is read inside is as it was at the first look. Takes no lock, and holds nobody up.

    Inside of a transaction of the caller's, that one decides what is seen: its isolation cannot be changed any more.
    """
    connection = transaction.get_connection()
    if connection.in_atomic_block:
        yield
        return
    with _undisturbed(connection), transaction.atomic():
        yield


@contextmanager
def _undisturbed(connection: Any) -> Iterator[None]:
    """Transactions that begin inside see what was there when they began, and no more.

    On SQLite that is so anyhow, but one that is to read only must not begin as a writer, as the site may have asked
    for: everybody would wait for it.
    """
    # What is set before there is one is lost as it is made.
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        # Both drivers know the attribute, which counts from the next transaction on.
        level = import_string("django.db.backends.postgresql.psycopg_any.IsolationLevel").REPEATABLE_READ
        yield from _set_meanwhile(connection.connection, "isolation_level", level)
    elif connection.vendor == "sqlite":
        yield from _set_meanwhile(connection, "transaction_mode", None)
    else:
        yield


def _set_meanwhile(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if not getattr(owner, "closed", False):
            setattr(owner, name, before)

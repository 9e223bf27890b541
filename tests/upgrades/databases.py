"""Databases of a test's own, beside the one of the test run, and connections to them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, connections


@contextmanager
def own_database(folder: Path, *, like: str = "", alias: str = "own") -> Iterator[Any]:
    """A connection to a new database, which is dropped afterwards: an empty one, or a copy of the one named."""
    name = _create(folder, like)
    own = connection.copy(alias)
    own.settings_dict["NAME"] = name
    connections[alias] = own
    try:
        yield own
    finally:
        own.close()
        del connections[alias]
        drop(name)


def _create(folder: Path, like: str) -> str:
    if connection.vendor == "sqlite":
        return str(folder / f"{uuid.uuid4().hex}.sqlite3")
    name = f"syncgroups_upgrade_{uuid.uuid4().hex[:12]}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{like}"' if like else ""))
    return name


def drop(name: str) -> None:
    if connection.vendor == "postgresql":
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def address(own: Any) -> str:
    """The address of a connection's PostgreSQL database, for another process to open."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{own.settings_dict['NAME']}").geturl()

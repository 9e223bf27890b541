"""Databases for upgrades."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from .databases import own_database
from .migrating import migrate, models_at, names
from .rows import a_row_of_each


@pytest.fixture
def own(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """A connection to an empty database, of the kind that the test run uses."""
    with django_db_blocker.unblock(), own_database(tmp_path) as connection:
        yield connection


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """A connection to a database in which the last migration has been applied and each table has a row.

    Shared by a module's tests: they leave it as it was.
    """
    with django_db_blocker.unblock(), own_database(tmp_path_factory.mktemp("site"), alias="site") as connection:
        migrate(connection, names()[-1])
        a_row_of_each(models_at(names()[-1]), connection.alias)
        yield connection

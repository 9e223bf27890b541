"""The app's migrations, those that are there and those made up for a test, and how to come from one to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import migrations, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

APP = "syncgroups"
FIRST = "0001_initial"


def made_up(*operations: Operation, name: str = "9999_made_up", atomic: bool = True) -> Migration:
    """A migration of the app as a later release might bring it. Give it to `Loader` and what takes `further` ones."""
    kind = type("Migration", (migrations.Migration,), {"operations": list(operations), "atomic": atomic})
    migration: Migration = kind(name, APP)
    return migration


class Loader(MigrationLoader):
    """Knows further migrations, each of which follows on the one before it, and the first on the app's last one."""

    def __init__(self, connection: Any, *further: Migration) -> None:
        self._further = further
        super().__init__(connection)

    def load_disk(self) -> None:
        super().load_disk()
        for migration in self._further:
            last = max(name for app, name in self.disk_migrations if app == APP)
            migration.dependencies = [(APP, last)]
            self.disk_migrations[APP, migration.name] = migration


def names(*further: Migration) -> list[str]:
    """The app's migrations in the order in which they are applied."""
    graph = Loader(None, *further).graph
    (leaf,) = graph.leaf_nodes(APP)
    return [name for app, name in graph.forwards_plan(leaf) if app == APP]


def later(*further: Migration) -> list[str]:
    """Those of them that an upgrade applies."""
    return [name for name in names(*further) if name != FIRST]


def migration_of(name: str, *further: Migration) -> Migration:
    return Loader(None, *further).get_migration(APP, name)


def models_at(name: str, *further: Migration) -> Any:
    """The models as code knows them that was written when this was the last migration, by lower-case name."""
    return Loader(None, *further).project_state((APP, name)).apps


def migrate(connection: Any, name: str | None, *further: Migration) -> None:
    """Go forwards or backwards to this migration; None is before the first."""
    executor = MigrationExecutor(connection)
    executor.loader = Loader(connection, *further)
    executor.migrate([(APP, name)])


def statements(connection: Any, name: str, *further: Migration) -> Sequence[str]:
    """What `sqlmigrate` prints of a migration, without comments."""
    loader = Loader(connection, *further)
    lines = loader.collect_sql([(loader.get_migration(APP, name), False)])
    return [line for line in lines if not line.startswith("--")]


@contextmanager
def migrated(connection: Any, further: Migration) -> Iterator[None]:
    """For the duration, the database is one to which this migration has been applied, too."""
    if further.atomic:
        with transaction.atomic(using=connection.alias):
            migrate(connection, further.name, further)
            yield
            transaction.set_rollback(True, using=connection.alias)
    else:
        before = names()[-1]
        migrate(connection, further.name, further)
        yield
        migrate(connection, before, further)

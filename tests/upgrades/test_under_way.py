"""A site with 100,000 visits is upgraded while people keep arriving: nobody is turned away, no lock is held long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, migrations
from pytest_django import DjangoDbBlocker

from syncgroups.models import ParticipantLinkBarrier

from .arriving import CROWD
from .crowds import BARRIERS, PEOPLE, fill
from .databases import own_database
from .doors import Door, people_coming
from .made_up_migrations import A_RELEASE, GOOD, MONEY, TABLE, VISIT
from .migrating import FIRST, later, made_up, migrate, names
from .watching import watched

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a database with 100,000 visits, at the first migration."""
    with django_db_blocker.unblock(), own_database(tmp_path_factory.mktemp("template"), alias="template") as connection:
        fill(connection)
        connection.close()
        yield connection.settings_dict["NAME"]


@pytest.fixture
def used(template: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """A connection to a copy of it."""
    with django_db_blocker.unblock(), own_database(tmp_path, like=template) as connection:
        assert visits(connection).count() == PEOPLE * BARRIERS == 100_000
        yield connection


def visits(connection: Any) -> Any:
    return ParticipantLinkBarrier.objects.using(connection.alias)


def outcome(connection: Any, door: Door) -> dict[str, Any]:
    """What has become of those who came."""
    crowd = visits(connection).filter(barrier_id=CROWD.id)
    return {"failures": door.failures, "lost": door.arrived - crowd.count(), "waiting": crowd.waiting().count()}


def faults_of_each(connection: Any, to_come: list[str]) -> dict[str, list[str]]:
    """What is wrong with these migrations, by name, as they are applied one after the other."""
    faults: dict[str, list[str]] = {}
    for name in to_come:
        with watched(connection) as faults[name]:
            migrate(connection, name, *A_RELEASE)
    return faults


def test_nobody_is_turned_away_at_the_front_door_and_everybody_is_grouped_while_a_release_to_come_migrates(used):
    migrate(used, names()[-1])
    to_come = [migration.name for migration in A_RELEASE]
    with people_coming(used) as door:
        faults = faults_of_each(used, to_come)
    assert faults == {name: [] for name in to_come}
    assert outcome(used, door) == {"failures": [], "lost": 0, "waiting": door.arrived % 2}
    assert door.arrived > 0


def test_older_code_turns_nobody_away_while_every_migration_since_the_first_is_applied(used):
    with people_coming(used, last=FIRST) as door:
        faults = faults_of_each(used, later(*A_RELEASE))
    assert faults == {name: [] for name in later(*A_RELEASE)}
    assert outcome(used, door) == {"failures": [], "lost": 0, "waiting": door.arrived}
    assert door.arrived > 0


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        pytest.param(migrations.AlterField(VISIT, "time_credit", MONEY), "keeps others out", id="a table is rewritten"),
        pytest.param(migrations.RunSQL(f"UPDATE {TABLE} SET reason = 'x'"), "100000 rows", id="all rows are changed"),
    ],
)
def test_a_migration_that_takes_the_longer_the_more_visits_there_are_is_noticed(used, operation, words):
    with watched(used) as faults:
        migrate(used, "9999_made_up", made_up(operation))
    assert words in " ".join(faults)


def test_a_lock_that_is_held_long_is_noticed_by_those_who_come(used):
    migrate(used, names()[-1])
    with people_coming(used, lock_timeout="200ms") as door:
        until_somebody_fails = migrations.RunPython(lambda apps, editor: door.hear("failed"))
        migrate(used, "9999_made_up", made_up(*GOOD["column with a constant"].operations, until_somebody_fails))
    assert all("DatabaseBusy" in failure or "lock timeout" in failure for failure in door.failures)
    assert door.failures


def test_a_migration_that_has_to_wait_gives_up_and_is_repeated(own):
    """As the README says: what waits for a lock holds up everybody behind it, so it waits for a moment only."""
    column = GOOD["column with a constant"]
    migrate(own, names()[-1])
    with own.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    with busy(own):
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate(own, column.name, column)
        assert "made_up_note" not in columns(own)
    migrate(own, column.name, column)
    assert "made_up_note" in columns(own)


@contextmanager
def busy(connection: Any) -> Iterator[None]:
    """Meanwhile a pass has written to the visits, and is not done yet."""
    other = connection.copy("other")
    try:
        with other.cursor() as cursor:
            cursor.execute(f"BEGIN; LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")
            yield
    finally:
        other.close()


def columns(connection: Any) -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, TABLE)}

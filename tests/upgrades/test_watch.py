"""What the lint expects of statements, PostgreSQL confirms: good migrations touch no row while they keep others out."""

from __future__ import annotations

import pytest

from .made_up_migrations import GOOD, HIDDEN, HOLDING_UP
from .migrating import FIRST, later, migrate, migrated, models_at
from .rows import a_row_of_each
from .watching import watched

pytestmark = pytest.mark.postgresql


def test_no_migration_after_the_first_touches_a_row_while_it_keeps_others_out(own):
    migrate(own, FIRST)
    a_row_of_each(models_at(FIRST), own.alias)
    for name in later():
        with watched(own) as faults:
            migrate(own, name)
        assert faults == [], name


@pytest.mark.parametrize("migration", [pytest.param(migration, id=name) for name, migration in GOOD.items()])
def test_good_ones_touch_no_row_while_they_keep_others_out(site, migration):
    with watched(site) as faults, migrated(site, migration):
        pass
    assert faults == []


@pytest.mark.parametrize(
    "migration",
    [
        *[pytest.param(migration, id=name) for name, (migration, _) in HOLDING_UP.items()],
        *[pytest.param(migration, id=name) for name, migration in HIDDEN.items()],
    ],
)
def test_those_that_hold_others_up_are_noticed(site, migration):
    with watched(site) as faults, migrated(site, migration):
        pass
    assert faults != []

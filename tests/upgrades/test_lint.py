"""No migration after the first holds up a site that runs, or breaks the code of the release before."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.migrations import Migration

from .linting import FAULTS, faults
from .made_up_migrations import BAD, GOOD
from .migrating import later, migration_of, statements

pytestmark = pytest.mark.postgresql


def faults_of(site: Any, name: str, *further: Migration) -> list[str]:
    return faults(statements(site, name, *further), atomic=migration_of(name, *further).atomic)


def test_no_migration_after_the_first_holds_up_a_site_that_runs_or_breaks_older_code(site):
    assert {name: found for name in later() if (found := faults_of(site, name))} == {}


@pytest.mark.parametrize("migration", [pytest.param(migration, id=name) for name, migration in GOOD.items()])
def test_nothing_is_wrong_with_a_good_one(site, migration):
    assert faults_of(site, migration.name, migration) == []


@pytest.mark.parametrize(("migration", "words"), [pytest.param(*bad, id=name) for name, bad in BAD.items()])
def test_what_is_wrong_with_a_bad_one_is_said(site, migration, words):
    assert words in " ".join(faults_of(site, migration.name, migration))


def test_there_is_an_example_of_each_fault(site):
    said = " ".join(fault for migration, _ in BAD.values() for fault in faults_of(site, migration.name, migration))
    assert [sentence for sentence in FAULTS.values() if sentence not in said] == []


def test_a_constraint_is_validated_where_nothing_is_locked():
    validating = 'ALTER TABLE "t" VALIDATE CONSTRAINT "c"'
    assert faults([validating]) == []
    assert faults(['ALTER TABLE "u" ADD COLUMN "a" integer NULL', validating]) != []
    assert faults(['ALTER TABLE "u" ADD COLUMN "a" integer NULL', validating], atomic=False) == []

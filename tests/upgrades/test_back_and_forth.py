"""Every migration can be taken back, and what was stored before it came is there when it has gone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.db import migrations
from django.db.migrations import Migration
from django.db.migrations.exceptions import IrreversibleError

from .made_up_migrations import A_RELEASE
from .migrating import APP, made_up, migrate, models_at, names
from .rows import a_row_of_each, contents


def go_back_and_forth(own: Any, *further: Migration) -> list[str]:
    """All the way up, down and up again, with rows in every table; each step twice. Returns those that lost a row."""
    known = names(*further)
    migrate(own, known[-1], *further)
    a_row_of_each(models_at(known[-1], *further), own.alias)
    before = contents(own.alias)
    assert all(before.values())
    lost = []
    for lower, upper in reversed(list(pairwise(known))):
        for name in (lower, upper, lower):
            migrate(own, name, *further)
            if contents(own.alias) != before:
                lost.append(f"{upper} to {name}")
    migrate(own, known[-1], *further)
    migrate(own, None, *further)
    assert tables(own) == set()
    migrate(own, known[-1], *further)
    return lost


def tables(own: Any) -> set[str]:
    return {name for name in own.introspection.table_names() if name.startswith(f"{APP}_")}


def test_every_migration_goes_back_and_forth_and_keeps_what_is_stored(own):
    assert go_back_and_forth(own) == []


def test_columns_and_tables_that_come_and_go_keep_what_is_stored(own):
    assert go_back_and_forth(own, *A_RELEASE) == []


def test_a_migration_that_cannot_be_taken_back_is_noticed(own):
    with pytest.raises(IrreversibleError):
        go_back_and_forth(own, made_up(migrations.RunSQL("SELECT 1")))


def clear(apps: Any, editor: Any) -> None:
    apps.get_model(APP, "WakeUp").objects.using(editor.connection.alias).all().delete()


def test_a_migration_that_loses_what_is_stored_is_noticed(own):
    (first, *_) = go_back_and_forth(own, made_up(migrations.RunPython(clear, migrations.RunPython.noop)))
    assert first == "9999_made_up to 9999_made_up"


def test_a_migration_that_loses_what_is_stored_as_it_is_taken_back_is_noticed(own):
    (first, *_) = go_back_and_forth(own, made_up(migrations.RunPython(migrations.RunPython.noop, clear)))
    assert first == f"9999_made_up to {names()[-1]}"

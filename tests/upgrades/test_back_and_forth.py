"""Every migration can be taken back, and what was stored before it came is there when it has gone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.db import migrations
from django.db.migrations import Migration
from django.db.migrations.exceptions import IrreversibleError
from django.db.models.functions import Now

from syncgroups.states import LinkState

from .made_up_migrations import A_RELEASE
from .migrating import APP, FIRST, made_up, migrate, models_at, names
from .rows import a_row_of_each, contents


def go_back_and_forth(own: Any, *further: Migration) -> list[str]:
    """Up, each step down twice, and up again, with rows in every table. Returns the steps that lost a row.

    With further migrations the steps are theirs, else those of all that there are.
    """
    known = names(*further)
    steps = pairwise(known[-1 - len(further) :] if further else known)
    migrate(own, known[-1], *further)
    a_row_of_each(models_at(known[-1], *further), own.alias)
    before = contents(own.alias)
    assert all(before.values())
    lost = []
    for lower, upper in reversed(list(steps)):
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


def test_visits_in_states_that_came_later_are_kept_on_the_way_back(own):
    """Catches: a check that older code knows, and that rows of newer code do not pass."""
    migrate(own, names()[-1])
    last = models_at(names()[-1])
    a_row_of_each(last, own.alias)
    visits = last.get_model(APP, "ParticipantLinkBarrier")._base_manager.using(own.alias)
    known = {state for state, _ in models_at(FIRST).get_model(APP, "ParticipantLinkBarrier").state.field.choices}
    for state in [LinkState.RELEASED, *(set(LinkState.values) - known)]:
        visits.update(state=state, departure_time=Now())
        migrate(own, FIRST)
        (seen,) = contents(own.alias)["syncgroups_participantlinkbarrier"]
        assert seen["state"] in known
        assert (seen["state"] == state) == (state in known)
        migrate(own, names()[-1])


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

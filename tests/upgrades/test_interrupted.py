"""A migration that was interrupted, e.g. since it would have had to wait for a lock, is repeated: up, and down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, pairwise
from typing import Any

import pytest
from django.db import migrations, models
from django.db.transaction import TransactionManagementError

from .made_up_migrations import INDEX, VISIT
from .migrating import APP, made_up, migrate, migration_of, names
from .rows import schema

#: How statements begin that change something.
CHANGES = ("ALTER", "CREATE", "DROP", "UPDATE", "DELETE", "INSERT")


class Interrupted(Exception):
    pass


@contextmanager
def interrupted(own: Any, after: int) -> Iterator[list[Any]]:
    """Meanwhile no statement is executed that would change tables after so many others have. Gives those refused."""
    refused: list[Any] = []
    remaining = iter(range(after))

    def execute(call: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if APP in str(sql) and str(sql).startswith(CHANGES) and next(remaining, None) is None:
            refused.append(sql)
            raise Interrupted(sql)
        return call(sql, params, many, context)

    with own.execute_wrapper(execute):
        try:
            yield refused
        except (Interrupted, TransactionManagementError):
            # As the end of the process would: what its transaction has done is gone.
            own.close()
            own.connect()


def go(own: Any, name: str, *further: Any) -> int:
    """Get there, interrupted after each statement once; return how often that was."""
    for times in count():
        with interrupted(own, after=times) as refused:
            migrate(own, name, *further)
        if not refused:
            return times
    raise AssertionError


def test_every_migration_of_several_transactions_is_repeated_wherever_it_was_interrupted(own):
    """Those of one transaction are undone by the database."""
    for lower, upper in pairwise(names()):
        migrate(own, lower)
        if migration_of(upper).atomic:
            continue
        before = schema(own)
        assert go(own, upper) > 0
        reached = schema(own)
        go(own, lower)
        assert schema(own) == before
        migrate(own, upper)
        assert schema(own) == reached


def test_a_migration_that_cannot_be_repeated_is_noticed(own):
    migrate(own, names()[-1])
    index = made_up(
        migrations.AddIndex(VISIT, INDEX),
        migrations.AddIndex(VISIT, models.Index(fields=["reason"], name="made_up_other")),
        atomic=False,
    )
    with pytest.raises(Exception, match="already exists"):
        go(own, index.name, index)

"""Sessions with settings of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from syncgroups.models import BarrierRecord, SyncGroup, get_participant_model


def within(limits: dict[str, str], act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function in a session with these settings of PostgreSQL, in a thread that ends with the call."""
    with connection.cursor() as cursor:
        for name, value in limits.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
    return act(*args, **kwargs)


def hold(model: Any, *pks: Any) -> None:
    """Lock rows, all of a table unless some are named, as strongly as can be, until the transaction ends."""
    rows = model._default_manager.select_for_update()
    list(rows.filter(pk__in=pks) if pks else rows.all())


def win_deadlocks() -> None:
    """From now on until its end, this transaction looks for deadlocks after everybody else has."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL deadlock_timeout = '60s'")


def hold_everything() -> None:
    for model in (BarrierRecord, SyncGroup, get_participant_model()):
        hold(model)


def fail_the_statement(code: str) -> None:
    """Let the server end the transaction with this SQLSTATE."""
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = '{code}'; END $$")


def in_outer_transaction(act: Callable[[], Any]) -> Any:
    with transaction.atomic():
        return act()

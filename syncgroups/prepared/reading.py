"""Statements that fetch rows."""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Sequence
from itertools import count
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError
from django.db.transaction import TransactionManagementError

from .slots import Slot, filled


class Reading:
    """A queryset that has been compiled. Each time it is asked twins of it and of its compiler do the work."""

    def __init__(self, queryset: Any, using: str) -> None:
        self.queryset = queryset.using(using)
        self.compiler = queryset.query.get_compiler(using=using)
        self.sql, self.parameters = _as_sql(self.compiler)
        self.locks = self.compiler.query.select_for_update
        # Not the connection of whoever happens to ask first.
        self.compiler.connection = None

    def execute(self, values: dict[str, Any], connection: Any) -> list[Any]:
        if not self.sql:
            return []
        if self.locks and connection.get_autocommit():
            raise TransactionManagementError("Rows can be locked inside a transaction only.")
        return self._ask(self.sql, filled(self.parameters, values, connection), connection)

    def _ask(self, sql: str, parameters: Sequence[Any], connection: Any) -> list[Any]:
        compiler, query, queryset = _twin(self.compiler), _twin(self.compiler.query), _twin(self.queryset)
        compiler.connection = connection
        compiler.as_sql = lambda *args, **kwargs: (sql, parameters)
        query.get_compiler = lambda *args, **kwargs: compiler
        queryset._query = query
        return list(queryset._iterable_class(queryset))


class Planned(Reading):
    """One that PostgreSQL is to plan once for each connection, because planning it takes longer than answering.

    That begins with the second time that a connection is asked: one that lives for a single request is spared it.
    Whatever goes wrong, e.g. since a connection pooler hands out another session each time, the statement is executed
    as it is, from then on; therefore only outside of transactions, which an error would end.
    """

    def __init__(self, queryset: Any, using: str) -> None:
        super().__init__(queryset, using)
        # The same statement has the same name in every process: behind a pooler they may meet. What is written out
        # is part of it.
        said = repr((self.sql, [Slot if isinstance(value, Slot) else value for value in self.parameters]))
        self.name = f"syncgroups_{hashlib.blake2b(said.encode(), digest_size=10).hexdigest()}"
        self.slots = [parameter for parameter in self.parameters if isinstance(parameter, Slot)]
        self.execution = f"EXECUTE {self.name} ({', '.join(['%s'] * len(self.slots))})"

    def execute(self, values: dict[str, Any], connection: Any) -> list[Any]:
        if connection.vendor != "postgresql" or not connection.get_autocommit() or self._is_new(connection):
            return super().execute(values, connection)
        try:
            return self._ask(self.execution, filled(self.slots, values, connection), connection)
        except DatabaseError:
            connection.syncgroups_planned[self.name] = -math.inf
            return super().execute(values, connection)

    def _is_new(self, connection: Any) -> bool:
        """Whether the session is asked for the first time. Later it knows the statement."""
        if getattr(connection, "syncgroups_session", None) is not connection.connection:
            connection.syncgroups_session, connection.syncgroups_planned = connection.connection, {}
        times: float = connection.syncgroups_planned.get(self.name, 0)
        connection.syncgroups_planned[self.name] = times + 1
        if times == 1:
            with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(self._preparation(connection))
        return times < 1

    def _preparation(self, connection: Any) -> str:
        """The statement with numbers in its slots and everything else written out."""
        numbers = (f"${number}" for number in count(1))
        quoted = (
            next(numbers) if isinstance(parameter, Slot) else connection.ops.compose_sql("%s", [parameter])
            for parameter in self.parameters
        )
        return f"PREPARE {self.name} AS {self.sql % tuple(quoted)}"


def _as_sql(compiler: Any) -> tuple[str, Sequence[Any]]:
    """The statement and its parameters; no statement where the ORM knows that there are no rows."""
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return "", ()
    return sql, parameters


def _twin(thing: Any) -> Any:
    """A shallow copy, without what a class does when it is copied."""
    twin = object.__new__(type(thing))
    twin.__dict__.update(thing.__dict__)
    return twin

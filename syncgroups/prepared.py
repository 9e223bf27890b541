"""Statements that are written once and executed often.

For the ORM to write a statement takes several times as long as for PostgreSQL to answer it. A function that is
`prepared` is called once, with slots in place of values; the statement that it returns is kept, and calling the
function from then on means to fill in the slots and to execute. It reads as any other use of the ORM:

    @prepared
    def open_visits(barrier_id: str, cohort: str) -> Any:
        return ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting()

    for link in open_visits("meet", ""):
        ...

The function may return a queryset (then the answer is a list of what it yields), or an update or a delete of a
`StatementQuerySet` (then it is the number of rows).

This is the only place that knows the ORM from within.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import datetime
from functools import partial, wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import BooleanField, Expression, F, Func
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import DeleteQuery, InsertQuery, UpdateQuery

Row = TypeVar("Row", bound=models.Model)

_writing: ContextVar[bool] = ContextVar("_writing", default=False)


class Slot(Expression):
    """The place of a value that is not known yet."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        #: The column with whose values it is compared, where that matters.
        self.column: Any = None

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "%s", [self]

    def filled(self, value: Any, connection: Any) -> Any:
        """The value as the database wants it."""
        if self.column is not None:
            keys = [self.column.get_db_prep_value(key, connection) for key in value]
            return keys if connection.vendor == "postgresql" else json.dumps(keys)
        if isinstance(value, UUID):
            return value if connection.features.has_native_uuid_field else value.hex
        if isinstance(value, datetime):
            return connection.ops.adapt_datetimefield_value(value)
        return value


class Given(Slot):
    """A list of values that is known."""

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__("")
        self.values = list(values)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "%s", [self.filled(self.values, connection)]


class Among(Func):
    """Whether a column is one of these values: as `__in`, but one statement serves lists of any length."""

    arity = 2
    output_field = BooleanField()
    template = "%(expressions)s))"
    arg_joiner = " IN (SELECT value FROM json_each("

    def __init__(self, name: str, values: Slot | Iterable[Any]) -> None:
        super().__init__(F(name), values if isinstance(values, Slot) else Given(values))

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        resolved: Any = super().resolve_expression(*args, **kwargs)
        column, slot = resolved.source_expressions
        slot.column = getattr(column.output_field, "target_field", column.output_field)
        return resolved

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(")


class StatementQuerySet(models.QuerySet[Row]):
    """In a prepared function its updates and deletes are written and not executed."""

    def update(self, **values: Any) -> int:
        if not _writing.get():
            return super().update(**values)
        query: Any = self.query.chain(UpdateQuery)
        query.add_update_values(values)
        query.annotations = {}
        return cast(int, query)

    def delete(self) -> tuple[int, dict[str, int]]:
        if not _writing.get():
            return super().delete()
        return cast(tuple[int, dict[str, int]], self.query.chain(DeleteQuery))


class Reading:
    """A queryset that has been compiled. Each time it is asked twins of it and of its compiler do the work."""

    def __init__(self, queryset: Any, using: str) -> None:
        self.queryset = queryset.using(using)
        self.compiler = queryset.query.get_compiler(using=using)
        self.sql, self.parameters = self.compiler.as_sql()

    def execute(self, values: dict[str, Any], connection: Any) -> list[Any]:
        compiler, query, queryset = _twin(self.compiler), _twin(self.compiler.query), _twin(self.queryset)
        compiler.connection = connection
        compiler.as_sql = lambda *args, **kwargs: (self.sql, _filled(self.parameters, values, connection))
        query.get_compiler = lambda *args, **kwargs: compiler
        queryset._query = query
        return list(queryset._iterable_class(queryset))


class Writing:
    """An update, a delete or an insert that has been compiled."""

    def __init__(self, query: Any, using: str) -> None:
        self.sql, self.parameters = query.get_compiler(using=using).as_sql()

    def execute(self, values: dict[str, Any], connection: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, _filled(self.parameters, values, connection))
            return cast(int, cursor.rowcount)


class Inserting:
    """The statement that stores an instance of a model with these fields."""

    def __init__(self, model: type[models.Model], using: str, *fields: Any) -> None:
        self.fields = fields
        query = InsertQuery(model)
        query.insert_values(fields, [model(**{field.attname: Slot(field.attname) for field in fields})])
        compiler = query.get_compiler(using=using)
        compiler.returning_fields = [model._meta.pk]
        ((self.sql, _),) = compiler.as_sql()

    def execute(self, instance: models.Model, connection: Any) -> None:
        values = [field.get_db_prep_save(getattr(instance, field.attname), connection) for field in self.fields]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, values)
            instance.pk = cursor.fetchone()[0]
        instance._state.adding, instance._state.db = False, connection.alias


_inserting: dict[Any, Inserting] = {}


def insert(instance: models.Model, using: str = DEFAULT_DB_ALIAS) -> None:
    """Store a new instance and give it its key. As `save`, but sends no signals, and reads no defaults back."""
    given = [field for field in instance._meta.concrete_fields if not _left_to_database(instance, field)]
    kind = (type(instance), using, *given)
    if kind not in _inserting:
        _inserting[kind] = Inserting(type(instance), using, *given)
    _inserting[kind].execute(instance, connections[using])


def _left_to_database(instance: models.Model, field: Any) -> bool:
    return field.primary_key or isinstance(getattr(instance, field.attname), DatabaseDefault)


def prepared(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let the ORM write once what the function returns. See the module.

    Positional arguments are values to be filled in; None is written out, because SQL has words of its own for it.
    Keyword-only arguments are part of the statement. One is kept for each combination of these. ``using`` names
    another database than the default one.
    """
    names = list(inspect.signature(function).parameters)
    kept: dict[Any, Any] = {}

    @wraps(function)
    def execute(*values: Any, using: str = DEFAULT_DB_ALIAS, **constants: Any) -> Any:
        shape = (using, *(value is None for value in values), *constants.items())
        if shape not in kept:
            slots = (None if value is None else Slot(name) for name, value in zip(names, values, strict=False))
            kept[shape] = _written(partial(function, *slots, **constants), using)
        return kept[shape].execute(dict(zip(names, values, strict=False)), connections[using])

    return execute


def _written(function: Callable[[], Any], using: str) -> Reading | Writing:
    token = _writing.set(True)
    try:
        statement = function()
    finally:
        _writing.reset(token)
    if isinstance(statement, models.QuerySet):
        return Reading(statement, using)
    return Writing(statement, using)


def _filled(parameters: Iterable[Any], values: dict[str, Any], connection: Any) -> tuple[Any, ...]:
    return tuple(
        parameter.filled(values[parameter.name], connection) if isinstance(parameter, Slot) else parameter
        for parameter in parameters
    )


def _twin(thing: Any) -> Any:
    """A shallow copy, without what a class does when it is copied."""
    twin = object.__new__(type(thing))
    twin.__dict__.update(thing.__dict__)
    return twin

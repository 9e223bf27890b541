"""Statements that change rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import DeleteQuery, InsertQuery, UpdateQuery

from .slots import Slot, filled

Row = TypeVar("Row", bound=models.Model)

_writing: ContextVar[bool] = ContextVar("_writing", default=False)


@contextmanager
def not_executing() -> Iterator[None]:
    """Inside, querysets write their updates and deletes and do not execute them."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


class StatementQuerySet(models.QuerySet[Row]):
    """In a prepared function its updates and deletes are written and not executed.

    Inside of a transaction it reads where that one writes: a replica knows nothing of it, and not yet of others.
    """

    _db: str | None

    @property
    def db(self) -> str:
        inside = self._db is None and connections[DEFAULT_DB_ALIAS].in_atomic_block
        return DEFAULT_DB_ALIAS if inside else super().db

    def update(self, **values: Any) -> int:
        if not _writing.get():
            return super().update(**values)
        self._require_whole()
        query: Any = self.query.chain(UpdateQuery)
        for name, value in values.items():
            if isinstance(value, Slot):
                value.of = self.model._meta.get_field(name)
        query.add_update_values(values)
        query.annotations = {}
        return cast(int, query)

    def delete(self) -> tuple[int, dict[str, int]]:
        if not _writing.get():
            return super().delete()
        self._require_whole()
        return cast(tuple[int, dict[str, int]], self.query.chain(DeleteQuery))

    def _require_whole(self) -> None:
        if self.query.is_sliced:
            raise TypeError("A part of a queryset cannot be updated or deleted.")

    # Managers offer it no more than Django's do.
    delete.queryset_only = True  # type: ignore[attr-defined]


class Writing:
    """An update, a delete or an insert that has been compiled."""

    def __init__(self, query: Any, using: str) -> None:
        self.sql, self.parameters = query.get_compiler(using=using).as_sql()

    def execute(self, values: dict[str, Any], connection: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, filled(self.parameters, values, connection))
            return cast(int, cursor.rowcount)


class Inserting:
    """The statement that stores an instance of a model with these fields."""

    def __init__(self, model: type[models.Model], using: str, *fields: Any) -> None:
        self.model, self.fields = model, fields
        query = InsertQuery(model)
        query.insert_values(fields, [model(**{field.attname: Slot(field.attname) for field in fields})])
        compiler = query.get_compiler(using=using)
        compiler.returning_fields = [model._meta.pk]
        ((self.sql, _),) = compiler.as_sql()

    def execute(self, instance: models.Model, connection: Any) -> None:
        values = [field.get_db_prep_save(getattr(instance, field.attname), connection) for field in self.fields]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, values)
            instance.pk = self._key(cursor, connection)
        instance._state.adding, instance._state.db = False, connection.alias

    def _key(self, cursor: Any, connection: Any) -> Any:
        # SQLite has learned to return columns with version 3.35.
        if connection.features.can_return_columns_from_insert:
            return cursor.fetchone()[0]
        return connection.ops.last_insert_id(cursor, self.model._meta.db_table, self.model._meta.pk.column)


_inserting: dict[Any, Inserting] = {}


def insert(instance: models.Model, using: str = DEFAULT_DB_ALIAS) -> None:
    """Store a new instance and give it its key. As `save`, but sends no signals, and reads no defaults back.

    The key is the database's to give.
    """
    fields = _given(instance)
    kind = (type(instance), using, *fields)
    if kind not in _inserting:
        _inserting[kind] = Inserting(type(instance), using, *fields)
    _inserting[kind].execute(instance, connections[using])


def insert_all(instances: Sequence[models.Model], using: str = DEFAULT_DB_ALIAS) -> None:
    """As `insert`, in one statement, for instances of one model of which the same fields are given.

    PostgreSQL gets each column as one array, or as one value where all instances share it. That takes half as long
    as ``bulk_create``, which prepares each value of each row.
    """
    if not instances:
        return
    connection = connections[using]
    if connection.vendor != "postgresql":
        rows: Any = StatementQuerySet(type(instances[0]), using=using)
        rows.bulk_create(instances)
        return
    # The first one is always an array, so that there are rows.
    first, *others = _given(instances[0])
    left = [field for field in instances[0]._meta.concrete_fields if field not in (first, *others)]
    if any(not _is_left(instance, field) for field in left for instance in instances):
        raise ValueError("The same fields have to be given of all instances.")
    columns = [Column.of(first, instances, connection, may_share=False)]
    columns += [Column.of(field, instances, connection) for field in others]
    with connection.cursor() as cursor:
        cursor.execute(*_insert_of_columns(instances[0]._meta, columns))
        keys = cursor.fetchall()
    for instance, (key,) in zip(instances, keys, strict=True):
        instance.pk = key
        instance._state.adding, instance._state.db = False, using


class Column(NamedTuple):
    """What goes into a column: one value for all rows, or a value for each."""

    name: str
    kind: str
    values: list[Any]
    shared: bool

    @classmethod
    def of(cls, field: Any, instances: Sequence[models.Model], connection: Any, *, may_share: bool = True) -> Column:
        values = [getattr(instance, field.attname) for instance in instances]
        shared = may_share and all(value is values[0] for value in values)
        stored = [field.get_db_prep_save(value, connection) for value in (values[:1] if shared else values)]
        # Without its length: a cast to "varchar(5)" shortens what is too long, and does not complain.
        return cls(f'"{field.column}"', field.db_type(connection).partition("(")[0], stored, shared)

    @property
    def source(self) -> str:
        return f"%s::{self.kind}" if self.shared else f"given.{self.name}"


def _insert_of_columns(meta: Any, columns: Sequence[Column]) -> tuple[str, list[Any]]:
    names, sources = ", ".join(column.name for column in columns), ", ".join(column.source for column in columns)
    differing = [column for column in columns if not column.shared]
    given = ", ".join(column.name for column in differing)
    arrays = ", ".join(f"%s::{column.kind}[]" for column in differing)
    # All names are the model's own.
    sql = (
        f'INSERT INTO "{meta.db_table}" ({names}) SELECT {sources} FROM UNNEST({arrays}) AS given({given})'  # noqa: S608
        f' RETURNING "{meta.pk.column}"'
    )
    return sql, [*(c.values[0] for c in columns if c.shared), *(column.values for column in differing)]


def _given(instance: models.Model) -> list[Any]:
    """Fields whose values are not left to the database."""
    return [field for field in instance._meta.concrete_fields if not _is_left(instance, field)]


def _is_left(instance: models.Model, field: Any) -> bool:
    return field.primary_key or isinstance(getattr(instance, field.attname), DatabaseDefault)

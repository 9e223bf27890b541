"""The places of values in a statement that is written before they are known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import BooleanField, Expression, F, Func
from django.utils.functional import Promise


class Slot(Expression):
    """The place of a value that is not known yet."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        #: The field by which the value is prepared, where one is known.
        self.of: Any = None
        #: Whether it is a list of such values.
        self.many = False

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "%s", [self]

    def filled(self, value: Any, connection: Any) -> Any:
        """The value as the database wants it."""
        if self.many:
            keys = self._keys(value, connection)
            return keys if connection.vendor == "postgresql" else json.dumps(keys, default=str)
        if self.of is not None:
            return self.of.get_db_prep_save(value, connection)
        if isinstance(value, Promise):
            return str(value)
        if isinstance(value, UUID):
            return value if connection.features.has_native_uuid_field else value.hex
        if isinstance(value, datetime):
            return connection.ops.adapt_datetimefield_value(value)
        return value

    def _keys(self, values: Iterable[Any], connection: Any) -> list[Any]:
        # Whole numbers are what they are; asking the field about a thousand of them takes its time.
        if isinstance(self.of, models.IntegerField) and type(self.of).__module__ == models.__name__ + ".fields":
            return list(values)
        return [self.of.get_db_prep_value(value, connection) for value in values]


class Given(Slot):
    """A list of values that is known."""

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__("")
        self.values = list(values)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "%s", [self.filled(self.values, connection)]


class Is(Func):
    """Whether a column has this value: as ``name=value``, but the column's field prepares what comes into the slot."""

    arity = 2
    output_field = BooleanField()
    template = "%(expressions)s"
    arg_joiner = " = "
    many = False

    def __init__(self, name: str, value: Any) -> None:
        super().__init__(F(name), value)

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        resolved: Any = super().resolve_expression(*args, **kwargs)
        column, slot = resolved.source_expressions
        slot.of, slot.many = getattr(column.output_field, "target_field", column.output_field), self.many
        return resolved


class Among(Is):
    """Whether a column has one of these values: as ``name__in=values``, but one statement serves lists of any length.

    Unlike ``__in`` it says nothing of rows without a value, also when it is excluded.
    """

    template = "%(expressions)s))"
    arg_joiner = " IN (SELECT value FROM json_each("
    many = True

    def __init__(self, name: str, values: Slot | Iterable[Any]) -> None:
        super().__init__(name, values if isinstance(values, Slot) else Given(values))

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(")


def filled(parameters: Iterable[Any], values: dict[str, Any], connection: Any) -> tuple[Any, ...]:
    return tuple(
        parameter.filled(values[parameter.name], connection) if isinstance(parameter, Slot) else parameter
        for parameter in parameters
    )

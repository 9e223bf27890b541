"""A row in every table of the app, whatever tables there are, and what is in them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from .migrating import APP, FIRST, models_at


def a_row_of_each(apps: Any, using: str) -> None:
    """Store a row of each of these models, those first to which others point."""
    stored: dict[Any, Any] = {}
    for model in stored_models(apps):
        _row_of(model, using, stored)


def stored_models(apps: Any) -> list[Any]:
    """The app's models that have a table of their own."""
    return [model for model in apps.get_models(include_auto_created=True) if _has_table(model)]


def _has_table(model: Any) -> bool:
    return model._meta.app_label == APP and not model._meta.proxy


def _row_of(model: Any, using: str, stored: dict[Any, Any]) -> Any:
    if model not in stored:
        stored[model] = None
        values = {field.attname: _value(field, using, stored) for field in model._meta.concrete_fields if _asks(field)}
        stored[model] = model._base_manager.using(using).create(**values)
    return stored[model]


def _asks(field: Any) -> bool:
    """Whether a value has to be given. Nullable keys are given one, too."""
    if field.primary_key:
        return not isinstance(field, models.AutoField)
    return not (field.has_default() or field.has_db_default()) and (
        field.remote_field is not None or not (field.null or (field.blank and field.empty_strings_allowed))
    )


def _value(field: Any, using: str, stored: dict[Any, Any]) -> Any:
    if field.remote_field is not None:
        row = _row_of(field.related_model, using, stored)
        return None if row is None else row.pk
    if field.choices:
        return field.choices[0][0]
    for kind, value in VALUES.items():
        if isinstance(field, kind):
            return value() if callable(value) else value
    raise LookupError(f"No value is known for {field}: add one to {__name__}.VALUES.")


VALUES: dict[type[models.Field[Any, Any]], Any] = {
    models.BooleanField: True,
    models.CharField: lambda: uuid.uuid4().hex[:10],
    models.TextField: "x",
    models.DateTimeField: timezone.now,
    models.DateField: lambda: timezone.now().date(),
    models.DurationField: timedelta,
    models.IntegerField: 1,
    models.FloatField: 1.0,
    models.JSONField: dict,
    models.UUIDField: uuid.uuid4,
}


def contents(using: str) -> dict[str, list[Any]]:
    """All rows of the tables and columns that there have been from the first migration on, whatever came later."""
    tables = stored_models(models_at(FIRST))
    return {model._meta.db_table: list(model._base_manager.using(using).order_by("pk").values()) for model in tables}


def schema(connection: Any) -> dict[str, Any]:
    """Columns, constraints and indexes of the app's tables, by table."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name.startswith(f"{APP}_")]
        return {
            table: (
                sorted(column[:7] for column in connection.introspection.get_table_description(cursor, table)),
                connection.introspection.get_constraints(cursor, table),
            )
            for table in tables
        }

"""Pages by cursor: stable while rows are added, and as cheap at the end as at the start."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, connections
from django.db.models import DateTimeField, Q, TextField, Value
from django.db.models.functions import Cast
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from .filters import MAX_PAGE_SIZE


class Pages(CursorPagination):
    """In the order of the query, whose last column is the primary key: a cursor says after which row to go on.

    DRF's own cursors know the first column only and count rows that are alike in it: up to a thousand, and wrongly once
    one of them has changed.
    """

    page_size: int = 100
    page_size_query_param = "page_size"
    page_size_query_description: Any = _("Rows of a page, by default 100.")
    max_page_size = MAX_PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """One page. Raises DRF's `NotFound` for a cursor that makes no sense."""
        self.base_url = request.build_absolute_uri()
        size, cursor = self.get_page_size(request) or self.page_size, self.decode_cursor(request)
        order = queryset.query.order_by
        queryset = queryset.annotate(**(texts := moments_as_texts(queryset)))
        back = bool(cursor and cursor.reverse)
        try:
            if cursor:
                queryset = queryset.filter(beyond(json.loads(str(cursor.position)), order, back, texts))
            found = list((queryset.reverse() if back else queryset)[: size + 1])
        except (ValueError, TypeError, OverflowError, RecursionError, ValidationError, DataError):
            raise NotFound(self.invalid_cursor_message) from None
        page = found[:size]
        more, come_from = len(found) > size, bool(cursor and page)
        if back:
            page.reverse()
        self.has_next, self.has_previous = (come_from, more) if back else (more, come_from)
        self.ends = [place(row, order) for row in page[:1] + page[-1:]]
        return page

    def get_next_link(self) -> str | None:
        return self.link(False, self.ends[1]) if self.has_next else None

    def get_previous_link(self) -> str | None:
        return self.link(True, self.ends[0]) if self.has_previous else None

    def link(self, back: bool, position: Any) -> str:
        return self.encode_cursor(Cursor(0, back, position))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        parameters[-1]["schema"] |= {"minimum": 1, "maximum": MAX_PAGE_SIZE}
        return parameters


def moments_as_texts(queryset: Any) -> dict[str, Cast]:
    """The moments by which rows are in order, where the database keeps them as texts: SQLite, which compares these.

    It writes fewer digits than Django does, and what is alike to us is then not alike to it.
    """
    if connections[queryset.db].vendor != "sqlite":
        return {}
    moments = {field.name for field in queryset.model._meta.concrete_fields if isinstance(field, DateTimeField)}
    named = {column.lstrip("-") for column in queryset.query.order_by}
    return {as_text(name): Cast(name, TextField()) for name in sorted(moments & named)}


def as_text(name: str) -> str:
    return f"{name}_as_text"


def place(row: Any, order: Sequence[str]) -> str:
    """Where the row is, by every column of the order."""
    names = [column.lstrip("-") for column in order]
    return json.dumps([str(vars(row).get(as_text(name)) or getattr(row, name)) for name in names])


def stored(moment: str) -> Value:
    """A moment as it is stored, and not as Django would write it. Raises `ValueError` for what is none."""
    parsed = parse_datetime(moment)
    if parsed is None or parsed.tzinfo is not None:
        raise ValueError(moment)
    return Value(moment)


def beyond(values: Any, order: Sequence[str], back: bool, texts: Collection[str] = ()) -> Q:
    """Rows after this place, or before it. Raises `ValueError` for what is no place in this order."""
    if not (isinstance(values, list) and all(isinstance(value, str) and "\0" not in value for value in values)):
        raise ValueError(values)
    names = [column.lstrip("-") for column in order]
    values = [stored(value) if as_text(name) in texts else value for name, value in zip(names, values, strict=True)]
    *first, (key, pk) = zip(order, values, strict=True)
    after = Q(**{_beyond(key, back): pk})
    for column, value in reversed(first):
        # What an index over the column finds, and then who of those that are alike comes later.
        name = column.lstrip("-")
        after = Q(**{f"{_beyond(column, back)}e": value}) & (~Q(**{name: value}) | after)
    return after


def _beyond(column: str, back: bool) -> str:
    return f"{column.lstrip('-')}__{'lt' if column.startswith('-') != back else 'gt'}"

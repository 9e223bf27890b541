"""Pages by cursor: stable while rows are added, and as cheap at the end as at the start."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import AutoField, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from .filters import MAX_PAGE_SIZE


class Pages(CursorPagination):
    """``order=newest`` (the default) or ``order=oldest``, ``page_size`` and ``cursor``."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        # Numbers are given in order of creation and have no ties, which timestamps do have.
        numbered = isinstance(queryset.model._meta.pk, AutoField)
        fields = ("pk",) if numbered else ("creation_time", "pk")
        return fields if request.query_params.get("order") == "oldest" else tuple(f"-{field}" for field in fields)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """One page. Raises DRF's `NotFound` for a cursor that makes no sense."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, OverflowError, ValidationError, DataError):
            raise NotFound(self.invalid_cursor_message) from None

"""Why is nobody moving? On the pages of barriers, groups and participants, for those who may watch."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.contrib.admin.options import BaseModelAdmin
from django.http import HttpRequest, HttpResponse

from ..explaining import Explanation
from .monitor import may_watch


class Explained(BaseModelAdmin):
    """For a `ModelAdmin`: its pages begin with what keeps the row."""

    @abstractmethod
    def explanation_of(self, row: Any) -> Explanation:
        """What keeps the row."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None and may_watch(request):
            context["explanation"] = self.explanation_of(row)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc,no-any-return]

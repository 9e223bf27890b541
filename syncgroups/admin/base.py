"""What the admin pages share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import get_permission_codename
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.text import Truncator

from ..explaining.times import duration as duration
from ..explaining.times import in_words as in_words
from ..explaining.times import moment as moment
from ..models import ParticipantLinkBarrier, get_participant_model
from .verbs import url_of


def may_change(request: HttpRequest, model: type[Model]) -> bool:
    """Whether the user has Django's permission to change rows of the model."""
    codename = get_permission_codename("change", model._meta)
    return request.user.has_perm(f"{model._meta.app_label}.{codename}")


def labels_of_verbs(page: admin.ModelAdmin, request: HttpRequest) -> dict[str, Any]:
    """The verbs that the user may use on the rows of the page, by name, with what is on their buttons."""
    actions: dict[str, Any] = page.get_actions(request)
    # Tuples before Django 6.1.
    functions = {name: action[0] if isinstance(action, tuple) else action.func for name, action in actions.items()}
    return {name: function.label for name, function in functions.items() if hasattr(function, "label")}


def has_history(row: Model | None) -> bool:
    """Whether Django has noted changes of the row by hand."""
    if row is None:
        return False
    kind = {"content_type__app_label": row._meta.app_label, "content_type__model": row._meta.model_name}
    return LogEntry.objects.filter(object_id=str(row.pk), **kind).exists()


class Shown(BaseModelAdmin):
    """For a `ModelAdmin` or an inline whose rows are made, changed and ended by the engine only."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return flatten_fieldsets(self.fieldsets) if self.fieldsets else list(self.fields or ())


class Searched(admin.ModelAdmin):
    """For a `ModelAdmin` in whose list people are looked for."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the short name that the pages show, too."""
        words = [word.removeprefix("P-") for word in search_term.split()]
        return super().get_search_results(request, queryset, " ".join(words))


class Acting(Searched):
    """For a `ModelAdmin` with verbs: permissions for them, and buttons for them on a row's page."""

    #: Show no exact total while a filter is on: it would cost a count of the whole table.
    show_full_result_count = False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether the user may change such rows, by verbs if not by hand."""
        return may_change(request, self.model)

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Whether the user may end waits."""
        return may_change(request, ParticipantLinkBarrier)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether the user may end participations."""
        return may_change(request, get_participant_model())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        labels = labels_of_verbs(self, request)
        context["verbs"] = [(name, label) for name, label in labels.items() if self.offers(name, row)]
        context["has_history"] = not isinstance(self, Shown) and has_history(row)
        context["list_url"] = url_of(self.model, "changelist", site=self.admin_site.name)
        return super().render_change_form(request, context, *args, **kwargs)

    def offers(self, name: str, row: Any) -> bool:
        """Whether a row's page has a button for the verb of that name."""
        return True


def link_to(row: Model | None, text: Any = None, *, site: str = "admin") -> str:
    """A text, or else the row's name, leading to the row's page where there is one."""
    if row is None:
        return "-"
    try:
        return format_html('<a href="{}">{}</a>', url_of(row, "change", row.pk, site=site), text or row)
    except NoReverseMatch:
        # The site has not registered its own participant model.
        return str(text or row)


def link_to_list(model: type[Model], text: Any, *, site: str = "admin", **filters: Any) -> str:
    """A text that leads to a filtered list."""
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in filters.items()})
    return format_html('<a href="{}?{}">{}</a>', url_of(model, "changelist", site=site), query.urlencode(), text)


def shortened(text: str) -> str:
    """As much of a text as a column takes."""
    return Truncator(text).chars(80) or "-"

"""What the admin pages share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import get_permission_codename
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from ..models import ParticipantLinkBarrier, get_participant_model
from .verbs import url_of


def may_change(request: HttpRequest, model: type[Model]) -> bool:
    """Whether the user has Django's permission to change rows of the model."""
    codename = get_permission_codename("change", model._meta)
    return request.user.has_perm(f"{model._meta.app_label}.{codename}")


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


class Acting(admin.ModelAdmin):
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
        actions = self.get_actions(request)
        labels = {name: getattr(action[0], "label", None) for name, action in actions.items() if action}
        row = context.get("original")
        context["verbs"] = [(name, label) for name, label in labels.items() if label and self.offers(name, row)]
        context["list_url"] = url_of(self.model, "changelist", site=self.admin_site.name)
        return super().render_change_form(request, context, *args, **kwargs)

    def offers(self, name: str, row: Any) -> bool:
        """Whether a row's page has a button for the verb of that name."""
        return True

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find participants by the short name that the pages show, too."""
        words = [word.removeprefix("P-") for word in search_term.split()]
        return super().get_search_results(request, queryset, " ".join(words))


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


def duration(since: datetime | None, until: datetime | None = None) -> str:
    """How long ago that was, or how long it took, to the second."""
    if since is None:
        return "-"
    return in_words(((until or timezone.now()) - since).total_seconds())


def in_words(seconds: float) -> str:
    """A number of seconds, for people."""
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    return _("%(m)d min %(s)d s") % {"m": minutes, "s": seconds} if minutes else _("%(s)d s") % {"s": seconds}


def moment(time: datetime | None) -> str:
    """A time to the second, by which Django's own columns are too coarse; with the date unless it is today."""
    if time is None:
        return "-"
    local = timezone.localtime(time)
    clock = time_format(local, "H:i:s")
    return clock if local.date() == timezone.localdate() else f"{date_format(local, 'SHORT_DATE_FORMAT')} {clock}"


def shortened(text: str) -> str:
    """As much of a text as a column takes."""
    return Truncator(text).chars(80) or "-"

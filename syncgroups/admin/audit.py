"""What researchers did: the list, and what of it belongs on the pages of participants and groups."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from ..models import AuditEntry
from ..operating.facts import NAMES
from .base import Searched, Shown, link_to, moment, shortened
from .filters import BarrierFilter, CohortFilter


class AuditAdmin(Shown, Searched):
    """Read-only, also for superusers: what was done has been done."""

    list_display = ["when", "by", "verb", "participant_link", "group_link", "barrier_id", "cohort", "why"]
    list_display_links = ["when"]
    list_filter = [CohortFilter, BarrierFilter, "verb", "time"]
    list_select_related = ["participant", "sync_group"]
    search_fields = ["by", "reason", "participant__public_id", "sync_group__public_id", "barrier_id"]
    date_hierarchy = "time"
    ordering = ["-pk"]
    actions = None
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": [("when", "by"), "verb", "reason"]}),
        (_("To whom"), {"fields": [("participant_link", "group_link"), ("barrier_id", "cohort"), "with_what"]}),
        (_("What changed"), {"fields": ["changes"]}),
    ]

    @admin.display(description=_("time"), ordering="time")
    def when(self, entry: AuditEntry) -> str:
        return moment(entry.time)

    @admin.display(description=_("participant"))
    def participant_link(self, entry: AuditEntry) -> str:
        return link_to(entry.participant, site=self.admin_site.name)

    @admin.display(description=_("group"))
    def group_link(self, entry: AuditEntry) -> str:
        return link_to(entry.sync_group, site=self.admin_site.name)

    @admin.display(description=_("reason"))
    def why(self, entry: AuditEntry) -> str:
        return shortened(entry.reason)

    @admin.display(description=_("with what"))
    def with_what(self, entry: AuditEntry) -> str:
        return listed((name, told(value)) for name, value in entry.details.items())

    @admin.display(description=_("before and after"))
    def changes(self, entry: AuditEntry) -> str:
        return listed(
            (NAMES.get(name, name), f"{entry.before.get(name) or '-'} → {value or '-'}")
            for name, value in entry.after.items()
            if value != entry.before.get(name)
        )


class AuditInline(Shown, admin.TabularInline):
    model = AuditEntry
    fields = ["time", "by", "verb", "reason"]
    ordering = ["-pk"]
    extra = 0
    show_change_link = True
    verbose_name_plural = _("what researchers did")


class AuditOfParticipant(AuditInline):
    fk_name = "participant"


class AuditOfGroup(AuditInline):
    fk_name = "sync_group"


def told(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def listed(pairs: Any) -> str:
    """Names and values, one pair a line."""
    return format_html_join("", "<div>{}: {}</div>", pairs) or "-"

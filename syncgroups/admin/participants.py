"""The list and the page of participants."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, Prefetch, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from .. import operating
from ..explaining import Explanation, explain
from ..models import AbstractParticipant, ParticipantLinkBarrier, ParticipantLinkSyncGroup, PresenceInterval
from .audit import AuditOfParticipant
from .base import Acting, Shown, duration, in_words, link_to, moment, shortened
from .explained import Explained
from .exports import Exporting
from .filters import CohortFilter, WaitsAtFilter
from .verbs import verb

#: What the state machine rules, and the engine writes.
RULED = [
    "public_id",
    "cohort",
    "status",
    "failed",
    "failed_reason",
    "ended_by",
    "time_of_death",
    "time_credit",
    "there",
    "page_hidden",
    "last_seen_at",
    "creation_time",
]


class MembershipsOfParticipant(Shown, admin.TabularInline):
    model = ParticipantLinkSyncGroup
    fk_name = "participant"
    fields = ["sync_group", "active", "arrival_time", "departure_time", "reason", "ended_by"]
    ordering = ["-pk"]
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sync_group")


class VisitsOfParticipant(Shown, admin.TabularInline):
    model = ParticipantLinkBarrier
    fk_name = "participant"
    fields = ["barrier_id", "visit", "state", "sync_group", "arrival_time", "deadline", "departure_time", "reason"]
    ordering = ["-pk"]
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sync_group")


class PresenceOfParticipant(Shown, admin.TabularInline):
    model = PresenceInterval
    fk_name = "participant"
    fields = ["state", "began_at", "ended_at", "lasted"]
    ordering = ["-pk"]
    extra = 0

    @admin.display(description=_("lasted"))
    def lasted(self, interval: PresenceInterval) -> str:
        return duration(interval.began_at, interval.ended_at)


class ParticipantAdmin(Exporting, Explained, Acting):
    """For the app's participant, and to subclass for a site's own::

        @admin.register(Subject)
        class SubjectAdmin(ParticipantAdmin):
            list_display = [*ParticipantAdmin.list_display, "age"]

    Fields that a site adds can be edited, as ``details`` can. What the engine writes cannot.
    """

    change_form_template = "admin/syncgroups/change_form.html"
    list_display = [
        "__str__",
        "cohort",
        "state",
        "groups",
        "waits_at",
        "credit",
        "there",
        "seen",
        "created",
    ]
    list_filter = [CohortFilter, WaitsAtFilter, "status", "failed", "presence", "creation_time"]
    search_fields = ["public_id", "cohort"]
    date_hierarchy = "creation_time"
    ordering = ["-creation_time"]
    inlines = [MembershipsOfParticipant, VisitsOfParticipant, PresenceOfParticipant, AuditOfParticipant]
    actions = ["fail", "leave"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Participants come in by the experiment's own pages."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What happened to a participant is data."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        ruled = [self.model._meta.pk.name, *RULED, "presence"]
        return list(dict.fromkeys([*super().get_readonly_fields(request, obj), *ruled]))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.fieldsets or self.fields:
            return super().get_fieldsets(request, obj)
        own = [name for name in self.get_fields(request, obj) if name not in {*RULED, self.model._meta.pk.name}]
        return [(None, {"fields": RULED}), (_("What the site keeps"), {"fields": own})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        memberships = ParticipantLinkSyncGroup.objects.active().in_order_of_arrival().select_related("sync_group")
        visits = ParticipantLinkBarrier.objects.waiting().in_order_of_arrival()
        return (
            super()
            .get_queryset(request)
            .prefetch_related(
                Prefetch("sync_group_links", memberships, to_attr="standing_memberships"),
                Prefetch("barrier_links", visits, to_attr="open_visits"),
            )
        )

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Write what was edited and nothing else: the engine may have written the rest since it was read."""
        fields = obj._meta.concrete_fields
        edited = {
            field.name for field in fields if field.name in form.changed_data or getattr(field, "auto_now", False)
        }
        obj.save(update_fields=edited)

    def explanation_of(self, row: AbstractParticipant) -> Explanation:
        return explain(participant=row)

    # Columns

    @admin.display(description=_("state"), ordering="status")
    def state(self, participant: AbstractParticipant) -> str:
        if participant.failed:
            failed = _("Failed")
            return shortened(f"{failed}: {participant.failed_reason}")
        return str(participant.get_status_display())

    @admin.display(description=_("active groups"))
    def groups(self, participant: Any) -> str:
        return self._links(membership.sync_group for membership in participant.standing_memberships)

    @admin.display(description=_("waits at"))
    def waits_at(self, participant: Any) -> str:
        return ", ".join(visit.barrier_id for visit in participant.open_visits) or "-"

    @admin.display(description=_("time credit"), ordering="time_credit")
    def credit(self, participant: AbstractParticipant) -> str:
        return in_words(participant.time_credit)

    @admin.display(description=_("presence"), ordering="presence")
    def there(self, participant: AbstractParticipant) -> str:
        """Of those who have ended nothing is known: their pages ask no longer."""
        return str(participant.get_presence_display()) if participant.is_active else "-"

    @admin.display(description=_("last seen"), ordering="last_seen_at")
    def seen(self, participant: AbstractParticipant) -> str:
        return moment(participant.last_seen_at)

    @admin.display(description=_("created"), ordering="creation_time")
    def created(self, participant: AbstractParticipant) -> str:
        return moment(participant.creation_time)

    def _links(self, rows: Any) -> str:
        return format_html_join(", ", "{}", ((link_to(row, site=self.admin_site.name),) for row in rows)) or "-"

    # Verbs

    @verb(
        _("Fail"),
        description=_("Fail the selected participants"),
        question=_("These participants fail: they take part no longer, and their waits and memberships end."),
        final=True,
    )
    def fail(self, participant: AbstractParticipant, **order: Any) -> None:
        operating.fail(participant, **order)

    @verb(
        _("Let leave"),
        description=_("Let the selected participants leave"),
        question=_(
            "These participants leave without fault: they take part no longer, and their waits and memberships end."
            " What they have earned stays theirs."
        ),
        final=True,
    )
    def leave(self, participant: AbstractParticipant, **order: Any) -> None:
        operating.leave(participant, **order)

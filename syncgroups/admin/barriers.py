"""The list of barriers, the page of one that says who waits there, and the wake-ups."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import arrivals, registry
from ..models import BarrierRecord, ParticipantLinkBarrier
from ..states import LinkState, PassOutcome
from .base import Acting, Shown, duration, link_to, link_to_list, moment, shortened
from .filters import BarrierConditionFilter, BarrierFilter, CohortFilter
from .verbs import verb

#: How many of those who wait a barrier's page names.
SHOWN_WAITING = 100


class BarrierRecordAdmin(Shown, Acting):
    list_display = [
        "barrier_id",
        "cohort",
        "condition",
        "waiting",
        "longest_wait",
        "next_deadline",
        "processed",
        "declared",
    ]
    list_filter = [CohortFilter, BarrierFilter, BarrierConditionFilter]
    search_fields = ["barrier_id", "cohort"]
    ordering = ["barrier_id", "cohort"]
    actions = ["pause", "resume", "process_now"]
    fieldsets = [
        (None, {"fields": [("barrier_id", "cohort", "declared"), "rule"]}),
        (gettext_lazy("Now"), {"fields": [("waiting", "longest_wait", "next_deadline"), ("paused_at", "paused_by")]}),
        (gettext_lazy("Passes"), {"fields": [("last_processed", "last_error_at", "error_count"), "last_error"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        records: Any = super().get_queryset(request)
        return records.with_counts(ParticipantLinkBarrier.objects.all())  # type: ignore[no-any-return]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = context["original"]
        context["waits"] = [self.shown(visit) for visit in who_waits(record)[:SHOWN_WAITING]]
        context["n_not_shown"] = max(0, record.n_waiting - SHOWN_WAITING)
        context["link_to_all"] = self.waiting(record)
        return super().render_change_form(request, context, *args, **kwargs)

    def offers(self, name: str, record: BarrierRecord | None) -> bool:
        return record is None or name != ("pause" if record.paused else "resume")

    def shown(self, visit: Any) -> dict[str, Any]:
        site = self.admin_site.name
        return {
            "participant": link_to(visit.participant, site=site),
            "group": link_to(visit.sync_group, site=site),
            "visit": link_to(visit, duration(visit.arrival_time), site=site),
            "since": moment(visit.arrival_time),
            "until": moment(visit.deadline),
            "is_overdue": visit.is_overdue,
        }

    # Columns

    @admin.display(description=gettext_lazy("declared"), boolean=True)
    def declared(self, record: BarrierRecord) -> bool:
        return registry.find(record.barrier_id) is not None

    @admin.display(description=gettext_lazy("rule"))
    def rule(self, record: BarrierRecord) -> str:
        barrier = registry.find(record.barrier_id)
        if barrier is None:
            return _("Not declared on this site: whoever waits here is let go a minute after the deadline only.")
        return f"{type(barrier).__module__}.{type(barrier).__qualname__}"

    @admin.display(description=gettext_lazy("waiting"), ordering="n_waiting")
    def waiting(self, record: Any) -> str:
        facts = {"barrier": record.barrier_id, "cohort": record.cohort, "state__exact": LinkState.WAITING.value}
        return link_to_list(ParticipantLinkBarrier, record.n_waiting, site=self.admin_site.name, **facts)

    @admin.display(description=gettext_lazy("longest wait"), ordering="-waiting_since")
    def longest_wait(self, record: Any) -> str:
        return duration(record.waiting_since)

    @admin.display(description=gettext_lazy("next deadline"), ordering="next_deadline")
    def next_deadline(self, record: Any) -> str:
        return moment(record.next_deadline)

    @admin.display(description=gettext_lazy("last processed"), ordering="last_processed")
    def processed(self, record: BarrierRecord) -> str:
        return moment(record.last_processed)

    @admin.display(description=gettext_lazy("trouble"), ordering="paused_at")
    def condition(self, record: BarrierRecord) -> str:
        """What keeps people here: a pause, an error, or both."""
        paused = _("Paused by %(by)s") % {"by": record.paused_by or "?"} if record.paused else ""
        return "; ".join(filter(None, [paused, record.last_error and shortened(record.last_error)])) or "-"

    # Verbs

    @verb(gettext_lazy("Pause"), description=gettext_lazy("Pause the selected barriers"))
    def pause(self, record: BarrierRecord, *, reason: str, by: str) -> str | None:
        return None if arrivals.pause(record.barrier_id, record.cohort, by=by) else _("paused already")

    @verb(gettext_lazy("Resume"), description=gettext_lazy("Resume the selected barriers"))
    def resume(self, record: BarrierRecord, *, reason: str, by: str) -> str | None:
        return None if arrivals.resume(record.barrier_id, record.cohort) else _("not paused")

    @verb(gettext_lazy("Process now"), description=gettext_lazy("Process the selected barriers now"))
    def process_now(self, record: BarrierRecord, *, reason: str, by: str) -> str | None:
        outcome = arrivals.process_now(record.barrier_id, record.cohort)
        why_not = {
            PassOutcome.BUSY: _("others are at work on it, try again"),
            PassOutcome.PAUSED: _("paused"),
            PassOutcome.FAILED: _("the pass failed, see the last error"),
        }
        return why_not.get(outcome)


def who_waits(record: BarrierRecord) -> QuerySet[Any]:
    """Open visits to the barrier in order of arrival, by the database's clock, which stands still in a pause."""
    clock = Now() if record.paused_at is None else Value(record.paused_at)
    is_overdue = Case(When(deadline__lte=clock, then=True), default=False, output_field=BooleanField())
    links = ParticipantLinkBarrier.objects.at(record.barrier_id, record.cohort).waiting().in_order_of_arrival()
    visits: QuerySet[Any] = links.select_related("participant", "sync_group").annotate(is_overdue=is_overdue)
    return visits


class WakeUpAdmin(Shown, admin.ModelAdmin):
    """Work that is due: a list that keeps growing says that no worker and no sweep is running."""

    list_display = ["__str__", "barrier_id", "cohort", "sync_group", "due_at"]
    list_filter = [CohortFilter, BarrierFilter]
    list_select_related = ["sync_group"]
    search_fields = ["barrier_id"]
    ordering = ["pk"]
    actions = None
    fieldsets = [(None, {"fields": ["barrier_id", "cohort", "sync_group", "due_at"]})]

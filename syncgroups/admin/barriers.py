"""The list of barriers, the page of one that says who waits there, and the wake-ups."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.db.models.functions import Coalesce, Least, Now
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import operating, registry
from ..explaining import Explanation, explain
from ..models import BarrierRecord, ParticipantLinkBarrier
from ..operating.facts import SEES_VISITS
from ..states import LinkState
from .base import Acting, Shown, duration, link_to, link_to_list, moment, shortened
from .explained import Explained
from .filters import BarrierConditionFilter, BarrierFilter, CohortFilter
from .forms import MessageForm, MoreTimeForm
from .monitor import Monitored
from .verbs import verb, why_not_processed

#: How many of those who wait a barrier's page names.
SHOWN_WAITING = 100


def cohort_of(record: BarrierRecord) -> operating.Cohort:
    return operating.Cohort(record.cohort)


class BarrierRecordAdmin(Shown, Monitored, Explained, Acting):
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
    actions = [
        "pause",
        "resume",
        "process_now",
        "put_off",
        "message",
        "pause_cohort",
        "resume_cohort",
        "put_off_cohort",
        "message_cohort",
    ]
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
        context["may_see_visits"] = any(map(request.user.has_perm, SEES_VISITS))
        shown = who_waits(record)[:SHOWN_WAITING] if context["may_see_visits"] else ()
        context["waits"] = [self.shown(visit) for visit in shown]
        context["n_not_shown"] = max(0, record.n_waiting - SHOWN_WAITING)
        context["link_to_all"] = self.waiting(record)
        return super().render_change_form(request, context, *args, **kwargs)

    def explanation_of(self, row: BarrierRecord) -> Explanation:
        return explain(row.barrier_id, row.cohort)

    def offers(self, name: str, record: BarrierRecord | None) -> bool:
        if record is not None and name in ("put_off", "message"):
            return bool(record.n_waiting)  # type: ignore[attr-defined]
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

    @verb(
        gettext_lazy("Pause"),
        description=gettext_lazy("Pause the selected barriers"),
        question=gettext_lazy(
            "Nobody is released there and no wait ends, until you resume. Everybody gets the time back."
        ),
    )
    def pause(self, record: BarrierRecord, **order: Any) -> None:
        operating.pause(record, **order)

    @verb(
        gettext_lazy("Resume"),
        description=gettext_lazy("Resume the selected barriers"),
        question=gettext_lazy("Time runs again, and who can go goes on."),
    )
    def resume(self, record: BarrierRecord, **order: Any) -> None:
        operating.resume(record, **order)

    @verb(
        gettext_lazy("Process now"),
        description=gettext_lazy("Process the selected barriers now, also what has failed"),
        question=gettext_lazy("The rule is asked at once, also about groups whose last pass failed."),
    )
    def process_now(self, record: BarrierRecord, **order: Any) -> str | None:
        _entry, outcome = operating.process_now(record, **order)
        return why_not_processed(outcome)

    @verb(
        gettext_lazy("Give more time"),
        description=gettext_lazy("Give more time to those who wait at the selected barriers"),
        question=gettext_lazy("Those who wait there now may do so for longer."),
        permissions=["release"],
        form=MoreTimeForm,
    )
    def put_off(self, record: BarrierRecord, *, minutes: float, **order: Any) -> None:
        operating.put_off(record, seconds=60 * minutes, **order)

    @verb(
        gettext_lazy("Send a message"),
        description=gettext_lazy("Send a message to those who wait at the selected barriers"),
        question=gettext_lazy("Those who wait there now see it on their waiting pages."),
        permissions=["release"],
        form=MessageForm,
    )
    def message(self, record: BarrierRecord, **order: Any) -> None:
        operating.message(record, **order)

    @verb(
        gettext_lazy("Pause the cohort"),
        description=gettext_lazy("Pause all barriers of the cohorts of the selected barriers"),
        question=gettext_lazy("At every barrier of the cohort nobody is released and no wait ends, until you resume."),
        about=cohort_of,
    )
    def pause_cohort(self, record: BarrierRecord, **order: Any) -> None:
        operating.pause_cohort(cohort_of(record), **order)

    @verb(
        gettext_lazy("Resume the cohort"),
        description=gettext_lazy("Resume all barriers of the cohorts of the selected barriers"),
        question=gettext_lazy("At every barrier of the cohort time runs again, and who can go goes on."),
        about=cohort_of,
    )
    def resume_cohort(self, record: BarrierRecord, **order: Any) -> None:
        operating.resume_cohort(cohort_of(record), **order)

    @verb(
        gettext_lazy("Give the cohort more time"),
        description=gettext_lazy("Give more time to all who wait in the cohorts of the selected barriers"),
        question=gettext_lazy("Those who wait now, at any barrier of the cohort, may do so for longer."),
        permissions=["release"],
        form=MoreTimeForm,
        about=cohort_of,
    )
    def put_off_cohort(self, record: BarrierRecord, *, minutes: float, **order: Any) -> None:
        operating.put_off(cohort_of(record), seconds=60 * minutes, **order)

    @verb(
        gettext_lazy("Send the cohort a message"),
        description=gettext_lazy("Send a message to all who wait in the cohorts of the selected barriers"),
        question=gettext_lazy("Those who wait now, at any barrier of the cohort, see it on their waiting pages."),
        permissions=["release"],
        form=MessageForm,
        about=cohort_of,
    )
    def message_cohort(self, record: BarrierRecord, **order: Any) -> None:
        operating.message(cohort_of(record), **order)


def who_waits(record: BarrierRecord) -> QuerySet[Any]:
    """Open visits to the barrier in order of arrival, by the database's clock, which stands still in a pause, also in
    one of the group."""
    clock: Any = Now() if record.paused_at is None else Value(record.paused_at)
    clock = Least(clock, Coalesce("sync_group__paused_at", clock))
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

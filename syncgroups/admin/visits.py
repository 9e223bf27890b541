"""The list and the page of visits to barriers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import arrivals
from ..models import BarrierRecord, ParticipantLinkBarrier
from .base import Acting, Shown, duration, link_to, link_to_list, moment, shortened
from .filters import BarrierFilter, CohortFilter, VisitConditionFilter
from .verbs import verb


class VisitAdmin(Shown, Acting):
    list_display = [
        "since",
        "participant_link",
        "barrier_link",
        "cohort",
        "group_link",
        "state",
        "until",
        "waited",
        "why_ended",
        "ended_by",
    ]
    list_filter = [CohortFilter, BarrierFilter, "state", VisitConditionFilter, "arrival_time"]
    list_select_related = ["participant", "sync_group"]
    search_fields = ["public_id", "barrier_id", "participant__public_id", "sync_group__public_id"]
    date_hierarchy = "arrival_time"
    ordering = ["-pk"]
    actions = ["release", "fail_participant"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "public_id",
                    "participant_link",
                    "barrier_link",
                    "visit",
                    "cohort",
                    "group_link",
                    "state",
                ]
            },
        ),
        (gettext_lazy("Time"), {"fields": ["since", "until", "departed", "waited", "time_credit"]}),
        (gettext_lazy("How it ended"), {"fields": ["reason", "ended_by", "details"]}),
    ]

    # Columns

    @admin.display(description=gettext_lazy("waits since"), ordering="arrival_time")
    def since(self, visit: ParticipantLinkBarrier) -> str:
        return moment(visit.arrival_time)

    @admin.display(description=gettext_lazy("until"), ordering="deadline")
    def until(self, visit: ParticipantLinkBarrier) -> str:
        return moment(visit.deadline)

    @admin.display(description=gettext_lazy("departed at"), ordering="departure_time")
    def departed(self, visit: ParticipantLinkBarrier) -> str:
        return moment(visit.departure_time)

    @admin.display(description=gettext_lazy("participant"))
    def participant_link(self, visit: ParticipantLinkBarrier) -> str:
        return link_to(visit.participant, site=self.admin_site.name)

    @admin.display(description=gettext_lazy("barrier"), ordering="barrier_id")
    def barrier_link(self, visit: ParticipantLinkBarrier) -> str:
        site = self.admin_site.name
        return link_to_list(BarrierRecord, visit.barrier_id, site=site, barrier=visit.barrier_id, cohort=visit.cohort)

    @admin.display(description=gettext_lazy("group"))
    def group_link(self, visit: ParticipantLinkBarrier) -> str:
        return link_to(visit.sync_group, site=self.admin_site.name)

    @admin.display(description=gettext_lazy("waited"))
    def waited(self, visit: ParticipantLinkBarrier) -> str:
        return duration(visit.arrival_time, visit.departure_time)

    @admin.display(description=gettext_lazy("why ended"))
    def why_ended(self, visit: ParticipantLinkBarrier) -> str:
        return shortened(visit.reason)

    # Verbs

    @verb(
        gettext_lazy("Release"),
        description=gettext_lazy("Release the selected visits"),
        permissions=["release"],
        question=gettext_lazy("Those who wait are let through, whatever the barrier's rule says."),
    )
    def release(self, visit: ParticipantLinkBarrier, *, reason: str, by: str) -> Any:
        arrivals.release(visit, reason, by=by)

    @verb(
        gettext_lazy("Fail the participant"),
        description=gettext_lazy("Fail the participants of the selected visits"),
        permissions=["end"],
        question=gettext_lazy(
            "Who made these visits fails: they take part no longer, and their waits and memberships end."
        ),
    )
    def fail_participant(self, visit: ParticipantLinkBarrier, *, reason: str, by: str) -> str | None:
        return None if arrivals.fail(visit.participant, reason, by=by) else _("takes part no longer")

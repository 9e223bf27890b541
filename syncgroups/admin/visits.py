"""The list and the page of visits to barriers."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import operating, registry
from ..ledger import waited_for
from ..models import BarrierRecord, ParticipantLinkBarrier
from ..states import LinkState
from .base import Acting, Shown, duration, in_words, link_to, link_to_list, moment, shortened
from .filters import BarrierFilter, CohortFilter, VisitConditionFilter
from .forms import MessageForm, MoreTimeForm
from .verbs import verb


def place_of(visit: ParticipantLinkBarrier) -> operating.Place:
    return operating.Place(visit.barrier_id, visit.cohort)


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
    actions = ["release", "fail_participant", "let_participant_leave", "put_off", "message", "form_group"]
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
        (gettext_lazy("Time"), {"fields": ["since", "until", "departed", "waited", "time_credit", "extensions"]}),
        (
            gettext_lazy("What the time was spent on"),
            {"fields": ["for_a_match", "for_others", "held", "for_whom"]},
        ),
        (gettext_lazy("Meanwhile"), {"fields": ["turns", "message"]}),
        (gettext_lazy("How it ended"), {"fields": ["reason", "ended_by", "details"]}),
    ]

    def offers(self, name: str, visit: ParticipantLinkBarrier | None) -> bool:
        if visit is None or name in ("fail_participant", "let_participant_leave"):
            return visit is None or visit.participant.is_active
        barrier = registry.find(visit.barrier_id)
        return visit.state == LinkState.WAITING and (name != "form_group" or getattr(barrier, "forms_groups", False))

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

    @admin.display(description=gettext_lazy("waited for a match"))
    def for_a_match(self, visit: ParticipantLinkBarrier) -> str:
        return in_words(visit.waited_for_match)

    @admin.display(description=gettext_lazy("waited for others"))
    def for_others(self, visit: ParticipantLinkBarrier) -> str:
        return in_words(visit.waited_for_others)

    @admin.display(description=gettext_lazy("paused for"))
    def held(self, visit: ParticipantLinkBarrier) -> str:
        return in_words(visit.paused_for)

    @admin.display(description=gettext_lazy("for whom"))
    def for_whom(self, visit: ParticipantLinkBarrier) -> str:
        """Who of the group came later, or has not come, and how long that took."""
        waited = ((link_to(mate, site=self.admin_site.name), in_words(s)) for mate, s in waited_for(visit))
        return format_html_join("", "<div>{}: {}</div>", waited) or "-"

    @admin.display(description=gettext_lazy("why ended"))
    def why_ended(self, visit: ParticipantLinkBarrier) -> str:
        return shortened(visit.reason)

    # Verbs

    @verb(
        gettext_lazy("Release"),
        description=gettext_lazy("Release the selected visits"),
        permissions=["release"],
        question=gettext_lazy(
            "Those who wait are let through, whatever the barrier's rule says. What the barrier does as people go on"
            " (on_release, e.g. scoring) is left out."
        ),
        final=True,
    )
    def release(self, visit: ParticipantLinkBarrier, **order: Any) -> None:
        operating.release(visit, **order)

    @verb(
        gettext_lazy("Fail the participant"),
        description=gettext_lazy("Fail the participants of the selected visits"),
        permissions=["end"],
        about=attrgetter("participant"),
        question=gettext_lazy(
            "Who made these visits fails: they take part no longer, and their waits and memberships end."
        ),
        final=True,
    )
    def fail_participant(self, visit: ParticipantLinkBarrier, **order: Any) -> None:
        operating.fail(visit.participant, **order)

    @verb(
        gettext_lazy("Let the participant leave"),
        description=gettext_lazy("Let the participants of the selected visits leave"),
        permissions=["end"],
        about=attrgetter("participant"),
        question=gettext_lazy(
            "Who made these visits leaves without fault: they take part no longer, and keep what they have earned."
        ),
        final=True,
    )
    def let_participant_leave(self, visit: ParticipantLinkBarrier, **order: Any) -> None:
        operating.leave(visit.participant, **order)

    @verb(
        gettext_lazy("Give more time"),
        description=gettext_lazy("Give more time to the selected visits"),
        permissions=["release"],
        question=gettext_lazy("Those who wait may do so for longer."),
        form=MoreTimeForm,
    )
    def put_off(self, visit: ParticipantLinkBarrier, *, minutes: float, **order: Any) -> None:
        operating.put_off(visit, seconds=60 * minutes, **order)

    @verb(
        gettext_lazy("Send a message"),
        description=gettext_lazy("Send a message to those who make the selected visits"),
        permissions=["release"],
        question=gettext_lazy("Those who wait see it on their waiting pages."),
        form=MessageForm,
    )
    def message(self, visit: ParticipantLinkBarrier, **order: Any) -> None:
        operating.message(visit, **order)

    @verb(
        gettext_lazy("Form a group"),
        description=gettext_lazy("Form one group of the selected visits to a grouper"),
        permissions=["release"],
        question=gettext_lazy("These people become one group and go on, whatever the grouper's rule says."),
        final=True,
        together=True,
        about=place_of,
    )
    def form_group(self, visits: Sequence[ParticipantLinkBarrier], **order: Any) -> str | None:
        places = {place_of(visit).pk for visit in visits}
        if len(places) > 1:
            return _("they wait at several barriers, or in several cohorts")
        [place] = places
        operating.form_group(*place, [visit.participant for visit in visits], **order)
        return None

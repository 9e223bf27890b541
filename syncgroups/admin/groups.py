"""The list and the page of groups."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import operating
from ..explaining import Explanation, explain
from ..models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from .audit import AuditOfGroup
from .base import Acting, Shown, link_to, link_to_list, moment, shortened
from .explained import Explained
from .exports import Exporting
from .filters import CohortFilter, GroupConditionFilter, WaitsAtFilter
from .forms import MemberForm, MessageForm, MoreTimeForm
from .verbs import verb, why_not_processed


class MembersOfGroup(Shown, admin.TabularInline):
    model = ParticipantLinkSyncGroup
    fk_name = "sync_group"
    fields = ["participant", "leads", "presence", "waits_at", "active"]
    fields += ["arrival_time", "departure_time", "reason", "ended_by"]
    ordering = ["arrival_time", "pk"]
    extra = 0
    verbose_name_plural = gettext_lazy("members")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        visits = Prefetch("participant__barrier_links", ParticipantLinkBarrier.objects.waiting(), to_attr="open_visits")
        members = super().get_queryset(request).select_related("participant", "sync_group")
        return members.prefetch_related(visits)

    @admin.display(description=gettext_lazy("waits at"))
    def waits_at(self, membership: Any) -> str:
        return ", ".join(visit.barrier_id for visit in membership.participant.open_visits) or "-"

    @admin.display(description=gettext_lazy("presence"))
    def presence(self, membership: Any) -> str:
        person = membership.participant
        return str(person.get_presence_display()) if membership.active and person.is_active else "-"

    @admin.display(description=gettext_lazy("leads"), boolean=True)
    def leads(self, membership: ParticipantLinkSyncGroup) -> bool:
        return membership.participant_id == membership.sync_group.leader_id


class SyncGroupAdmin(Shown, Exporting, Explained, Acting):
    list_display = [
        "__str__",
        "cohort",
        "active",
        "trouble",
        "leader_link",
        "size",
        "waiting",
        "formed",
        "closed",
    ]
    list_filter = [CohortFilter, "group_type", WaitsAtFilter, "active", GroupConditionFilter, "creation_time"]
    list_select_related = ["leader"]
    search_fields = ["public_id", "group_type", "participant_links__participant__public_id"]
    date_hierarchy = "creation_time"
    ordering = ["-pk"]
    inlines = [MembersOfGroup, AuditOfGroup]
    actions = [
        "elect_leader",
        "release",
        "retry",
        "pause",
        "resume",
        "add_member",
        "put_off",
        "message",
        "close",
    ]
    fieldsets = [
        (None, {"fields": ["public_id", ("group_type", "kind", "cohort"), ("active", "leader_link", "waiting")]}),
        (gettext_lazy("Pause"), {"fields": [("paused_at", "paused_by")]}),
        (
            gettext_lazy("Size"),
            {
                "fields": [
                    ("n_active_participants", "join_existing_groups"),
                    ("min_group_size", "initial_group_size", "max_group_size"),
                ]
            },
        ),
        (
            gettext_lazy("Course"),
            {
                "fields": [
                    ("creation_time", "end_time"),
                    ("end_reason", "ended_by"),
                    ("failed", "failed_reason"),
                    "details",
                ]
            },
        ),
        (
            gettext_lazy("Last pass that failed"),
            {"fields": [("error_count", "last_error_at", "last_processed"), "last_error"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        here = ParticipantLinkBarrier.objects.waiting().filter(sync_group=OuterRef("pk")).order_by()
        counted = here.values("sync_group").annotate(n=Count("pk")).values("n")
        groups: QuerySet[Any] = super().get_queryset(request)
        return groups.annotate(n_waiting=Coalesce(Subquery(counted), 0))  # type: ignore[no-any-return]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a group by the name that the pages show, too."""
        group_type, _space, key = search_term.strip().rpartition(" ")
        if key.isdecimal() and len(key) < 19:
            named = queryset.filter(group_type=group_type, pk=int(key))
            if named.exists():
                return named, False
        return super().get_search_results(request, queryset, search_term)

    def offers(self, name: str, group: SyncGroup | None) -> bool:
        if group is None:
            return True
        if name in ("pause", "resume"):
            return group.active and (name == "resume") == group.paused
        if name in ("release", "retry", "put_off", "message"):
            return bool(group.n_waiting)  # type: ignore[attr-defined]
        return group.active

    def explanation_of(self, row: SyncGroup) -> Explanation:
        return explain(group=row)

    # Columns

    @admin.display(description=gettext_lazy("leader"))
    def leader_link(self, group: SyncGroup) -> str:
        return link_to(group.leader, site=self.admin_site.name)

    @admin.display(description=gettext_lazy("members"), ordering="n_active_participants")
    def size(self, group: SyncGroup) -> str:
        bounds = {"n": group.n_active_participants, "low": group.min_group_size, "high": group.max_group_size or "∞"}
        return _("%(n)s (%(low)s to %(high)s)") % bounds

    @admin.display(description=gettext_lazy("waiting"), ordering="n_waiting")
    def waiting(self, group: Any) -> str:
        site = self.admin_site.name
        return link_to_list(
            ParticipantLinkBarrier, group.n_waiting, site=site, sync_group=group.pk, state__exact="waiting"
        )

    @admin.display(description=gettext_lazy("trouble"))
    def trouble(self, group: SyncGroup) -> str:
        paused = _("Paused by %(by)s") % {"by": group.paused_by or "?"} if group.paused else ""
        error = group.last_error if group.error_count else group.failed_reason
        return "; ".join(filter(None, [paused, error and shortened(error)])) or "-"

    @admin.display(description=gettext_lazy("created"), ordering="creation_time")
    def formed(self, group: SyncGroup) -> str:
        return moment(group.creation_time)

    @admin.display(description=gettext_lazy("closed"), ordering="end_time")
    def closed(self, group: SyncGroup) -> str:
        return moment(group.end_time)

    # Verbs

    @verb(
        gettext_lazy("Elect another leader"),
        description=gettext_lazy("Elect the next member as leader of the selected groups"),
        question=gettext_lazy("The member who joined next leads."),
    )
    def elect_leader(self, group: SyncGroup, **order: Any) -> None:
        operating.elect_leader(group, **order)

    @verb(
        gettext_lazy("Release the group"),
        description=gettext_lazy("Release the selected groups from where they wait"),
        permissions=["release"],
        question=gettext_lazy(
            "Every member of these groups who waits is let through, whatever the barrier's rule says. What the barrier"
            " does as a group goes on (on_release, e.g. scoring) is left out."
        ),
        final=True,
    )
    def release(self, group: SyncGroup, **order: Any) -> None:
        operating.release_group(group, **order)

    @verb(
        gettext_lazy("Try again now"),
        description=gettext_lazy("Try now to let the selected groups go"),
        question=gettext_lazy("Where these groups wait it is tried at once whether they can go, also after errors."),
    )
    def retry(self, group: SyncGroup, **order: Any) -> str | None:
        _entry, outcome = operating.retry(group, **order)
        return why_not_processed(outcome)

    @verb(
        gettext_lazy("Pause the group"),
        description=gettext_lazy("Pause the selected groups"),
        question=gettext_lazy(
            "These groups pass no group barrier and no wait of their members there ends, until you resume. Everybody"
            " gets the time back."
        ),
    )
    def pause(self, group: SyncGroup, **order: Any) -> None:
        operating.pause_group(group, **order)

    @verb(
        gettext_lazy("Resume the group"),
        description=gettext_lazy("Resume the selected groups"),
        question=gettext_lazy("Time runs again, and the groups go on where they can."),
    )
    def resume(self, group: SyncGroup, **order: Any) -> None:
        operating.resume_group(group, **order)

    @verb(
        gettext_lazy("Add a member"),
        description=gettext_lazy("Add a member to the selected groups"),
        question=gettext_lazy("Somebody becomes a member; where they wait for such a group they go on."),
        form=MemberForm,
    )
    def add_member(self, group: SyncGroup, **order: Any) -> None:
        operating.add_member(group, **order)

    @verb(
        gettext_lazy("Give more time"),
        description=gettext_lazy("Give more time to the members of the selected groups"),
        question=gettext_lazy("Those of these groups who wait now may do so for longer."),
        permissions=["release"],
        form=MoreTimeForm,
    )
    def put_off(self, group: SyncGroup, *, minutes: float, **order: Any) -> None:
        operating.put_off(group, seconds=60 * minutes, **order)

    @verb(
        gettext_lazy("Send a message"),
        description=gettext_lazy("Send a message to the members of the selected groups"),
        question=gettext_lazy("Those of these groups who wait now see it on their waiting pages."),
        permissions=["release"],
        form=MessageForm,
    )
    def message(self, group: SyncGroup, **order: Any) -> None:
        operating.message(group, **order)

    @verb(
        gettext_lazy("Close the group"),
        description=gettext_lazy("Close the selected groups"),
        question=gettext_lazy("These groups close: their members are in them no longer, and can be grouped anew."),
        final=True,
    )
    def close(self, group: SyncGroup, **order: Any) -> None:
        operating.close_group(group, **order)

"""The lists and pages of groups and memberships."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import arrivals
from ..exceptions import SyncGroupsError
from ..models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from .base import Acting, Shown, link_to, link_to_list, may_change, moment, shortened
from .filters import CohortFilter, GroupConditionFilter
from .verbs import verb


class MembersOfGroup(Shown, admin.TabularInline):
    model = ParticipantLinkSyncGroup
    fk_name = "sync_group"
    fields = ["participant", "leads", "waits_at", "active", "arrival_time", "departure_time", "reason", "ended_by"]
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

    @admin.display(description=gettext_lazy("leads"), boolean=True)
    def leads(self, membership: ParticipantLinkSyncGroup) -> bool:
        return membership.participant_id == membership.sync_group.leader_id


class SyncGroupAdmin(Shown, Acting):
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
    list_filter = [CohortFilter, "group_type", "active", GroupConditionFilter]
    list_select_related = ["leader"]
    search_fields = ["public_id", "group_type", "participant_links__participant__public_id"]
    date_hierarchy = "creation_time"
    ordering = ["-pk"]
    inlines = [MembersOfGroup]
    actions = ["elect_leader", "release", "close"]
    fieldsets = [
        (None, {"fields": ["public_id", ("group_type", "kind", "cohort"), ("active", "leader_link", "waiting")]}),
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
        return shortened(group.last_error if group.error_count else group.failed_reason)

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
    )
    def elect_leader(self, group: SyncGroup, *, reason: str, by: str) -> str | None:
        before = group.leader_id
        arrivals.elect_leader(group)
        return None if group.leader_id != before else _("there is no other active member")

    @verb(
        gettext_lazy("Release the group"),
        description=gettext_lazy("Release the selected groups from where they wait"),
        permissions=["release"],
        question=gettext_lazy(
            "Every member of these groups who waits is let through, whatever the barrier's rule says."
        ),
    )
    def release(self, group: SyncGroup, *, reason: str, by: str) -> str | None:
        released = 0
        for visit in ParticipantLinkBarrier.objects.waiting().filter(sync_group=group).in_order_of_arrival():
            try:
                arrivals.release(visit, reason, by=by)
                released += 1
            except SyncGroupsError:
                # Somebody else was faster: this member waits no longer, which is what was wanted.
                continue
        return None if released else _("no member waits")

    @verb(
        gettext_lazy("Close the group"),
        description=gettext_lazy("Close the selected groups"),
        question=gettext_lazy("These groups close: their members are in them no longer, and can be grouped anew."),
    )
    def close(self, group: SyncGroup, *, reason: str, by: str) -> str | None:
        return None if arrivals.close_group(group, reason, by=by) else _("closed already")


class MembershipAdmin(Shown, Acting):
    list_display = [
        "arrival_time",
        "participant_link",
        "group_link",
        "group_type",
        "active",
        "departure_time",
        "why_left",
    ]
    list_filter = ["group_type", "active"]
    list_select_related = ["participant", "sync_group"]
    search_fields = ["participant__public_id", "sync_group__public_id", "group_type"]
    date_hierarchy = "arrival_time"
    ordering = ["-pk"]
    actions = ["make_leader"]
    fieldsets = [
        (None, {"fields": ["participant_link", "group_link", "group_type", "active"]}),
        (gettext_lazy("Course"), {"fields": ["arrival_time", "departure_time", "reason", "ended_by", "details"]}),
    ]

    def has_lead_permission(self, request: HttpRequest) -> bool:
        """Who leads is a matter of the group."""
        return may_change(request, SyncGroup)

    @admin.display(description=gettext_lazy("participant"))
    def participant_link(self, membership: ParticipantLinkSyncGroup) -> str:
        return link_to(membership.participant, site=self.admin_site.name)

    @admin.display(description=gettext_lazy("group"))
    def group_link(self, membership: ParticipantLinkSyncGroup) -> str:
        return link_to(membership.sync_group, site=self.admin_site.name)

    @admin.display(description=gettext_lazy("why left"))
    def why_left(self, membership: ParticipantLinkSyncGroup) -> str:
        return shortened(membership.reason)

    @verb(
        gettext_lazy("Elect as leader"),
        description=gettext_lazy("Elect the selected members as leaders of their groups"),
        permissions=["lead"],
    )
    def make_leader(self, membership: ParticipantLinkSyncGroup, *, reason: str, by: str) -> str | None:
        if membership.sync_group.leader_id == membership.participant_id:
            return _("leads already")
        arrivals.elect_leader(membership.sync_group, membership.participant)
        return None

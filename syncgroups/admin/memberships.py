"""The list and the page of memberships: what is done to one member of a group."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from .. import operating
from ..models import ParticipantLinkSyncGroup, SyncGroup
from .base import Acting, Shown, link_to, may_change, shortened
from .filters import CohortOfGroupFilter
from .forms import MoveForm, ReplaceForm
from .verbs import verb


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
    list_filter = [CohortOfGroupFilter, "group_type", "active", "arrival_time"]
    list_select_related = ["participant", "sync_group"]
    search_fields = ["participant__public_id", "sync_group__public_id", "group_type"]
    date_hierarchy = "arrival_time"
    ordering = ["-pk"]
    actions = ["make_leader", "remove", "move", "replace"]
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

    def offers(self, name: str, membership: ParticipantLinkSyncGroup | None) -> bool:
        return membership is None or membership.active

    @verb(
        gettext_lazy("Elect as leader"),
        description=gettext_lazy("Elect the selected members as leaders of their groups"),
        permissions=["lead"],
        question=gettext_lazy("These members lead their groups."),
    )
    def make_leader(self, membership: ParticipantLinkSyncGroup, **order: Any) -> None:
        operating.elect_leader(membership.sync_group, membership.participant, **order)

    @verb(
        gettext_lazy("Take out of the group"),
        description=gettext_lazy("Take the selected members out of their groups"),
        permissions=["lead"],
        question=gettext_lazy(
            "These members are in their groups no longer. They take part, and are let through where they wait with it."
        ),
        final=True,
    )
    def remove(self, membership: ParticipantLinkSyncGroup, **order: Any) -> None:
        operating.remove_member(membership.sync_group, membership.participant, **order)

    @verb(
        gettext_lazy("Move to another group"),
        description=gettext_lazy("Move the selected members to another group"),
        permissions=["lead"],
        question=gettext_lazy("These members are in another group from now on, also where they wait."),
        final=True,
        form=MoveForm,
    )
    def move(self, membership: ParticipantLinkSyncGroup, **order: Any) -> None:
        operating.move_member(membership.participant, membership.sync_group, **order)

    @verb(
        gettext_lazy("Replace"),
        description=gettext_lazy("Replace the selected members"),
        permissions=["lead"],
        question=gettext_lazy("Somebody else takes their place, and their lead."),
        final=True,
        form=ReplaceForm,
    )
    def replace(self, membership: ParticipantLinkSyncGroup, **order: Any) -> None:
        operating.replace_member(membership.sync_group, membership.participant, **order)

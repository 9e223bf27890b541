"""Regrouping: an estimate in groups of three, and a second one in pairs of people who have not met.

As everybody has estimated, the group is closed, so that its members can be grouped anew. Whoever finds nobody new
after a while is paired with somebody from before: nobody is stuck where only former partners are left.
"""

from __future__ import annotations

from statistics import mean
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView

from project.shared.demos import Demo, Place, declare
from project.shared.models import Answer
from project.shared.urls import addresses
from project.shared.views import PlayerPage, ThanksView, WaitView
from project.shared.waiting import wait_page
from syncgroups.barriers import GroupCloser
from syncgroups.decisions import GroupProposal
from syncgroups.groupers import Grouper, SimpleGrouper
from syncgroups.registry import register
from syncgroups.states import LinkState

PARTS = ("trio", "pair")


class NewPartners(Grouper):
    """Pairs of people who have been in no group together; after `patience` seconds, of any two."""

    patience = 30

    def ready_to_group(self, participants: list[Any]) -> bool:
        return len(participants) > 1

    def group(self, participants: list[Any]) -> list[GroupProposal]:
        pairs, free = [], list(participants)
        while free:
            first = free.pop(0)
            late = first.active_barriers[self.id].time_waited >= self.patience
            strangers = [other for other in free if groups_of(first).isdisjoint(groups_of(other))]
            for partner in (strangers or (free if late else []))[:1]:
                free.remove(partner)
                pairs.append(GroupProposal(members=[first, partner]))
        return pairs


def groups_of(participant: Any) -> set[int]:
    """Where somebody has been a member. The grouper has loaded it: its rule makes no query."""
    return {link.sync_group_id for link in participant.sync_group_links.all()}


looking = wait_page(_("We are looking for people to work with you. This page moves on automatically."))
anew = wait_page(_("Now we are looking for somebody new to work with you. This page moves on automatically."))
answered = wait_page(_("This page moves on as soon as everybody in your group has answered."))
leave: dict[str, Any] = {"max_wait_time": 180, "on_timeout": "leave"}
register(SimpleGrouper("trio", initial_group_size=3, waiting_logic=looking, **leave))
register(NewPartners("pair", waiting_logic=anew, recheck_interval=5, prefetch=["sync_group_links"], **leave))
for part in PARTS:
    register(GroupCloser(part, waiting_logic=answered, on_member_timeout="go_on", **{**leave, "max_wait_time": 60}))


def places_of(participant: Any) -> list[Place]:
    """The page where somebody belongs: every other page sends them there."""
    groups = {link.group_type: link.active for link in participant.sync_group_links.all()}
    let_through = participant.barrier_links.filter(state=LinkState.RELEASED).values_list("barrier_id", flat=True)
    for part in PARTS:
        if part not in groups and f"{part}_grouper" not in let_through:
            return [Place(f"{part}_wait")]
        if groups.get(part):
            answered = participant.answers.filter(question=part).exists()
            return [Place(f"{part}_answered" if answered else part)]
    return [Place("thanks")]


def mean_of_group(participant: Any, part: str) -> float | None:
    group = participant.sync_groups.filter(group_type=part).last()
    numbers = Answer.objects.to(part, among=group.participants.all()) if group else []
    return mean(numbers) if numbers else None


class EstimateForm(forms.Form):
    number = forms.IntegerField(label=_("Your estimate"), min_value=1, max_value=9999)


class EstimateView(PlayerPage, FormView):
    template_name = "estimate.html"
    form_class = EstimateForm
    part = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        before = mean_of_group(self.participant, "trio") if self.part == "pair" else None
        return super().get_context_data(part=self.part, before=before, patience=60, **kwargs)

    def form_valid(self, form: EstimateForm) -> HttpResponse:
        Answer.objects.keep(self.participant, self.part, form.cleaned_data["number"])
        return self.move_on()


class LastView(ThanksView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(before=mean_of_group(self.participant, "pair"))


summary = _("Groups of three, and then pairs of people who have not met before. Open it in three windows, or in six.")
declare(Demo("regrouping", _("Regrouping"), summary, places_of))

app_name = "regrouping"
pages = []
for part in PARTS:
    pages += [
        path(f"{part}/wait/", WaitView.as_view(barrier_id=f"{part}_grouper"), name=f"{part}_wait"),
        path(f"{part}/", EstimateView.as_view(part=part), name=part),
        path(f"{part}/answered/", WaitView.as_view(barrier_id=f"closer_{part}"), name=f"{part}_answered"),
    ]
urlpatterns = addresses(*pages, thanks=LastView.as_view())

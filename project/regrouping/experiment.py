"""Regrouping: an estimate in groups of three, and a second one in pairs of people who have not met.

As everybody has estimated, the group is closed, so that its members can be grouped anew. Whoever finds nobody new
after a while is paired with somebody from before: nobody is stuck where only former partners are left.
"""

from __future__ import annotations

from collections import Counter
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

#: Seconds for which those who have answered wait for the others of their group.
PATIENCE = 60


class NewPartners(Grouper):
    """Pairs of people who have been in no group together; after `patience` seconds, of any two."""

    patience = 30

    def ready_to_group(self, participants: list[Any]) -> bool:
        return len(participants) > 1

    def group(self, participants: list[Any]) -> list[GroupProposal]:
        pairs, free = [], list(participants)
        while free:
            first = free.pop(0)
            strangers = [other for other in free if groups_of(first).isdisjoint(groups_of(other))]
            # Whoever knows most of those who are here comes first: for them it is hardest to find somebody new.
            known = Counter(group for other in free for group in groups_of(other))
            partner = max(strangers, key=lambda other: sum(known[group] for group in groups_of(other)), default=None)
            if partner is None and free and first.active_barriers[self.id].time_waited >= self.patience:
                partner = free[0]
            if partner is not None:
                free.remove(partner)
                pairs.append(GroupProposal(members=[first, partner]))
        return pairs


def groups_of(participant: Any) -> set[int]:
    """Where somebody has been a member. The grouper has loaded it: its rule makes no query."""
    return {link.sync_group_id for link in participant.sync_group_links.all()}


looking = wait_page(_("We are looking for people to work with you. This page moves on automatically."))
anew = wait_page(_("Now we are looking for somebody new to work with you. This page moves on automatically."))
answered = wait_page(_("This page moves on as soon as everybody in your group has answered."))
search: dict[str, Any] = {"max_wait_time": 180, "on_timeout": "leave"}
register(SimpleGrouper("trio", initial_group_size=3, waiting_logic=looking, **search))
register(NewPartners("pair", waiting_logic=anew, recheck_interval=5, prefetch=["sync_group_links"], **search))
fair: dict[str, Any] = {"max_wait_time": PATIENCE, "on_member_timeout": "go_on", "on_timeout": "leave"}
for part in PARTS:
    register(GroupCloser(part, waiting_logic=answered, **fair))


def places_of(participant: Any) -> list[Place]:
    """The page where somebody belongs: every other page sends them there."""
    groups = {link.group_type: link.active for link in participant.sync_group_links.order_by("pk")}
    let_through = participant.barrier_links.filter(state=LinkState.RELEASED).values_list("barrier_id", flat=True)
    for part in PARTS:
        if part not in groups and f"{part}_grouper" not in let_through:
            return [Place(f"{part}_wait")]
        if groups.get(part):
            answered = participant.answers.filter(question=part).exists()
            return [Place(f"{part}_answered" if answered else part)]
    return [Place("thanks")]


def mean_of_group(participant: Any, part: str) -> float | None:
    """What those of the participant's group said on average; None for somebody who was the only one to say anything."""
    group = participant.sync_groups.filter(group_type=part).last()
    numbers = Answer.objects.to(part, among=group.participants.all()) if group else []
    return mean(numbers) if len(numbers) > 1 else None


class EstimateForm(forms.Form):
    number = forms.IntegerField(
        label=_("Your estimate"), min_value=1, max_value=9999, error_messages={"required": _("Enter a whole number.")}
    )


class EstimateView(PlayerPage, FormView):
    template_name = "estimate.html"
    form_class = EstimateForm
    part = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        before = mean_of_group(self.participant, "trio") if self.part == "pair" else None
        return super().get_context_data(part=self.part, before=before, patience=PATIENCE, **kwargs)

    def form_valid(self, form: EstimateForm) -> HttpResponse:
        Answer.objects.keep(self.participant, self.part, form.cleaned_data["number"])
        return self.move_on()


class AnsweredView(WaitView):
    part = ""

    def get_visit(self) -> str:
        """One for each group: a researcher may put somebody into a second one."""
        group = self.participant.active_sync_groups.get(self.part)
        return str(group.pk) if group else ""


class LastView(ThanksView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(before=mean_of_group(self.participant, "pair"))


summary = _("Groups of three, and then pairs of people who have not met before. Open it in three windows, or in six.")
declare(Demo("regrouping", _("Regrouping"), summary, places_of))

app_name = "regrouping"
urlpatterns = addresses(
    path("trio/wait/", WaitView.as_view(barrier_id="trio_grouper"), name="trio_wait"),
    path("trio/", EstimateView.as_view(part="trio"), name="trio"),
    path("trio/answered/", AnsweredView.as_view(part="trio", barrier_id="closer_trio"), name="trio_answered"),
    path("pair/wait/", WaitView.as_view(barrier_id="pair_grouper"), name="pair_wait"),
    path("pair/", EstimateView.as_view(part="pair"), name="pair"),
    path("pair/answered/", AnsweredView.as_view(part="pair", barrier_id="closer_pair"), name="pair_answered"),
    thanks=LastView.as_view(),
)

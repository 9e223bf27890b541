"""Quorum: a part that is open while three people are present.

Until three are here, everybody rates animals. Then the questions begin, and newcomers join at any time. When somebody
leaves and fewer than three are left, the questions close: those who are left rate animals again, ahead of newcomers,
and go on where they were as soon as three are here.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from project.shared.demos import Demo, Place, declare
from project.shared.models import Answer
from project.shared.urls import addresses
from project.shared.views import PlayerPage, ThanksView, WaitView
from project.shared.waiting import wait_page
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from syncgroups.registry import register
from syncgroups.states import LinkState
from syncgroups.waiting import Activity

ANIMALS = [("🦔", _("hedgehogs")), ("🐙", _("octopuses")), ("🦉", _("owls")), ("🐸", _("frogs")), ("🐌", _("snails"))]
QUESTIONS = [
    {"swim": _("Swim like a dolphin"), "fly": _("Fly like an eagle")},
    {"small": _("Be as small as an ant"), "large": _("Be as large as an elephant")},
    {"night": _("Be awake by night, like a bat"), "day": _("Be awake by day, like a lark")},
]


def rate(request: HttpRequest, participant: Any, link: ParticipantLinkBarrier) -> HttpResponse:
    """A page while waiting. It is done when it answers by a redirect; whoever is let through goes on after that."""
    picture, animal = ANIMALS[(link.pk + link.turns) % len(ANIMALS)]
    if request.POST.get("stars", "") in set("12345"):
        rating = {"animal": picture, "stars": int(request.POST["stars"])}
        Answer.objects.keep(participant, f"animal {link.pk}.{link.turns}", rating)
        return redirect(request.path)
    return render(request, "quorum/rate.html", {"picture": picture, "animal": animal, "link": link})


def is_open(group: SyncGroup, participant: Any) -> bool:
    """Newcomers join those who are enough. Those who are too few come back here, and wait with the newcomers."""
    return len(group.active_participants) >= group.min_group_size


register(
    SimpleGrouper(
        "quorum",
        initial_group_size=3,
        max_group_size=None,
        join_existing_groups=True,
        join_criterion=is_open,
        waiting_logic=Activity(rate, time_estimate=10),
        max_wait_time=300,
        on_timeout="leave",
        quiet_after=60,  # Without scripts, nothing is heard of people until they have rated.
    )
)
register(
    GroupBarrier(
        "quorum_answered",
        "quorum",
        waiting_logic=wait_page(_("This page moves on as soon as everybody who is here has answered.")),
        max_wait_time=60,
        on_member_timeout="go_on",
        on_below_minimum="regroup",
        on_timeout="leave",
    )
)


def places_of(participant: Any) -> list[Place]:
    """The page where somebody belongs: every other page sends them there."""
    let_through = participant.barrier_links.filter(state=LinkState.RELEASED)
    passed = let_through.filter(barrier_id="quorum_answered").count()
    closed = let_through.filter(barrier_id="quorum_grouper", visit="").exists()
    if passed >= len(QUESTIONS):
        return [Place("thanks")]
    if "quorum" not in participant.active_sync_groups:
        return [Place("thanks" if closed else "wait")]  # Only a researcher closes the group for good.
    answered = participant.answers.filter(question__startswith="question").count()
    return [Place("answered" if answered > passed else "question", passed + 1)]


def results(participant: Any, number: int) -> list[tuple[Any, int]]:
    """How many in the participant's group have chosen what, so far."""
    group = participant.sync_groups.last()
    chosen = Answer.objects.to(f"question {number}", among=group.participants.all()) if group and number else []
    return [(label, chosen.count(value)) for value, label in QUESTIONS[number - 1].items()] if chosen else []


class QuestionView(PlayerPage, TemplateView):
    template_name = "question.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        number = self.kwargs["visit"]
        before, choices = results(self.participant, number - 1), QUESTIONS[number - 1]
        return super().get_context_data(before=before, choices=choices, number=number, n=len(QUESTIONS), patience=60)

    def post(self, request: HttpRequest, player: int, visit: int) -> HttpResponse:
        if request.POST.get("choice") in QUESTIONS[visit - 1]:
            Answer.objects.keep(self.participant, f"question {visit}", request.POST["choice"])
        return self.move_on()


class LastView(ThanksView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(before=results(self.participant, len(QUESTIONS)))


summary = _("Questions that are open while three people are here. Until then, people rate animals. Open three windows.")
declare(Demo("quorum", _("Quorum"), summary, places_of))

app_name = "quorum"
urlpatterns = addresses(
    path("wait/", WaitView.as_view(barrier_id="quorum_grouper"), name="wait"),
    path("questions/<int:visit>/", QuestionView.as_view(), name="question"),
    path("questions/<int:visit>/answered/", WaitView.as_view(barrier_id="quorum_answered"), name="answered"),
    thanks=LastView.as_view(),
)

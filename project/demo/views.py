"""The pages of the experiment: consent, a partner, three rounds, thanks."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.generic import FormView, TemplateView

from project.shared import views
from project.shared.conf import PATIENCE

from .barriers import GROUP_TYPE
from .conf import GROUP_SIZE, ROUNDS
from .forms import ChoiceForm
from .journey import memberships, was_left_alone
from .models import Choice
from .results import Game


class StartView(views.StartView):
    extra_context = {"rounds": ROUNDS, "group_size": GROUP_SIZE}


class PlayerPage(views.PlayerPage):
    """A page that knows the game."""

    @property
    def game(self) -> Game:
        membership = memberships(self.participant).last()
        return Game(self.participant, membership and membership.sync_group)


class ChooseView(PlayerPage, FormView):
    """Takes the choice of one round. The first one counts, however often the form is sent."""

    template_name = "choose.html"
    form_class = ChoiceForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        visit = self.kwargs["visit"]
        return super().get_context_data(round=visit, rounds=ROUNDS, patience=round(PATIENCE), **kwargs)

    def form_valid(self, form: ChoiceForm) -> HttpResponse:
        group = self.participant.active_sync_groups.get(GROUP_TYPE)
        if group is not None:  # It may have been closed while the form was on its way.
            Choice.objects.get_or_create(
                participant_id=self.participant.pk,
                group=group,
                round=self.kwargs["visit"],
                defaults={"move": form.cleaned_data["move"]},
            )
        return self.move_on()


class FeedbackView(PlayerPage, TemplateView):
    """Says how a round went, and leads on."""

    template_name = "feedback.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        onwards = self.places[-1]
        return super().get_context_data(
            result=self.game.result(self.kwargs["visit"]),
            next_url=self.demo.url(onwards, self.kwargs["player"]),
            over=onwards.page == "closing",
            cut_short=onwards.page == "closing" and self.kwargs["visit"] < ROUNDS,
            rounds=ROUNDS,
            patience=round(PATIENCE),
            **kwargs,
        )


class ThanksView(PlayerPage, views.ThanksView):
    """Says how the game went."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(game=self.game, left_alone=was_left_alone(self.participant), **kwargs)

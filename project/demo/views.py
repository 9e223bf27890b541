"""The pages of the experiment: consent, a partner, three rounds, thanks.

Every page of a participant lies under their player's number and is open only to those who are there in the
experiment; anybody else is sent to where they are.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from syncgroups.exceptions import NotInGroup
from syncgroups.models import AbstractParticipant, get_participant_model
from syncgroups.models import ParticipantLinkBarrier as Visit
from syncgroups.views import BarrierView, ParticipantMixin

from . import barriers
from .conf import GROUP_SIZE, PATIENCE, ROUNDS
from .forms import ChoiceForm, ConsentForm, new_ticket
from .journey import Place, memberships, places_of, was_left_alone
from .models import Choice
from .players import players, seat
from .results import Game


@method_decorator(never_cache, name="dispatch")
class StartView(FormView):
    """Says what the experiment is, and makes whoever agrees a participant of the cohort that the link names."""

    template_name = "demo/start.html"
    form_class = ConsentForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            ConsentForm.base_fields["cohort"].clean(request.GET.get("cohort", ""))
        except ValidationError:
            return render(request, "demo/bad_link.html", status=400)
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"cohort": self.request.GET.get("cohort", ""), "ticket": new_ticket()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        here = {number: who for number, who in players(self.request).items() if who.is_active}
        return super().get_context_data(players=here, rounds=ROUNDS, group_size=GROUP_SIZE, **kwargs)

    def form_valid(self, form: ConsentForm) -> HttpResponse:
        people = get_participant_model()._default_manager
        participant, _ = people.get_or_create(
            public_id=form.cleaned_data["ticket"], defaults={"cohort": form.cleaned_data["cohort"]}
        )
        return redirect("demo:player", player=seat(self.request, participant))


class PlacedView(View):
    """For pages that belong to one place in the experiment. To be named after `ParticipantMixin` among the bases."""

    participant: AbstractParticipant
    places: list[Place]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        page = request.resolver_match.url_name if request.resolver_match else None
        self.places = places_of(self.participant)
        if Place(page or "", kwargs.get("visit")) not in self.places:
            return self.go_where_they_belong()
        return super().dispatch(request, *args, **kwargs)

    def go_where_they_belong(self) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.places[0].url(self.kwargs["player"]))


class PlayerMixin(ParticipantMixin):
    """For every page of a participant. Who takes part no longer is sent to where that is told, like anybody else."""

    active_required = False
    kwargs: dict[str, Any]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        credit = round(self.participant.time_credit)
        shared = {"participant": self.participant, "player": self.kwargs["player"], "credit": credit}
        return super().get_context_data(**{**shared, **kwargs})  # type: ignore[misc,no-any-return]

    @property
    def game(self) -> Game:
        membership = memberships(self.participant).last()
        return Game(self.participant, membership and membership.sync_group)


class PlayerView(PlayerMixin, PlacedView):
    """Sends the participant to where they are in the experiment."""


class LeaveView(PlayerMixin, View):
    """Ends the participation by the participant's own wish."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, player: int) -> HttpResponse:
        self.participant.leave("left the study")
        return redirect("demo:player", player=player)


class DemoBarrierView(BarrierView, PlacedView):
    """A wait between two places: after it, the participant's place is another one."""

    active_required = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().get(request, *args, **kwargs)
        except NotInGroup:  # It was closed while the participant was on the way here.
            return redirect("demo:player", player=self.kwargs["player"])

    def get_next_url(self) -> str:
        return places_of(self.participant)[0].url(self.kwargs["player"])

    def get_poll_url(self) -> str:
        """That of this window's player."""
        return reverse("demo:standing", kwargs={"player": self.kwargs["player"]})

    def get_estimate_url(self) -> str:
        return reverse("demo:estimate", kwargs={"player": self.kwargs["player"]})


class PartnerView(DemoBarrierView):
    barrier_id = barriers.GROUPER


class WaitView(DemoBarrierView):
    barrier_id = barriers.CHOICE_MADE


class ClosingView(DemoBarrierView):
    barrier_id = barriers.CLOSER


class ChooseView(PlayerMixin, FormView, PlacedView):
    """Takes the choice of one round. The first one counts, however often the form is sent."""

    template_name = "demo/choose.html"
    form_class = ChoiceForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        visit = self.kwargs["visit"]
        return super().get_context_data(round=visit, rounds=ROUNDS, patience=round(PATIENCE), **kwargs)

    def form_valid(self, form: ChoiceForm) -> HttpResponse:
        group = self.participant.active_sync_groups.get(barriers.GROUP_TYPE)
        if group is not None:  # It may have been closed while the form was on its way.
            Choice.objects.get_or_create(
                participant_id=self.participant.pk,
                group=group,
                round=self.kwargs["visit"],
                defaults={"move": form.cleaned_data["move"]},
            )
        return redirect("demo:player", player=self.kwargs["player"])


class FeedbackView(PlayerMixin, TemplateView, PlacedView):
    """Says how a round went, and leads on."""

    template_name = "demo/feedback.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        onwards = self.places[-1]
        return super().get_context_data(
            result=self.game.result(self.kwargs["visit"]),
            next_url=onwards.url(self.kwargs["player"]),
            over=onwards.page == "closing",
            cut_short=onwards.page == "closing" and self.kwargs["visit"] < ROUNDS,
            rounds=ROUNDS,
            patience=round(PATIENCE),
            **kwargs,
        )


class ThanksView(PlayerMixin, TemplateView, PlacedView):
    """The end of the experiment; reaching it finishes the participation."""

    template_name = "demo/thanks.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.participant.finish()
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(game=self.game, left_alone=was_left_alone(self.participant), **kwargs)


class EndView(PlayerMixin, TemplateView, PlacedView):
    """Says why the participation has ended before its time."""

    template_name = "demo/end.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        last: Visit | None = Visit.objects.filter(participant=self.participant.pk).order_by("pk").last()
        return super().get_context_data(
            found_nobody=bool(last and last.failed and last.barrier_id == barriers.GROUPER),
            kept_waiting=self.participant.failed_reason == barriers.KEPT_WAITING,
            **kwargs,
        )

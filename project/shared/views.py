"""Pages that all demos have, and what their own pages are made of.

Every page of a participant lies under the number that they have in this browser and is open only to those who
belong there; anybody else is sent to where they are. So reloading, a second tab and the back button do no harm.
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

from syncgroups.barriers import KEPT_WAITING
from syncgroups.exceptions import AlreadyInGroup, NotInGroup, SyncGroupsError
from syncgroups.models import AbstractParticipant, get_participant_model
from syncgroups.models import ParticipantLinkBarrier as Visit
from syncgroups.states import LinkState, ParticipantStatus
from syncgroups.views import BarrierView, ParticipantMixin

from .demos import DEMOS, Demo, Place, demo_of
from .forms import ConsentForm, new_ticket
from .players import players, seat


class OpenView(View):
    """For pages that are read before there is a participant. The link may name a cohort, which has to make sense."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            ConsentForm.base_fields["cohort"].clean(self.cohort)
        except ValidationError:
            return render(request, "shared/bad_link.html", status=400)
        response: HttpResponse = super().get(request, *args, **kwargs)  # type: ignore[misc]
        return response

    @property
    def cohort(self) -> str:
        return self.request.GET.get("cohort", "")


@method_decorator(never_cache, name="dispatch")
class HomeView(OpenView, TemplateView):
    """Lists the demos, in this order."""

    template_name = "shared/home.html"
    names: tuple[str, ...] = ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(demos=[DEMOS[name] for name in self.names], cohort=self.cohort, **kwargs)


class DemoMixin:
    """For every view of a demo: which one it is, and templates that are the demo's own or else shared."""

    request: HttpRequest
    kwargs: dict[str, Any]
    template_name: str

    @property
    def demo(self) -> Demo:
        demo = demo_of(self.request)
        assert demo is not None  # noqa: S101 - its addresses are those of a demo
        return demo

    def get_template_names(self) -> list[str]:
        return [f"{self.demo.name}/{self.template_name}", f"shared/{self.template_name}"]

    def move_on(self) -> HttpResponse:
        """To wherever the participant belongs by now."""
        return redirect(f"{self.demo.name}:player", player=self.kwargs["player"])


@method_decorator(never_cache, name="dispatch")
class StartView(DemoMixin, OpenView, FormView):
    """Says what the experiment is, and makes whoever agrees a participant of the cohort that the link names."""

    template_name = "start.html"
    form_class = ConsentForm

    def get_initial(self) -> dict[str, Any]:
        return {"cohort": self.cohort, "ticket": new_ticket()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = players(self.request).items()
        here = {n: who for n, who in known if who.is_active and who.details.get("demo") == self.demo.name}
        return super().get_context_data(players=here, cohort=self.cohort, **kwargs)

    def form_valid(self, form: ConsentForm) -> HttpResponse:
        cohort, details = form.cleaned_data["cohort"], {"demo": self.demo.name}
        participant, _ = get_participant_model()._default_manager.get_or_create(
            public_id=form.cleaned_data["ticket"], defaults={"cohort": cohort, "details": details}
        )
        return redirect(f"{self.demo.name}:player", player=seat(self.request, participant))


class PlacedView(DemoMixin, View):
    """For pages that belong to one place in the experiment. To be named after `ParticipantMixin` among the bases."""

    participant: AbstractParticipant
    places: list[Place]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        page = request.resolver_match.url_name if request.resolver_match else None
        self.places = self.find_places()
        if Place(page or "", kwargs.get("visit")) not in self.places:
            return HttpResponseRedirect(self.demo.url(self.places[0], kwargs["player"]))
        return super().dispatch(request, *args, **kwargs)

    def find_places(self) -> list[Place]:
        """Where the participant belongs now, followed by the page to which they may go on from there."""
        if not self.participant.is_active:
            return [Place("thanks" if self.participant.status == ParticipantStatus.FINISHED else "end")]
        return self.demo.places_of(self.participant)


class PlayerMixin(ParticipantMixin):
    """For every page of a participant. Who takes part no longer is sent to where that is told, like anybody else."""

    active_required = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shared = {"participant": self.participant, "credit": round(self.participant.time_credit)}
        return super().get_context_data(**{**shared, **kwargs})  # type: ignore[misc,no-any-return]


class PlayerPage(PlayerMixin, PlacedView):
    """A page of a participant; to be named first among the bases. By itself, it sends them to where they are."""


class WaitView(BarrierView, PlacedView):
    """A wait between two places: after it, the participant's place is another one."""

    active_required = False

    def get_next_url(self) -> str:
        return self.demo.url(self.find_places()[0], self.kwargs["player"])

    get_regroup_url = get_next_url

    def find_places(self) -> list[Place]:
        """Who was let through in the middle of something to do here may send it, and goes on after that."""
        places = super().find_places()
        if self.request.method == "POST" and self.participant.is_active and self.has_passed():
            places = [*places, Place(self.request.resolver_match.url_name, self.kwargs.get("visit"))]  # type: ignore[union-attr,arg-type]
        return places

    def has_passed(self) -> bool:
        visits = Visit.objects.filter(participant=self.participant.pk, barrier_id=self.get_barrier_id())
        return visits.filter(visit=self.get_visit(), state=LinkState.RELEASED).exists()

    def get_poll_url(self) -> str:
        """That of this window's player."""
        return reverse(f"{self.demo.name}:standing", args=[self.kwargs["player"]])

    def get_estimate_url(self) -> str:
        return reverse(f"{self.demo.name}:estimate", args=[self.kwargs["player"]])

    def show_error(self, error: SyncGroupsError) -> HttpResponse:
        if isinstance(error, NotInGroup | AlreadyInGroup):
            # Others have changed the group while the participant was on the way here.
            return self.move_on()
        return super().show_error(error)


class LeaveView(PlayerMixin, DemoMixin, View):
    """Ends the participation by the participant's own wish."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, player: int) -> HttpResponse:
        self.participant.leave("left the study")
        return self.move_on()


class ThanksView(PlayerPage, TemplateView):
    """The end of the experiment; reaching it finishes the participation."""

    template_name = "thanks.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.participant.finish()
        return super().get(request, *args, **kwargs)


class EndView(PlayerPage, TemplateView):
    """Says why the participation has ended before its time."""

    template_name = "end.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        last: Visit | None = Visit.objects.filter(participant=self.participant.pk).order_by("pk").last()
        late = last if last is not None and last.state == LinkState.TIMED_OUT else None
        return super().get_context_data(
            found_nobody=late is not None and late.get_barrier().forms_groups,
            others_did_not_come=late is not None,
            kept_waiting=self.participant.failed_reason == KEPT_WAITING,
            **kwargs,
        )

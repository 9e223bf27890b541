"""A small site for tests of the participant's side: addresses, barriers, and what is stored before and after."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.utils.functional import SimpleLazyObject
from django.views import View

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.exceptions import SyncGroupsError
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token, participant_from_token, participant_of_token, remember
from syncgroups.models import AbstractParticipant
from syncgroups.views import BarrierView, ParticipantMixin
from tests.acceptance.streams import StreamingBarrierView, stream

Page = Callable[..., HttpResponse]

#: The site has its own; these tests are of the app's.
DEFAULT_RESOLVER = "syncgroups.identity.participant_from_token"

#: Everything from this site only, nothing inline.
STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'"
)


def strict(page: Page) -> Page:
    """The page, under a Content-Security-Policy that forbids everything that pages can do without."""

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = page(request, *args, **kwargs)
        response["Content-Security-Policy"] = STRICT_POLICY
        return response

    return answer


class TokenInTheAddress(BarrierView):
    """For sites that keep no cookie."""

    def get_token(self) -> str:
        return self.request.GET.get("token", "")


def resolve_from_address(request: HttpRequest) -> AbstractParticipant | None:
    """A resolver of the site's own."""
    token = request.GET.get("token") or request.headers.get("Authorization", "").removeprefix("Participant ")
    return participant_of_token(token) if token else None


def resolve_lazily(request: HttpRequest) -> Any:
    """A resolver that leaves it to others to look, as ``request.user`` does."""
    return SimpleLazyObject(lambda: participant_from_token(request))


class Thanks(ParticipantMixin, View):
    active_required = False

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"Thank you, {self.participant}.")


def enter(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the invitation."""
    try:
        remember(request, participant_of_token(token))
    except SyncGroupsError as error:
        return HttpResponse("This link does not work.", status=error.status)
    return redirect("lobby")


def arrived(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<!doctype html><html lang=en><title>On</title><h1>You have gone on</h1>")


urlpatterns = [
    path("sync/", include("syncgroups.urls")),
    path("enter/<str:token>/", enter),
    path("lobby/", strict(BarrierView.as_view(barrier_id="pair_grouper", next_url="next")), name="lobby"),
    path("together/", strict(BarrierView.as_view(barrier_id="together", next_url="next")), name="together"),
    path("together/<str:visit>/", BarrierView.as_view(barrier_id="together", next_url="next"), name="round"),
    path("trying/", BarrierView.as_view(barrier_id="together", next_url="next", regroup_url="lobby"), name="trying"),
    path("again/<str:visit>/", BarrierView.as_view(barrier_id="pair_grouper", next_url="next"), name="again"),
    path("monday/", BarrierView.as_view(barrier_id="pair_grouper", next_url="next", cohort="monday"), name="monday"),
    path("at/<str:barrier_id>/", BarrierView.as_view(next_url="next"), name="at"),
    path("ended/", BarrierView.as_view(barrier_id="pair_grouper", next_url="next", end_url="thanks"), name="ended"),
    path("circle/", BarrierView.as_view(barrier_id="pair_grouper", next_url="next", end_url="circle"), name="circle"),
    path("by-token/", TokenInTheAddress.as_view(barrier_id="pair_grouper", next_url="next"), name="by_token"),
    path("pushed/", strict(StreamingBarrierView.as_view(barrier_id="pair_grouper", next_url="next")), name="pushed"),
    path("stream/", stream),
    path("thanks/", Thanks.as_view(), name="thanks"),
    path("next/", arrived, name="next"),
    path("<path:study>/wait/", BarrierView.as_view(barrier_id="pair_grouper", next_url="next"), name="of_any_study"),
]


@contextmanager
def barriers_of_the_site(**options: Any) -> Iterator[None]:
    """For the duration: a grouper of pairs, and a barrier where they meet."""
    options = {"max_wait_time": 600, **options}
    with testing.declared(
        SimpleGrouper("pair", initial_group_size=2, **options), GroupBarrier("together", "pair", **options)
    ):
        yield


def signed_in(participant: AbstractParticipant, **headers: str) -> dict[str, str]:
    """Headers of a program that is this participant's."""
    return {"Authorization": f"Participant {issue_token(participant)}", "Accept": "application/json", **headers}


def look(client, address, participant, **headers):
    """Open a page as a browser does."""
    return client.get(address, headers=signed_in(participant, Accept="text/html,*/*;q=0.8", **headers))


def make_pair() -> list[AbstractParticipant]:
    """Two participants in a group."""
    pair = testing.make_participants(2)
    testing.arrive_all(pair, "pair_grouper", visit="")
    testing.process("pair_grouper")
    return pair


def everything_stored() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    models = [model for model in apps.get_models() if not model._meta.proxy]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}

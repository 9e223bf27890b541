"""Pages: a barrier is a page that receives, shows what there is to see meanwhile, and lets through."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.decorators import classonlymethod, method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache

from . import arrivals, push, registry
from .conf import settings
from .exceptions import NoExtensionLeft, NotWaiting, ParticipantNotActive, SyncGroupsError, WrongCohort
from .identity import SCHEME, page_is_hidden, public_detail, resolve_participant
from .models import AbstractParticipant, ParticipantLinkBarrier
from .standing import HAD_ENOUGH, explain_end, standing_of
from .states import LinkState
from .waiting import Activity, WaitPage
from .wording import words_of_wait

#: Seconds between two reloads of a waiting page that has no scripts: each is a whole page to fetch and to hear.
SHORTEST_REFRESH = 3


class ParticipantMixin:
    """For pages of participants: ``self.participant`` is who asks; who takes part no longer is told why.

    Set `active_required` to False for pages that those who failed, left or finished may see, too.
    """

    request: HttpRequest
    participant: AbstractParticipant
    active_required: ClassVar[bool] = True
    #: The only cohort that the page is for; None for any.
    cohort: str | None = None
    #: Where to send participants who have failed, left or finished; None for the app's own page.
    end_url: str | None = None

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.participant = resolve_participant(request)
            self.check_access()
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except ParticipantNotActive:
            return self.show_end()
        except SyncGroupsError as error:
            return self.show_error(error)
        # A request that is refused leaves no trace, not even as a sign of life.
        if response.status_code < 400 and self.participant.is_active:
            arrivals.note_presence(self.participant, hidden=page_is_hidden(request), barriers=self.get_barrier_ids())
        return response

    def get_barrier_ids(self) -> list[str]:
        """Barriers at which the page lets people wait."""
        return []

    def check_access(self) -> None:
        """Raise `WrongCohort` or `ParticipantNotActive` for those whom the page is not for."""
        if self.cohort is not None and self.participant.cohort != self.cohort:
            raise WrongCohort("This page is for another cohort.")
        if self.active_required and not self.participant.is_active:
            raise ParticipantNotActive(f"{self.participant} takes part no longer.")

    def show_end(self) -> HttpResponse:
        """Tell a participant that, and why, they take part no longer."""
        self.participant.refresh_from_db(fields=["status", "failed", "failed_reason"])
        reason = explain_end(self.participant)
        if wants_json(self.request):
            return JsonResponse({"code": "participant_not_active", "detail": reason}, status=403)
        if self.end_url and resolve_url(self.end_url) != self.request.path:
            return redirect(self.end_url)
        context = {"participant": self.participant, "reason": reason}
        return render(self.request, "syncgroups/end.html", context, status=403)

    def show_error(self, error: SyncGroupsError) -> HttpResponse:
        """Tell the participant what is wrong; nothing has been changed."""
        detail = public_detail(error)
        if wants_json(self.request):
            response: HttpResponse = JsonResponse({"code": error.code, "detail": detail}, status=error.status)
        else:
            context = {"error": error, "detail": detail}
            response = render(self.request, "syncgroups/error.html", context, status=error.status)
        if error.status == 401:
            response["WWW-Authenticate"] = SCHEME
        return response


class BarrierMixin(ParticipantMixin):
    """For the site's own pages at a barrier. `receive` lets the participant begin to wait, or finds the visit.

    A page at a barrier stands for one visit: reloading it, going back to it or opening it twice never starts
    to wait anew. Where a participant comes by several times, e.g. once a round, say which time it is, by
    a ``visit`` in the URL or in `get_visit`.
    """

    barrier_id: str = ""
    kwargs: dict[str, Any]

    def get_barrier_id(self) -> str:
        return str(self.barrier_id or self.kwargs.get("barrier_id", ""))

    def get_barrier_ids(self) -> list[str]:
        return [self.get_barrier_id()]

    def get_visit(self) -> str:
        """Name of this visit among those of the participant to the barrier."""
        return str(self.kwargs.get("visit", ""))

    def receive(self) -> ParticipantLinkBarrier:
        """The participant's visit, begun now unless it had been. Raises as `syncgroups.arrivals.arrive`."""
        return arrivals.arrive(self.participant, self.get_barrier_id(), visit=self.get_visit())


class BarrierView(BarrierMixin, View):
    """Receives the participant, shows the waiting logic, and goes on to `next_url` once they are released.

    Parameters of ``as_view``
    -------------------------
    barrier_id
        The barrier; or a ``<barrier_id>`` in the URL.
    next_url
        Where to go on: the name of a URL pattern, or a path on this site. Never read from the request.
    regroup_url
        Where those go on who are sent back to be grouped: the grouper's page.
    end_url
        Where those go who failed, left or finished; by default a page of the app that says why.
    cohort
        The only cohort that the page is for.
    """

    http_method_names = ["get", "head", "post", "options"]
    next_url: str | None = None
    regroup_url: str | None = None

    @classonlymethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view. Refuses at once, and not when the first are released, what would not know where to go on."""
        own_way = cls.let_through is not BarrierView.let_through or cls.get_next_url is not BarrierView.get_next_url
        if not (own_way or initkwargs.get("next_url", cls.next_url)):
            raise ImproperlyConfigured(f"{cls.__name__} needs a next_url, or a get_next_url() of its own.")
        view = super().as_view(**initkwargs)
        barrier = registry.find(initkwargs.get("barrier_id", cls.barrier_id))
        if barrier is not None:
            cls(**initkwargs).check_way_back(barrier)
        return view

    def check_way_back(self, barrier: Any) -> None:
        """Refuse before anybody waits, and not when the first are sent back, what would not know where to send them."""
        own_way = (
            type(self).go_on is not BarrierView.go_on or type(self).get_regroup_url is not BarrierView.get_regroup_url
        )
        if barrier.may_regroup and not (own_way or self.regroup_url):
            raise ImproperlyConfigured(
                f"The page of barrier '{barrier.id}' needs a regroup_url: where people wait to be grouped anew."
            )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.check_way_back(registry.get(self.get_barrier_id()))
        return self.go_on(self.receive())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Take a participant's choice between more time and leaving, or what they did in an activity."""
        if not self.takes_posts():
            return self.http_method_not_allowed(request)
        link = self.receive()
        choice = request.POST.get("syncgroups")
        if choice in ("extend", "leave") and registry.get(link.barrier_id).extensions:
            return self.choose(link, choice)
        if link.state in (LinkState.WAITING, LinkState.RELEASED, LinkState.REGROUPED):
            return self.take_part(link)
        return self.go_on(link)

    def takes_posts(self) -> bool:
        """Whether there is something to choose or to do here."""
        barrier = registry.get(self.get_barrier_id())
        return bool(barrier.extensions) or any(isinstance(page, Activity) for page in barrier.waiting_pages)

    def go_on(self, link: ParticipantLinkBarrier) -> HttpResponseBase:
        """What a participant sees whose visit is in that state."""
        if link.state == LinkState.WAITING:
            return self.wait(link)
        if link.state == LinkState.RELEASED:
            return self.let_through(link)
        if link.state == LinkState.REGROUPED and self.participant.is_active:
            return redirect(self.get_regroup_url())
        return self.show_end()

    def choose(self, link: ParticipantLinkBarrier, choice: str) -> HttpResponseBase:
        """Wait for longer, or leave. Whoever has been released meanwhile is let through.

        A form that says by ``extensions`` how many its page knew of is heeded once, however often it is sent.
        """
        known = self.request.POST.get("extensions", str(link.extensions))
        with suppress(NotWaiting, NoExtensionLeft):
            if choice == "leave" and link.state == LinkState.WAITING:
                self.participant.leave(HAD_ENOUGH)
            elif choice == "extend" and known == str(link.extensions):
                link.extend()
        return redirect(self.request.get_full_path())

    def take_part(self, link: ParticipantLinkBarrier) -> HttpResponseBase:
        """Hand what was sent to the activity whose turn it is; once it is done, come back to this page."""
        page = self.get_page(link)
        if not isinstance(page, Activity) or self.get_turn() != link.turns:
            return redirect(self.get_turn_url(None))
        act = partial(page.answer, self.request, participant=self.participant, link=link)
        response = arrivals.take_turn(link, link.turns, act, done=is_redirect)
        return redirect(self.get_turn_url(None)) if is_redirect(response) else response

    def head(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whether the page is there. Nobody begins to wait by asking that."""
        registry.get(self.get_barrier_id())
        return HttpResponse()

    def let_through(self, link: ParticipantLinkBarrier) -> HttpResponseBase:
        """Go on."""
        return redirect(self.get_next_url())

    def get_next_url(self) -> str:
        """Where to go on."""
        return resolve_url(self.next_url or "/")

    def get_regroup_url(self) -> str:
        """Where those go on who are sent back to be grouped."""
        return resolve_url(self.regroup_url or "/")

    def get_poll_url(self) -> str:
        """Where the waiting page asks how things stand."""
        return reverse("syncgroups:standing")

    def get_stream_url(self) -> str:
        """Where the waiting page hears when it is worth asking; empty where it has to poll.

        A page that sends a token cannot: browsers send no header of ours with what they open a stream by.
        """
        return self.get_poll_url() if push.offered(self.request) and not self.get_token() else ""

    def get_estimate_url(self) -> str:
        """Where the waiting page asks, now and then, how long it may still take; empty for nowhere."""
        return reverse("syncgroups:estimate")

    def get_token(self) -> str:
        """What the waiting page sends as ``Authorization: Participant …``; empty where a cookie says who asks."""
        return ""

    def wait(self, link: ParticipantLinkBarrier) -> HttpResponseBase:
        """Show what the barrier declares for those who wait, and whose turn it is."""
        self.turn_page(link)
        page = self.get_page(link)
        if isinstance(page, Activity):
            if self.get_turn() != link.turns:
                return redirect(self.get_turn_url(link.turns))
            return page.answer(self.request, participant=self.participant, link=link)
        page = page if isinstance(page, WaitPage) else page(self.participant, link)
        return self.show_page(page, link) if isinstance(page, WaitPage) else page

    def turn_page(self, link: ParticipantLinkBarrier) -> None:
        """Go on to the next page where the time of one is over, as its reader asks. Activities end by what is done."""
        asks = self.get_turn() == link.turns + 1 and self.turns_by_itself(link)
        if asks and arrivals.turn_page(link, link.turns):
            link.turns += 1

    def turns_by_itself(self, link: ParticipantLinkBarrier) -> bool:
        """Whether another page follows this one after a while."""
        return len(self.get_pages(link)) > 1 and not isinstance(self.get_page(link), Activity)

    def get_pages(self, link: ParticipantLinkBarrier) -> list[Any]:
        pages: list[Any] = registry.get(link.barrier_id).waiting_pages
        return pages

    def get_page(self, link: ParticipantLinkBarrier) -> Any:
        """What the waiting logic shows after so many turns: its parts in turn, over and over."""
        pages = self.get_pages(link)
        return pages[link.turns % len(pages)]

    def get_turn(self) -> int | None:
        """Which turn the page is about, that is shown or sent; a page of before must not be taken for this one."""
        turn = self.request.GET.get("turn", "")
        return int(turn) if turn.isdecimal() and len(turn) < 10 else None

    def get_turn_url(self, turn: int | None) -> str:
        """This page's own address, about that turn, or about none. Whatever else the address says is kept."""
        query = self.request.GET.copy()
        query.pop("turn", None)
        if turn is not None:
            query["turn"] = str(turn)
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    def show_page(self, page: WaitPage, link: ParticipantLinkBarrier) -> HttpResponse:
        return render(self.request, page.template_name, self.get_page_context(page, link))

    def get_page_context(self, page: WaitPage, link: ParticipantLinkBarrier) -> dict[str, Any]:
        """What the template of a waiting page is given."""
        waits = {wait.visit_id: wait for wait in standing_of(self.participant).waits}
        wait = waits.get(str(link.public_id))
        interval = max(page.wait_time, settings.POLL_INTERVAL)
        return {
            "participant": self.participant,
            "page": page,
            "link": link,
            "wait": wait,
            "title": _("Please wait"),
            **self.get_choices(link),
            **self.get_turns(page, link),
            "poll_url": self.get_poll_url(),
            "poll_interval": interval,
            "stream_url": self.get_stream_url(),
            "push_poll_interval": max(interval, settings.PUSH_POLL_INTERVAL),
            "refresh_after": max(math.ceil(interval), SHORTEST_REFRESH),
            "token": self.get_token(),
            "estimate_url": self.get_estimate_url(),
            **words_of_wait(self.participant, link, wait),
        }

    def get_choices(self, link: ParticipantLinkBarrier) -> dict[str, Any]:
        """How often, and for how many seconds, one may choose to wait for longer."""
        barrier = registry.get(link.barrier_id)
        left = max(0, barrier.extensions - link.extensions)
        return {"extensions_left": left, "extension_time": barrier.extension_time}

    def get_turns(self, page: WaitPage, link: ParticipantLinkBarrier) -> dict[str, Any]:
        """Where the page goes by itself, after how many seconds."""
        turns = self.turns_by_itself(link)
        return {"turn_url": self.get_turn_url(link.turns + 1) if turns else "", "turn_after": page.wait_time}


def is_redirect(response: HttpResponseBase) -> bool:
    """Whether the browser is sent on to another page."""
    return 300 <= response.status_code < 400


def wants_json(request: HttpRequest) -> bool:
    """Whether the client is a program."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"

"""A barrier is a page that receives, shows what there is to see meanwhile, and lets through."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import NoReverseMatch
from django.utils.decorators import classonlymethod
from django.utils.http import escape_leading_slashes
from django.views import View

from .. import arrivals, registry
from ..exceptions import AlreadyInGroup, NoExtensionLeft, NotInGroup, NotWaiting, SyncGroupsError
from ..models import ParticipantLinkBarrier
from ..standing import HAD_ENOUGH, is_grouped_by_other_means
from ..states import LinkState
from ..waiting import Activity
from .participants import ParticipantMixin, wants_json
from .waiting import WaitingMixin


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

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong with how the page is declared: the end of a sentence, and a hint. For the system checks."""
        barrier_id = self.declared("barrier_id")
        if barrier_id and registry.find(barrier_id) is None:
            known = ", ".join(sorted(barrier.id for barrier in registry.all_barriers())) or "none"
            yield f"is for barrier '{barrier_id}', which is not declared", f"Declared are: {known}."

    def declared(self, name: str) -> str:
        """What is declared as this attribute; empty where it is computed for each request."""
        value = inspect.getattr_static(self, name)
        return value if isinstance(value, str) else ""

    def receive(self) -> ParticipantLinkBarrier:
        """The participant's visit, begun now unless it had been. Raises as `syncgroups.arrivals.arrive`."""
        return arrivals.arrive(self.participant, self.get_barrier_id(), visit=self.get_visit())


class BarrierView(BarrierMixin, WaitingMixin, View):
    """Receives the participant, shows the waiting logic, and goes on to `next_url` once they are released.

    Parameters of ``as_view``
    -------------------------
    barrier_id
        The barrier; or a ``<barrier_id>`` in the URL.
    next_url
        Where to go on: the name of a URL pattern, or a path on this site. Never read from the request.
    regroup_url
        Where those go on who are sent back to be grouped, or have no group (any longer): the grouper's page.
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
        own_way = type(self).go_on is not BarrierView.go_on
        if barrier.may_regroup and not (own_way or self.knows_way_back()):
            raise ImproperlyConfigured(
                f"The page of barrier '{barrier.id}' needs a regroup_url: where people wait to be grouped anew."
            )

    def dead_ends(self) -> Iterator[tuple[str, str]]:
        """Which ways lead nowhere, as `problems`."""
        for name in ("next_url", "regroup_url", "end_url"):
            try:
                resolve_url(self.declared(name) or "/")
            except NoReverseMatch:
                # Pages with a way of their own may mean something else by it.
                if getattr(type(self), f"get_{name}", None) is getattr(BarrierView, f"get_{name}", None):
                    hint = "Name a URL pattern that takes no arguments, or a path on this site."
                    yield f"has the {name} '{self.declared(name)}', which leads nowhere", hint

    def knows_way_back(self) -> bool:
        """Whether the page says where people wait to be grouped."""
        return bool(self.regroup_url) or type(self).get_regroup_url is not BarrierView.get_regroup_url

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
            return self.send_back()
        return self.show_end()

    def choose(self, link: ParticipantLinkBarrier, choice: str) -> HttpResponseBase:
        """Wait for longer, or leave. Whoever has been released meanwhile is let through.

        A form that says by ``extensions`` how many its page knew of is heeded once, however often it is sent.
        """
        known = self.request.POST.get("extensions", str(link.extensions))
        with suppress(NotWaiting, NoExtensionLeft):
            if choice == "leave":
                arrivals.leave(self.participant, HAD_ENOUGH, visit=link)
            elif choice == "extend" and known == str(link.extensions):
                link.extend()
        return redirect(escape_leading_slashes(self.request.get_full_path()))

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

    def show_error(self, error: SyncGroupsError) -> HttpResponse:
        """Whoever comes to be grouped, and has been added to a group before, has nothing to wait for, and goes on.

        Whoever comes without a group, since it was closed or they were taken out of it, is sent back to be grouped.
        """
        if isinstance(error, NotInGroup) and self.knows_way_back() and not wants_json(self.request):
            return self.send_back()
        own_way = type(self).let_through is not BarrierView.let_through
        if isinstance(error, AlreadyInGroup) and not own_way and not wants_json(self.request):
            group_type = registry.get(self.get_barrier_id()).group_type
            if is_grouped_by_other_means(self.participant, group_type):
                return redirect(self.get_next_url())
        return super().show_error(error)

    def send_back(self) -> HttpResponse:
        """To where people wait to be grouped; and wait there, whatever has come of their wait there before."""
        arrivals.let_arrive_anew(self.participant, registry.get(self.get_barrier_id()).group_type)
        return redirect(self.get_regroup_url())

    def get_next_url(self) -> str:
        """Where to go on."""
        return resolve_url(self.next_url or "/")

    def get_regroup_url(self) -> str:
        """Where those go on who are sent back to be grouped."""
        return resolve_url(self.regroup_url or "/")


def is_redirect(response: HttpResponseBase) -> bool:
    """Whether the browser is sent on to another page."""
    return 300 <= response.status_code < 400

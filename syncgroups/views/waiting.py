"""What is shown while people wait: the pages of the waiting logic in turn, and what their templates are given."""

from __future__ import annotations

import math
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext as _

from .. import arrivals, push, registry
from ..conf import settings
from ..models import AbstractParticipant, ParticipantLinkBarrier
from ..standing import standing_of
from ..waiting import Activity, WaitPage
from ..wording import words_of_wait

#: Seconds between two reloads of a waiting page that has no scripts: each is a whole page to fetch and to hear.
SHORTEST_REFRESH = 3


class WaitingMixin:
    """Shows what a barrier declares for those who wait. Override what should differ."""

    request: HttpRequest
    participant: AbstractParticipant

    def wait(self, link: ParticipantLinkBarrier) -> HttpResponseBase:
        """Show what the barrier declares for those who wait, and whose turn it is."""
        self.turn_page(link)
        page = self.get_page(link)
        if isinstance(page, Activity):
            if self.get_turn() != link.turns:
                return redirect(self.get_turn_url(link.turns))
            return page.answer(self.request, participant=self.participant, link=link)
        page = page if isinstance(page, WaitPage) else self.call_page(page, link)
        return self.show_page(page, link) if isinstance(page, WaitPage) else page

    def call_page(self, function: Any, link: ParticipantLinkBarrier) -> WaitPage | HttpResponseBase:
        """What a function of the participant and the link has to show."""
        page = function(self.participant, link)
        if isinstance(page, WaitPage | HttpResponseBase):
            return page
        raise ImproperlyConfigured(
            f"The waiting_logic of barrier '{link.barrier_id}' is a function that returned {page!r}. It may return a"
            " WaitPage or a response. A view or an Activity belongs into the waiting_logic itself."
        )

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
        path = escape_leading_slashes(escape_uri_path(self.request.path))
        return f"{path}?{query.urlencode()}" if query else path

    def show_page(self, page: WaitPage, link: ParticipantLinkBarrier) -> HttpResponse:
        return render(self.request, page.template_name, self.get_page_context(page, link))

    def get_page_context(self, page: WaitPage, link: ParticipantLinkBarrier) -> dict[str, Any]:
        """What the template of a waiting page is given."""
        waits = {wait.visit_id: wait for wait in standing_of(self.participant).waits}
        wait = waits.get(str(link.public_id))
        shown_for = max(page.wait_time, settings.POLL_INTERVAL)
        # A page that another one follows says for how long it is shown, and not how often it asks meanwhile.
        interval = settings.POLL_INTERVAL if self.turns_by_itself(link) else shown_for
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
            "refresh_after": max(math.ceil(shown_for), SHORTEST_REFRESH),
            "token": self.get_token(),
            "estimate_url": self.get_estimate_url(),
            **words_of_wait(self.participant, link, wait),
        }

    def get_choices(self, link: ParticipantLinkBarrier) -> dict[str, Any]:
        """How often, and for how many seconds, one may choose to wait for longer."""
        barrier = registry.get(link.barrier_id)
        most, time = barrier.extensions, barrier.extension_time
        return {"extensions": most, "extensions_left": max(0, most - link.extensions), "extension_time": time}

    def get_turns(self, page: WaitPage, link: ParticipantLinkBarrier) -> dict[str, Any]:
        """Where the page goes by itself, after how many seconds."""
        turns = self.turns_by_itself(link)
        return {"turn_url": self.get_turn_url(link.turns + 1) if turns else "", "turn_after": page.wait_time}

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

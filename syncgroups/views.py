"""Pages: a barrier is a page that receives, shows what there is to see meanwhile, and lets through."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache

from . import arrivals, registry
from .conf import settings
from .exceptions import SyncGroupsError, WrongCohort
from .identity import resolve_participant
from .models import AbstractParticipant, ParticipantLinkBarrier
from .standing import standing_of
from .states import LinkState
from .waiting import WaitPage


class ParticipantMixin:
    """For pages of participants: ``self.participant`` is who asks; who takes part no longer is told why.

    Set `active_required` to False for pages that those who failed, left or finished may see, too.
    """

    request: HttpRequest
    participant: AbstractParticipant
    active_required: ClassVar[bool] = True
    #: The only cohort that the page is for; None for any.
    cohort: str | None = None
    #: Where to send participants who have failed or left; None for the app's own page.
    end_url: str | None = None

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.participant = resolve_participant(request)
            arrivals.note_presence(self.participant)
            if self.cohort is not None and self.participant.cohort != self.cohort:
                raise WrongCohort("This page is for another cohort.")
            if self.active_required and not self.participant.is_active:
                return self.show_end()
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc,no-any-return]
        except SyncGroupsError as error:
            return self.show_error(error)

    def show_end(self) -> HttpResponse:
        """Tell a participant that, and why, they take part no longer."""
        if self.end_url and not wants_json(self.request):
            return redirect(self.end_url)
        if wants_json(self.request):
            reason = self.participant.failed_reason or self.participant.get_status_display()  # type: ignore[attr-defined]
            return JsonResponse({"code": "participant_not_active", "detail": reason}, status=403)
        return render(self.request, "syncgroups/end.html", {"participant": self.participant}, status=403)

    def show_error(self, error: SyncGroupsError) -> HttpResponse:
        """Tell the participant what is wrong; nothing has been changed."""
        if wants_json(self.request):
            return JsonResponse({"code": error.code, "detail": str(error)}, status=error.status)
        return render(self.request, "syncgroups/error.html", {"error": error}, status=error.status)


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
        Where to go on: the name of a URL pattern, or a path on this site.
    end_url
        Where those go who failed or left; by default a page of the app that says why.
    cohort
        The only cohort that the page is for.
    """

    next_url: str | None = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        link = self.receive()
        if link.state == LinkState.WAITING:
            return self.wait(link)
        if link.state == LinkState.RELEASED:
            return self.let_through(link)
        return self.show_end()

    def let_through(self, link: ParticipantLinkBarrier) -> HttpResponse:
        """Go on."""
        return redirect(self.get_next_url())

    def get_next_url(self) -> str:
        if not self.next_url:
            raise ImproperlyConfigured(
                f"{type(self).__name__} needs a next_url, or a get_next_url() of its own."
            )
        return resolve_url(self.next_url)

    def wait(self, link: ParticipantLinkBarrier) -> HttpResponseBase:
        """Show what the barrier declares for those who wait."""
        logic = registry.get(link.barrier_id).waiting_logic
        page = logic if isinstance(logic, WaitPage) else logic(self.participant, link)
        return self.show_page(page, link) if isinstance(page, WaitPage) else page

    def show_page(self, page: WaitPage, link: ParticipantLinkBarrier) -> HttpResponse:
        standing = standing_of(self.participant)
        here = next((wait for wait in standing.waits if wait.barrier_id == link.barrier_id), None)
        context = {
            "participant": self.participant,
            "page": page,
            "link": link,
            "wait": here,
            "title": _("Please wait"),
            "poll_interval": settings.POLL_INTERVAL,
        }
        return render(self.request, page.template_name, context)


def wants_json(request: HttpRequest) -> bool:
    """Whether the client is a program."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"

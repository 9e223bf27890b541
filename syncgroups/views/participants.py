"""Pages for participants: who asks, and what they are told who take part no longer."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import escape_leading_slashes
from django.views.decorators.cache import never_cache

from ..exceptions import ParticipantNotActive, SyncGroupsError, WrongCohort
from ..identity import SCHEME, note_presence_by, public_detail, resolve_participant
from ..models import AbstractParticipant
from ..problems import MEDIA_TYPE, problem, problem_of
from ..standing import explain_end


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
            note_presence_by(request, self.participant, self.get_barrier_ids())
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
            return problem(self.request, 403, "participant_not_active", reason)
        if self.end_url and resolve_url(self.end_url) != self.request.path:
            return redirect(self.end_url)
        context = {"participant": self.participant, "reason": reason}
        return render(self.request, "syncgroups/end.html", context, status=403)

    def show_error(self, error: SyncGroupsError) -> HttpResponse:
        """Tell the participant what is wrong; nothing has been changed."""
        if wants_json(self.request):
            return problem_of(self.request, error)
        again = escape_leading_slashes(self.request.get_full_path())
        context = {"error": error, "detail": public_detail(error), "again": again}
        response = render(self.request, "syncgroups/error.html", context, status=error.status)
        if error.status == 401:
            response["WWW-Authenticate"] = SCHEME
        return response


def wants_json(request: HttpRequest) -> bool:
    """Whether the client is a program."""
    return request.get_preferred_type(["text/html", "application/json", MEDIA_TYPE]) in ("application/json", MEDIA_TYPE)

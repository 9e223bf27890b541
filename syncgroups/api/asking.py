"""What every participant's endpoint has in common: who asks, how often they may, and how errors are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers
from rest_framework.authentication import CSRFCheck
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from ..identity import SCHEME, note_presence_by, public_detail, resolve_participant
from ..models import AbstractParticipant
from .answers import AlwaysJson, Json
from .describing import schema
from .errors import as_problem
from .throttles import OwnPace

#: Ways to sign in that no browser uses by itself: such a request has been sent on purpose.
ON_PURPOSE = {SCHEME.lower(), "bearer"}


class ForParticipants(APIView):
    """Answers participants about themselves, whatever the site's own defaults for its API are.

    Who asks is made out by the site's resolver; there is no way to ask about anybody else.
    """

    authentication_classes = []
    permission_classes = []
    parser_classes = [Json]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJson
    versioning_class = None
    throttle_classes = [OwnPace]
    throttle_scope = "poll"
    #: For the description of the API, where it is made.
    schema = schema()
    participant: AbstractParticipant
    #: What is answered, whether with an ETag, and which parameters the address takes.
    answer: Any
    conditional = True
    query: dict[str, str] = {}
    #: How the app's own errors are told.
    sentence = staticmethod(public_detail)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.participant = resolve_participant(request._request)
        if request.method not in SAFE_METHODS:
            require_no_forgery(request)
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if "Cache-Control" not in response:
            add_never_cache_headers(response)
        return response

    def note_presence(self, barriers: Iterable[str]) -> None:
        """See `syncgroups.arrivals.note_presence`."""
        if self.participant.is_active:
            note_presence_by(self.request._request, self.participant, barriers)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """What may be done here."""
        return HttpResponse(headers={"Allow": ", ".join(self.allowed_methods)})

    def get_exception_handler(self) -> Callable[..., Any]:
        return as_problem


def require_no_forgery(request: Request) -> None:
    """Raise DRF's `PermissionDenied` where a page elsewhere may have made the browser send this."""
    if request.headers.get("Authorization", "").partition(" ")[0].lower() in ON_PURPOSE:
        return
    check = CSRFCheck(lambda request: None)  # type: ignore[arg-type]
    check.process_request(request._request)
    if reason := check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]
        raise PermissionDenied(f"CSRF Failed: {reason}")

"""For sites some of whose pages know nothing of the app."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .exceptions import SyncGroupsError
from .identity import note_presence_by, resolve_participant, tells_presence

logger = logging.getLogger(__name__)


class SignsOfLifeMiddleware:
    """Takes every request of a participant for a sign of life, whichever view answers. After the session's middleware.

    The app's own pages and addresses see to that themselves, at no more cost than before. On all others it takes a few
    queries of those who take part. Answers differ by who asks from then on: all get ``Vary: Cookie``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < 400 and not tells_presence(request):
            self.note(request)
        return response

    def note(self, request: HttpRequest) -> None:
        try:
            participant = resolve_participant(request)
            if participant.is_active:
                note_presence_by(request, participant, participant.active_barriers)
        except SyncGroupsError:
            """Nobody who takes part."""
        except Exception:
            # What was asked has been done, and is answered: one sign may be lost.
            logger.exception("A sign of life could not be stored.")

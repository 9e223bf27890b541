"""What a participant's page or program asks: where do I stand?"""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from ..standing import standing_of
from .answers import conditional_json
from .asking import ForParticipants
from .own import OwnStanding, shown
from .stream import asks_for_stream, stream


class StandingView(ForParticipants):
    """The participant's own state, for polling: one small JSON object with an ETag, 304 while nothing changes.

    Two queries, besides what the site's sessions take. Who accepts ``text/event-stream`` is told when it is worth
    asking, where the site has that to offer.
    """

    http_method_names = ["get", "head", "options"]
    answer = OwnStanding
    streams = True

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if asks_for_stream(request._request):
            return stream(request._request, self.participant)
        standing = standing_of(self.participant)
        self.note_presence([wait.barrier_id for wait in standing.waits])
        return conditional_json(request._request, shown(standing))

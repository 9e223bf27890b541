"""What a waiting page asks now and then: how long may it still take?"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import translation
from rest_framework.request import Request

from ..estimates import Estimate, estimate_of
from ..standing import standing_of
from ..wording import hope, time_left
from .asking import ForParticipants
from .own import OwnEstimate


class EstimateView(ForParticipants):
    """An estimate for the visit that ``?visit=`` names, and a sentence that says it in ``?language=``.

    Not part of the poll, whose answer has no clock in it. Two queries, besides the one that finds out who asks. Nothing
    is known of what is no open visit of theirs.
    """

    http_method_names = ["get", "head", "options"]
    answer = OwnEstimate
    conditional = False
    query = {"visit": "Id of an open visit.", "language": "Of the sentence, e.g. `de`."}

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        standing = standing_of(self.participant)
        self.note_presence([wait.barrier_id for wait in standing.waits])
        waits = {wait.visit_id: wait for wait in standing.waits}
        wait = waits.get(request.GET.get("visit", ""))
        estimate = estimate_of(self.participant, wait) if wait else Estimate()
        with translation.override(self.language(request)):
            return JsonResponse({**vars(estimate), "text": hope(estimate, time_left(wait))})

    def language(self, request: Request) -> str | None:
        """That of the page, which may have it from its own address; unless the site does not have it."""
        try:
            return translation.get_supported_language_variant(request.GET.get("language", ""))
        except LookupError:
            return translation.get_language()

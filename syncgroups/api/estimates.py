"""What a waiting page asks now and then: how long may it still take?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from ..estimates import Estimate, estimate_of
from ..exceptions import SyncGroupsError
from ..identity import resolve_participant
from ..models import AbstractParticipant
from ..standing import standing_of
from ..wording import hope
from .participant import problem


@method_decorator(never_cache, name="dispatch")
class EstimateView(View):
    """An estimate for the visit that ``?visit=`` names, and a sentence that says it in ``?language=``.

    Not part of the poll, whose answer has no clock in it. Two queries, besides the one that finds out who asks. Nothing
    is known of what is no open visit of theirs.
    """

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            participant = resolve_participant(request)
        except SyncGroupsError as error:
            return problem(error)
        estimate = self.estimate(participant, request.GET.get("visit", ""))
        with translation.override(self.language(request)):
            return JsonResponse({**vars(estimate), "text": hope(estimate)})

    def estimate(self, participant: AbstractParticipant, visit: str) -> Estimate:
        waits = {wait.visit_id: wait for wait in standing_of(participant).waits}
        return estimate_of(participant, waits[visit]) if visit in waits else Estimate()

    def language(self, request: HttpRequest) -> str | None:
        """That of the page, which may have it from its own address; unless the site does not have it."""
        try:
            return translation.get_supported_language_variant(request.GET.get("language", ""))
        except LookupError:
            return translation.get_language()

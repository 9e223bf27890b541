"""What a participant's page asks: where do I stand?"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import (
    add_never_cache_headers,
    get_conditional_response,
    patch_cache_control,
    patch_vary_headers,
)
from django.views import View

from .. import arrivals
from ..conf import settings
from ..exceptions import SyncGroupsError
from ..identity import SCHEME, page_is_hidden, public_detail, resolve_participant
from ..standing import Standing, standing_of
from .stream import asks_for_stream, stream


class StandingView(View):
    """The participant's own state, for polling: one small JSON object with an ETag, 304 while nothing changes.

    Two queries, besides what the site's sessions take. Who asks is made out by the site's resolver; there is no
    way to ask about anybody else. Who accepts ``text/event-stream`` is told when it is worth asking, where the site
    has that to offer.
    """

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if asks_for_stream(request):
                return stream(request)
            participant = resolve_participant(request)
        except SyncGroupsError as error:
            return problem(error)
        standing = standing_of(participant)
        if participant.is_active:
            places = [wait.barrier_id for wait in standing.waits]
            arrivals.note_presence(participant, hidden=page_is_hidden(request), barriers=places)
        return conditional_json(request, self.shown(standing))

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refusal = super().http_method_not_allowed(request, *args, **kwargs)
        content = {"code": "method_not_allowed", "detail": "This resource can only be read."}
        return JsonResponse(content, status=refusal.status_code, headers={"Allow": refusal["Allow"]})

    def shown(self, standing: Standing) -> dict[str, Any]:
        """The answer. No clock in it: the same state is the same text, and the same ETag."""
        waits, groups = [vars(wait) for wait in standing.waits], [vars(group) for group in standing.groups]
        shown = {**vars(standing), "waits": waits, "groups": groups}
        return {**shown, "waiting": bool(waits), "poll_after": settings.POLL_INTERVAL}


def conditional_json(request: HttpRequest, content: dict[str, Any]) -> HttpResponse:
    """The content with an ETag, or 304 when the client has it already."""
    body = json.dumps(content, cls=DjangoJSONEncoder, separators=(",", ":"))
    etag = f'"{hashlib.blake2b(body.encode(), digest_size=12).hexdigest()}"'
    fresh = HttpResponse(body, content_type="application/json")
    response = get_conditional_response(request, etag=etag, response=fresh) or fresh
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie", "Authorization", "Accept"])
    return response


def problem(error: SyncGroupsError) -> JsonResponse:
    """An error as JSON, with its status; nothing has been changed."""
    response = JsonResponse({"code": error.code, "detail": public_detail(error)}, status=error.status)
    add_never_cache_headers(response)
    if error.status == 401:
        response["WWW-Authenticate"] = SCHEME
    return response

"""How the API answers: JSON, whatever else is accepted, and nothing anew where the client has it already."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class Json(JSONParser):
    """What is too large, or nested too deeply, to be read is no more the server's fault than what is no JSON."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        # Before version 3.17 DRF reads it as a stream, of which Django does not see how large it is.
        stream = io.BytesIO(parser_context["request"].body)
        try:
            said = super().parse(stream, media_type, parser_context)
            # Half a character, which JSON can say, could neither be stored nor be answered.
            json.dumps(said, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError(_("Nested too deeply.")) from None
        except UnicodeEncodeError as error:
            raise ParseError(f"JSON parse error - {error}") from None
        return said


class AlwaysJson(BaseContentNegotiation):
    """There is one form of everything. What a client accepts is no reason to tell it nothing."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


def conditional_json(request: HttpRequest, content: dict[str, Any]) -> HttpResponseBase:
    """The content with an ETag, or 304 when the client has it already."""
    body = json.dumps(content, separators=(",", ":"))
    return conditional(request, HttpResponse(body, content_type="application/json"))


def conditional(request: HttpRequest, response: Any) -> HttpResponseBase:
    """The response, as it is to be sent, with an ETag; or 304 when the client has it already.

    Reading has no other condition: who sends one (If-Match, say) is answered as if it were not there.
    """
    etag = f'"{hashlib.blake2b(response.content, digest_size=12).hexdigest()}"'
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie", "Authorization", "Accept"])
    known = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    if etag not in known and known != ["*"]:
        return response  # type: ignore[no-any-return]
    return HttpResponseNotModified(headers={name: response[name] for name in ("Cache-Control", "ETag", "Vary")})

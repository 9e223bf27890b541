"""Errors for programs: problem details (RFC 9457), the same from every endpoint and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.utils.encoding import escape_uri_path

from .exceptions import SyncGroupsError
from .identity import SCHEME, public_detail

MEDIA_TYPE = "application/problem+json"

#: What comes before the code in the URI of a problem's type. Nothing can be fetched there.
TYPES = "urn:syncgroups:problem:"


def details(
    request: Any, status: int, code: str, detail: str, *, errors: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """The members of a problem. `code` is stable, `detail` is for people; `errors` are sentences by field."""
    problem = {
        "type": f"{TYPES}{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        # Without the query, which may hold secrets.
        "instance": escape_uri_path(request.path),
        "code": code,
    }
    return problem if errors is None else {**problem, "errors": errors}


def problem(request: HttpRequest, status: int, code: str, detail: str) -> JsonResponse:
    """The answer that tells of a problem. No cache keeps it."""
    response = JsonResponse(details(request, status, code, detail), status=status, content_type=MEDIA_TYPE)
    add_never_cache_headers(response)
    if status == 401:
        response["WWW-Authenticate"] = SCHEME
    return response


def problem_of(request: HttpRequest, error: SyncGroupsError) -> JsonResponse:
    """What a participant is told about an error; nothing has been changed."""
    return problem(request, error.status, error.code, public_detail(error))

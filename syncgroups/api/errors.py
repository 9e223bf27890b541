"""Errors of the API: problem details, with a stable code for programs and a sentence for people."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler, set_rollback

from .. import exceptions as own
from ..conf import settings
from ..exceptions import SyncGroupsError
from ..identity import SCHEME
from ..problems import MEDIA_TYPE, details, problem

#: Codes of errors that Django raises, and DRF does not name.
CODES = {404: "not_found", 403: "permission_denied"}

#: What neither knows: the status, code and sentence of the first kind that fits. From 500 on nobody foresaw it.
OTHERS: list[tuple[Any, int, str, str]] = [
    (RequestDataTooBig, 413, "too_large", "The body is too large."),
    ((SuspiciousOperation, BadRequest, MultiPartParserError), 400, "bad_request", "The request makes no sense."),
    (OperationalError, 503, "database_busy", "The database does not answer now. Try again in a moment."),
    (Exception, 500, "server_error", "Something is wrong here, not with the request."),
]

#: Errors of DRF's that there are here: what a client accepts, say, is no reason to refuse it.
OF_DRF: list[type[exceptions.APIException]] = [
    exceptions.ValidationError,
    exceptions.ParseError,
    exceptions.NotAuthenticated,
    exceptions.AuthenticationFailed,
    exceptions.PermissionDenied,
    exceptions.NotFound,
    exceptions.MethodNotAllowed,
    exceptions.UnsupportedMediaType,
    exceptions.Throttled,
]

#: Errors of ours that concern declarations, rules and commands. No request meets them.
ELSEWHERE = [
    own.SyncGroupsError,
    own.BarrierAlreadyRegistered,
    own.ImpossibleDeclaration,
    own.ImpureRule,
    own.SpoiledTransaction,
    own.ExtraMissing,
    own.OutputExists,
]


def codes() -> dict[str, int]:
    """Every code that programs may meet, with its status."""
    kinds = [kind for kind in vars(own).values() if isinstance(kind, type) and issubclass(kind, SyncGroupsError)]
    ours = {kind().code: kind.status for kind in kinds if kind not in ELSEWHERE}
    others = {code: status for _kind, status, code, _sentence in OTHERS}
    return ours | others | {str(kind.default_code): kind.status_code for kind in OF_DRF}


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """See `syncgroups.problems`. The view says by its `sentence` how it tells of the app's own errors."""
    request, errors = context["request"], None
    if isinstance(error, SyncGroupsError):
        response = Response(status=error.status)
        code, detail = error.code, context["view"].sentence(error)
        if error.status == 401:
            response["WWW-Authenticate"] = SCHEME
    elif (handled := exception_handler(error, context)) is not None:
        response = handled
        code, detail, errors = told(error, response)
    else:
        status, code, detail = next(other[1:] for other in OTHERS if isinstance(error, other[0]))
        response = Response(status=status)
        if status >= 500 and not made_known(error, request._request, response):
            return None
    if isinstance(error, OperationalError):
        response["Retry-After"] = "1"
    response.data = details(request, response.status_code, code, detail, errors=errors)
    response.content_type = MEDIA_TYPE
    return response


def made_known(error: Exception, request: HttpRequest, response: Response) -> bool:
    """Undo what was done, and tell whoever watches the site's errors. False where those are to be raised."""
    if settings.raises_errors:
        return False
    set_rollback()
    got_request_exception.send(sender=None, request=request)
    log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request, exception=error)
    return True


def told(error: Exception, response: Response) -> tuple[str, str, dict[str, list[str]] | None]:
    """Code, sentence, and for what makes no sense the sentences about each field."""
    if isinstance(error, exceptions.ValidationError):
        errors = by_field(error.detail)
        # What is about no field has one name here, whatever the site calls that elsewhere.
        if api_settings.NON_FIELD_ERRORS_KEY in errors:
            errors["non_field_errors"] = errors.pop(api_settings.NON_FIELD_ERRORS_KEY)
        detail = " ".join(f"{name}: {sentence}" for name, sentences in errors.items() for sentence in sentences)
        return error.default_code, detail, errors
    if isinstance(error, exceptions.APIException):
        return str(error.get_codes()), str(error.detail), None
    return CODES[response.status_code], str(response.data["detail"]), None


def by_field(detail: Any, name: str = "") -> dict[str, list[str]]:
    """Sentences by the name of the field, of which parts of lists and objects are named by their places."""
    if isinstance(detail, list) and not any(isinstance(part, dict | list) for part in detail):
        return {name: [str(sentence) for sentence in detail]} if detail else {}
    parts = detail.items() if isinstance(detail, dict) else enumerate(detail)
    found: dict[str, list[str]] = {}
    for key, part in parts:
        found |= by_field(part, f"{name}.{key}" if name else str(key))
    return found


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked for below the API's address."""
    return problem(request, 404, "not_found", "There is nothing at this address. Addresses end with a slash.")

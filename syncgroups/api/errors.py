"""Errors of the API: always JSON, with a stable code for programs and a sentence for people."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from ..exceptions import SyncGroupsError


def as_json(error: Exception, context: dict[str, Any]) -> Response | None:
    """``{"code": ..., "detail": ...}``, and for bad parameters ``"errors"``, the sentences about each."""
    if isinstance(error, SyncGroupsError):
        return Response({"code": error.code, "detail": str(error)}, status=error.status)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        errors = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        detail = " ".join(f"{name}: {sentence}" for name, sentences in errors.items() for sentence in sentences)
        response.data = {"code": error.default_code, "detail": detail, "errors": errors}
    elif isinstance(error, exceptions.APIException):
        response.data = {"code": error.get_codes(), "detail": error.detail}
    else:
        response.data = {"code": "not_found" if response.status_code == 404 else "permission_denied", **response.data}
    return response

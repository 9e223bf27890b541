"""Whether pages may count on a stream."""

from __future__ import annotations

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from ..conf import settings


def offered(request: HttpRequest) -> bool:
    """Whether there is a stream where this request came in: a server of the other kind would be busy with each one."""
    return bool(settings.PUSH) and isinstance(request, ASGIRequest)

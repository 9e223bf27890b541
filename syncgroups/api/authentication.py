"""Who is asking, for programs of researchers."""

from __future__ import annotations

from typing import Any

from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of a browser, of whose key PostgreSQL can be asked."""

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except ValueError:
            raise AuthenticationFailed("Invalid session.") from None


class BasicAuthentication(authentication.BasicAuthentication):
    """User name and password, of which PostgreSQL can be asked: it knows no NUL characters."""

    def authenticate_credentials(self, userid: str, password: str, request: Request | None = None) -> Any:
        if "\0" in userid:
            raise AuthenticationFailed("Invalid username/password.")
        return super().authenticate_credentials(userid, password, request)

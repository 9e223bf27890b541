"""Who is asking, for programs of researchers."""

from __future__ import annotations

from typing import Any

from django.apps import apps
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


class TokenAuthentication(authentication.TokenAuthentication):
    """A token of ``rest_framework.authtoken``, of which PostgreSQL can be asked."""

    def authenticate_credentials(self, key: str) -> Any:
        if "\0" in key:
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(key)


def ways_to_sign_in() -> list[Any]:
    """By token where the site has installed those, by password, and by session.

    What is said in a header is said on purpose, and counts more than a cookie. A 401 names the first way.
    """
    tokens = [TokenAuthentication] if apps.is_installed("rest_framework.authtoken") else []
    return [*tokens, BasicAuthentication, SessionAuthentication]

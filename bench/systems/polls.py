"""Polls of this app, and of a bare view beside them, answered inside the process by the whole middleware stack."""

from __future__ import annotations

import io
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from syncgroups.identity import issue_token
from syncgroups.models import Participant

from .protocol import seconds_each


class Polls:
    """Verbs about polls."""

    seed_groups: Any

    def poll(self, n: int) -> list[float]:
        """Answered in full."""
        return self._measure([poll_of(person) for person in self._people(n)], status="200")

    def poll_unchanged(self, n: int) -> list[float]:
        """Answered by 304, because the ETag that comes with it is still right."""
        polls = [poll_of(person) for person in self._people(n)]
        for environ in polls:
            environ["HTTP_IF_NONE_MATCH"] = answer(environ)[1]["ETag"]
        return self._measure(polls, status="304")

    def bare_view(self, n: int) -> list[float]:
        return self._measure([request(f"/bare/{person.public_id}/") for person in self._people(n)], status="200")

    def queries_of_a_poll(self) -> int:
        """How many queries a poll takes, besides those that keep the connection in order."""
        environ = poll_of(self._people(2)[0])
        # From the second poll on the connection knows the plans.
        for _ in range(2):
            answer(environ)
        with CaptureQueriesContext(connection) as queries:
            answer(environ)
        return sum("syncgroups" in query["sql"] for query in queries)

    def tokens(self) -> list[str]:
        """What each of the participants sends along, in order of primary key."""
        return [issue_token(person) for person in Participant.objects.order_by("pk")]

    def public_ids(self) -> list[str]:
        return [str(person.public_id) for person in Participant.objects.order_by("pk")]

    def _people(self, n: int) -> list[Participant]:
        self.seed_groups("meet", 2 * n, here=1)
        return list(Participant.objects.filter(pk__in=range(1, 2 * n + 1, 2)))

    def _measure(self, requests: list[dict[str, Any]], *, status: str) -> list[float]:
        for environ in requests[:20]:
            found = answer(environ)[0]
            if found != status:
                raise AssertionError(f"{found} instead of {status}")
        return seconds_each(answer, requests)


handler = WSGIHandler()


def poll_of(person: Participant) -> dict[str, Any]:
    return request("/sync/api/v1/me/", HTTP_AUTHORIZATION=f"Participant {issue_token(person)}")


def request(path: str, **headers: str) -> dict[str, Any]:
    return RequestFactory()._base_environ(PATH_INFO=path, REQUEST_METHOD="GET", HTTP_HOST="127.0.0.1", **headers)


def answer(environ: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """What a web server does for one request: status and headers of the response, whose body is read."""
    seen: list[Any] = []
    response = handler({**environ, "wsgi.input": io.BytesIO()}, lambda status, headers: seen.extend((status, headers)))
    b"".join(response)
    response.close()
    return seen[0][:3], dict(seen[1])

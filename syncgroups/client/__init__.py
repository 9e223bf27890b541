"""A thin client of the REST API, for programs. Needs httpx (``pip install "syncgroups[client]"``), and no Django.

with Researcher("https://example.org/sync/api/v1/", token="…") as lab:
    for group in lab.all("groups", active="true"):
        lab.act("groups", group["public_id"], "pause", reason="fire alarm", seen=group["facts"])
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self, cast, overload
from urllib.parse import quote

import httpx

from .rows import Barrier, Entry, Explanation, GroupRow, OneBarrier, ParticipantRow, VisitRow
from .told import Estimate, Group, Problem, Standing, Visit, Wait, answer_in, page_in, read

__all__ = [
    "AsyncParticipant",
    "Barrier",
    "Entry",
    "Estimate",
    "Explanation",
    "Group",
    "GroupRow",
    "OneBarrier",
    "Participant",
    "ParticipantRow",
    "Problem",
    "Researcher",
    "Standing",
    "Visit",
    "VisitRow",
    "Wait",
]

#: Seconds for each answer, and how often a connection that is not made is tried again: nothing has been sent by then.
PATIENCE = 10.0
RETRIES = 2


class Asking:
    """What a participant may ask, and what was answered: the same for both kinds of client."""

    def __init__(self, me: str, *, token: str = "") -> None:
        self.me = me
        self.headers = {"Accept": "application/json"} | ({"Authorization": f"Participant {token}"} if token else {})
        self._etag = ""
        self._standing: Standing | None = None

    def poll(self) -> dict[str, Any]:
        known = {"If-None-Match": self._etag} if self._etag else {}
        return {"method": "GET", "url": self.me, "headers": self.headers | known}

    def standing_in(self, response: httpx.Response) -> Standing:
        """Where the participant stands. What has not changed is not sent again."""
        if response.status_code != httpx.codes.NOT_MODIFIED or self._standing is None:
            self._standing = read(Standing, response)
            self._etag = response.headers.get("ETag", "")
        return self._standing

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return {"method": "POST", "url": f"{self.me}{path}", "headers": self.headers, "json": body}

    def arrival(self, barrier_id: str, visit: str | None) -> dict[str, Any]:
        return self.post("arrive/", barrier_id=barrier_id, visit=visit)

    def look(self, visit_id: str) -> dict[str, Any]:
        return {"method": "GET", "url": f"{self.me}visits/{visit_id}/", "headers": self.headers}

    def hope(self, visit_id: str, language: str) -> dict[str, Any]:
        params = {"visit": visit_id, "language": language}
        return {"method": "GET", "url": f"{self.me}estimate/", "headers": self.headers, "params": params}

    def extension(self, visit: Visit) -> dict[str, Any]:
        return self.post(f"visits/{visit.visit_id}/extend/", extensions_left=visit.extensions_left)


class Closing:
    """Has connections, which are closed with it: also those of an `http` that it is given."""

    def __init__(self, http: httpx.Client | None) -> None:
        self._http = http or httpx.Client(timeout=PATIENCE, mounts={"all://": httpx.HTTPTransport(retries=RETRIES)})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.close()


class Participant(Closing):
    """A participant's program. `me` is the address of the poll, e.g. ``https://example.org/sync/api/v1/me/``.

    Each method may raise `Problem`, or another `httpx.HTTPError`. Whatever failed by the latter is safe to repeat.
    """

    def __init__(self, me: str, *, token: str = "", http: httpx.Client | None = None) -> None:
        super().__init__(http)
        self._asking = Asking(me, token=token)

    def standing(self) -> Standing:
        return self._asking.standing_in(self._http.request(**self._asking.poll()))

    def arrive(self, barrier_id: str, visit: str | None = None) -> Visit:
        """Begin to wait at a barrier that is open to the API. Safe to repeat."""
        return read(Visit, self._http.request(**self._asking.arrival(barrier_id, visit)))

    def visit(self, visit_id: str) -> Visit:
        return read(Visit, self._http.request(**self._asking.look(visit_id)))

    def estimate(self, visit_id: str, language: str = "") -> Estimate:
        """How long the wait will probably still take, and a sentence that says so. Nothing is known of ended ones."""
        return read(Estimate, self._http.request(**self._asking.hope(visit_id, language)))

    def extend(self, visit: Visit) -> Visit:
        """Wait for longer. Heeded once for each number of extensions that were left."""
        return read(Visit, self._http.request(**self._asking.extension(visit)))

    def leave(self) -> Standing:
        """End the participation, with the credit earned."""
        return read(Standing, self._http.request(**self._asking.post("leave/")))


class AsyncParticipant:
    """As `Participant`, for programs that do several things at once."""

    def __init__(self, me: str, *, token: str = "", http: httpx.AsyncClient | None = None) -> None:
        self._asking = Asking(me, token=token)
        self._http = http or httpx.AsyncClient(
            timeout=PATIENCE, mounts={"all://": httpx.AsyncHTTPTransport(retries=RETRIES)}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.aclose()

    async def standing(self) -> Standing:
        return self._asking.standing_in(await self._http.request(**self._asking.poll()))

    async def arrive(self, barrier_id: str, visit: str | None = None) -> Visit:
        return read(Visit, await self._http.request(**self._asking.arrival(barrier_id, visit)))

    async def visit(self, visit_id: str) -> Visit:
        return read(Visit, await self._http.request(**self._asking.look(visit_id)))

    async def estimate(self, visit_id: str, language: str = "") -> Estimate:
        return read(Estimate, await self._http.request(**self._asking.hope(visit_id, language)))

    async def extend(self, visit: Visit) -> Visit:
        return read(Visit, await self._http.request(**self._asking.extension(visit)))

    async def leave(self) -> Standing:
        return read(Standing, await self._http.request(**self._asking.post("leave/")))


class Researcher(Closing):
    """A researcher's program, that signs in by a token, or by user name and password (`auth`)."""

    def __init__(self, api: str, *, token: str = "", auth: Any = None, http: httpx.Client | None = None) -> None:
        super().__init__(http)
        self._api = api
        # An `http` may sign in by itself.
        self._how: dict[str, Any] = {"auth": auth} if auth else {}
        if token:
            self._how = {"headers": {"Authorization": f"Token {token}"}}

    @overload
    def get(self, resource: Literal["participants"], key: str, **query: Any) -> ParticipantRow: ...

    @overload
    def get(self, resource: Literal["groups"], key: str, **query: Any) -> GroupRow: ...

    @overload
    def get(self, resource: Literal["barriers"], key: str, **query: Any) -> OneBarrier: ...

    @overload
    def get(self, resource: Literal["visits"], key: str, **query: Any) -> VisitRow: ...

    @overload
    def get(self, resource: Literal["audit"], key: str, **query: Any) -> Entry: ...

    def get(self, resource: str, key: str, **query: Any) -> Any:
        """One row, e.g. ``get("barriers", "lobby", cohort="monday")``."""
        return answer_in(self._http.get(f"{self._api}{resource}/{quote(key)}/", params=query, **self._how))

    @overload
    def all(self, resource: Literal["participants"], **query: Any) -> Iterator[ParticipantRow]: ...

    @overload
    def all(self, resource: Literal["groups"], **query: Any) -> Iterator[GroupRow]: ...

    @overload
    def all(self, resource: Literal["barriers"], **query: Any) -> Iterator[Barrier]: ...

    @overload
    def all(self, resource: Literal["visits"], **query: Any) -> Iterator[VisitRow]: ...

    @overload
    def all(self, resource: Literal["audit"], **query: Any) -> Iterator[Entry]: ...

    def all(self, resource: str, **query: Any) -> Iterator[Any]:
        """Every row, page by page as they are asked for."""
        params: Any = query
        while params is not None:
            found, params = page_in(self._http.get(f"{self._api}{resource}/", params=params, **self._how))
            yield from found

    def explain(self, resource: Literal["participants", "groups", "barriers"], key: str, **query: Any) -> Explanation:
        """Why this does not move."""
        address = f"{self._api}{resource}/{quote(key)}/explain/"
        return cast("Explanation", answer_in(self._http.get(address, params=query, **self._how)))

    def act(self, resource: str, key: str, verb: str, *, reason: str, cohort: str = "", **order: Any) -> Entry:
        """Do something to a row, and return the entry in the audit. `cohort` is of a barrier.

        With ``seen=row["facts"]`` only if nobody has changed meanwhile what that depends on.
        """
        address = f"{self._api}{resource}/{quote(key)}/{verb}/"
        params = {"cohort": cohort} if cohort else None
        said = {"reason": reason, **order}
        return cast("Entry", answer_in(self._http.post(address, params=params, json=said, **self._how)))

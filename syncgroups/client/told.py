"""What participants' programs are told, and what everybody is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx

T = TypeVar("T")


@dataclass(frozen=True)
class Wait:
    """An open visit. ``n_needed`` is None where the barrier's rule does not say how many have to be here."""

    barrier_id: str
    visit_id: str
    since: str
    until: str
    n_here: int
    n_needed: int | None
    paused: bool
    extensions_left: int
    message: str


@dataclass(frozen=True)
class Group:
    """An active group of the participant's."""

    group_type: str
    group_id: str
    role: str
    size: int


@dataclass(frozen=True)
class Standing:
    """Where a participant stands. ``poll_after``: seconds after which to ask again."""

    participant_id: str
    status: str
    failed: bool
    failed_reason: str
    time_credit: float
    presence: str
    waiting: bool
    poll_after: float
    waits: list[Wait] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


@dataclass(frozen=True)
class Visit:
    """A visit of the participant's, open or ended."""

    visit_id: str
    barrier_id: str
    visit: str | None
    state: str
    since: str
    until: str
    ended_at: str | None
    time_credit: float
    extensions_left: int


@dataclass(frozen=True)
class Estimate:
    """How long a wait will probably still take, in seconds and in words; ``seconds`` is None where nothing is known."""

    seconds: int | None
    basis: str
    certain: bool
    text: str


def read(kind: type[T], response: httpx.Response) -> T:
    """What is answered, as one of these. Raises `Problem` where it is none."""
    told = answer_in(response)
    try:
        return known(kind, told)
    except (KeyError, TypeError):
        raise Problem(response) from None


def page_in(response: httpx.Response) -> tuple[list[Any], httpx.QueryParams | None]:
    """The rows of a page, and what to ask for the next one, if any. Raises `Problem`.

    Whatever server the next one is said to be at: what signs in is sent to one only.
    """
    told = answer_in(response)
    try:
        return list(told["results"]), httpx.URL(told["next"]).params if told["next"] else None
    except (KeyError, TypeError, httpx.InvalidURL):
        raise Problem(response) from None


#: Of what kind the parts of lists are, by the name of the list.
PARTS = {"waits": Wait, "groups": Group}


def known(kind: type[T], told: dict[str, Any]) -> T:
    """What is known of it here: a later server may tell more."""
    values = {one.name: told[one.name] for one in fields(kind)}  # type: ignore[arg-type]
    lists: dict[str, Any] = {
        name: [known(PARTS[name], part) for part in values[name]] for name in PARTS.keys() & values.keys()
    }
    return kind(**values | lists)


class Problem(httpx.HTTPStatusError):
    """What the server refuses, or answers otherwise than the API does. `code` is stable; the text is for people."""

    def __init__(self, response: httpx.Response) -> None:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        told = object_in(response) if kind == "application/problem+json" else {}
        message = told.get("detail") or f"status {response.status_code}, and no answer of the API"
        super().__init__(message, request=response.request, response=response)
        self.status: int = response.status_code
        self.code: str = told.get("code", "")
        self.errors: dict[str, list[str]] = told.get("errors", {})
        #: Seconds to wait before asking again; 0 where the server does not say.
        self.retry_after = seconds_until(response.headers.get("Retry-After", ""))


def object_in(response: httpx.Response) -> dict[str, Any]:
    """The object that the body is; an empty one where it is none."""
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def answer_in(response: httpx.Response) -> dict[str, Any]:
    """What is answered. Raises `Problem`, also for a redirection and for what somebody in between has answered."""
    told = object_in(response) if response.is_success else {}
    if not told:
        raise Problem(response)
    return told


def seconds_until(moment: str) -> float:
    """Seconds, or those until a date of HTTP; 0 for what is neither."""
    if moment.isdecimal():
        return float(moment)
    try:
        return max(0.0, (parsedate_to_datetime(moment) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0

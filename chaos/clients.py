"""How bots ask: until there is an answer, sometimes twice at once, and of whichever web process."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from .history import tell

#: How likely a bot is to send something twice at once.
TWICE = 0.25
#: Seconds after which a request that failed is repeated.
PAUSE = 0.5


class Ended(Exception):
    """There is nothing left to do for this bot."""


@dataclass
class Orders:
    """How many bots come, within how many seconds, to which addresses, in which cohorts."""

    bots: int
    seconds: float
    addresses: list[str]
    cohorts: list[str]
    seed: int
    #: Seconds after which everybody gives up.
    limit: float


@dataclass
class Client:
    number: int
    cohort: str
    orders: Orders
    http: httpx.AsyncClient
    random: Random
    headers: dict[str, str] = field(default_factory=lambda: {"Accept": "application/json"})

    async def twice(self, method: str, path: str, content: Any = None, **about: Any) -> dict[str, Any]:
        """Ask, now and then twice at once, of different processes."""
        times = 2 if self.random.random() < TWICE else 1
        answers = await asyncio.gather(*(self.ask(method, path, content, **about) for _ in range(times)))
        return answers[-1]

    async def ask(
        self, method: str, path: str, content: Any = None, *, kind: str = "", etag: str = "", **about: Any
    ) -> dict[str, Any]:
        """Ask until there is an answer, and write down both."""
        headers = self.headers | ({"If-None-Match": etag} if etag else {})
        while True:
            address = self.random.choice(self.orders.addresses)
            asked = time.monotonic()
            status: int | str
            response: httpx.Response | None
            try:
                response = await self.http.request(method, address + path, json=content, headers=headers)
                status = response.status_code
            except httpx.HTTPError as error:
                response, status = None, type(error).__name__
            answer = self.read(response)
            self.tell("asked", kind=kind, path=path, status=status, asked=asked, **about, **self.noted(kind, answer))
            if response is not None and response.status_code < 500:
                break
            await asyncio.sleep(PAUSE)
        if response.status_code in (401, 403):
            raise Ended("was told that it is over")
        return {**answer, "etag": response.headers.get("ETag", "")}

    @staticmethod
    def read(response: httpx.Response | None) -> dict[str, Any]:
        if response is None or response.headers.get("Content-Type") != "application/json":
            return {}
        answer: dict[str, Any] = response.json()
        return answer

    @staticmethod
    def noted(kind: str, answer: dict[str, Any]) -> dict[str, Any]:
        """What is worth writing down of an answer."""
        if kind == "visit":
            return {"visit_pk": answer.get("visit"), "state": answer.get("state"), "code": answer.get("code")}
        if kind == "standing" and "groups" in answer:
            return {"groups": [group["group_type"] for group in answer["groups"]]}
        if kind == "longer":
            return {"visit_pk": answer.get("visit"), "extensions": answer.get("extensions")}
        return {}

    def tell(self, what: str, **facts: Any) -> None:
        tell(what, bot=self.number, **facts)

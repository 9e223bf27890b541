"""Bots that take part over HTTP, in one process: `python -m chaos.bots FILE`, which reads its orders from a file.

They come in bursts, ask twice, ask several web processes at once, reload pages of long ago, hide their pages, fall
silent and come back, ask for more time, drop out with and without a word, and write down what they ask and what they
are told.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from .clients import Client, Ended, Orders
from .limits import GONE as GONE_AFTER
from .limits import HIDDEN_POLLS, QUIET

#: How likely a bot is to reload something old.
AGAIN = 0.1
#: How likely it is to drop out at any of its steps; half of those who do say so.
GONE = 0.02
#: Seconds of thinking between two steps, on average.
THINKING = 0.4
#: How likely it is, each time that its page might ask, that it is silent for a while first, hidden, stays so, or is
#: told by its bot that it wants to wait for longer.
SILENT, HIDES, STAYS_HIDDEN, LONGER = 0.03, 0.03, 0.5, 0.05
HIDDEN = "Syncgroups-Page"
RELEASED, SENT_BACK = "released", "regrouped"
LAPS = ("team", "pair", "team")
ROUNDS = 2


@dataclass
class Bot(Client):
    """One participant with one or more windows."""

    ticket: str = ""
    past: list[tuple[str, str]] = field(default_factory=list)

    async def live(self, arrival: float) -> None:
        """Come at this second, take part, and say how it ended."""
        await asyncio.sleep(arrival)
        self.ticket = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        self.tell("came", cohort=self.cohort, ticket=self.ticket)
        try:
            await self.journey()
            end = "went through"
        except Ended as reason:
            end = str(reason)
        self.tell("gone", end=end)

    async def journey(self) -> None:
        answer = await self.twice("POST", "/join/", {"ticket": self.ticket, "cohort": self.cohort})
        self.headers["Authorization"] = f"Participant {answer['token']}"
        for number, group_type in enumerate(LAPS, start=1):
            await self.lap(group_type, str(number))
        await self.twice("POST", "/leave/")

    async def lap(self, group_type: str, name: str) -> None:
        """Find a group, and go with it; who is sent back finds another one."""
        while await self.go_with_a_group(group_type, name) == SENT_BACK:
            pass

    async def go_with_a_group(self, group_type: str, name: str) -> str | None:
        """Find a group, pass its rounds, and close it. A group that is gone meanwhile sends its members on."""
        found = await self.wait_at(f"{group_type}_grouper", name)
        if found.get("state") != RELEASED or found["group"] is None:
            return None
        for number in range(found["passes"] + 1, ROUNDS + 1):
            answer = await self.wait_at(f"{group_type}_choice", f"{found['group']}.{number}")
            if answer.get("state") == SENT_BACK:
                return SENT_BACK
        await self.wait_at(f"closer_{group_type}", name)
        return None

    async def wait_at(self, barrier: str, visit: str) -> dict[str, Any]:
        """Arrive, and poll until the visit has ended. Without a state where there is no group to wait with."""
        await self.think()
        address = f"/at/{barrier}/{visit}/"
        answer = await self.twice("POST", address, kind="visit", barrier=barrier, visit=visit)
        while answer.get("state") == "waiting":
            await self.poll_until_ended(answer["visit_id"])
            answer = await self.ask("POST", address, kind="visit", barrier=barrier, visit=visit)
        if answer.get("state") != SENT_BACK:
            self.past.append((barrier, visit))
        return answer

    async def poll_until_ended(self, visit_id: str) -> None:
        etag = ""
        while True:
            self.maybe_vanish(0.1)
            standing = await self.ask("GET", "/sync/api/v1/me/", kind="standing", etag=etag)
            etag = standing.get("etag", etag)
            waits = {wait["visit_id"]: wait for wait in standing.get("waits", [])}
            if "waits" in standing and visit_id not in waits:
                return
            if waits and waits[visit_id]["extensions_left"] and self.random.random() < LONGER:
                await self.twice("POST", f"/longer/{visit_id}/", kind="longer")
            await asyncio.sleep(self.pause_between_polls(standing.get("poll_after", 1.5)))

    def pause_between_polls(self, usual: float) -> float:
        """Seconds until the page asks again. Now and then it falls silent; or is hidden, says so at once, and then asks
        seldom for a while."""
        if self.random.random() < SILENT:
            return self.random.uniform(QUIET, GONE_AFTER + 2)
        if self.headers.pop(HIDDEN, "") and self.random.random() < STAYS_HIDDEN:
            self.headers[HIDDEN] = "hidden"
            return HIDDEN_POLLS
        if self.random.random() < HIDES:
            self.headers[HIDDEN] = "hidden"
            return 0.0
        return usual * self.random.uniform(0.8, 1.2)

    async def think(self) -> None:
        """Let time pass; maybe reload a page of long ago, maybe drop out."""
        await asyncio.sleep(self.random.expovariate(1 / THINKING))
        if self.past and self.random.random() < AGAIN:
            barrier, visit = self.random.choice(self.past)
            await self.ask("POST", f"/at/{barrier}/{visit}/", kind="visit", barrier=barrier, visit=visit)
        self.maybe_vanish(0.5)
        if self.random.random() < GONE / 2:
            await self.leave()

    def maybe_vanish(self, weight: float) -> None:
        if self.random.random() < GONE * weight:
            raise Ended("vanished")

    async def leave(self) -> None:
        await self.twice("POST", "/leave/")
        raise Ended("left")


def arrivals(orders: Orders, random: Random) -> Iterator[float]:
    """When they come: half of them in bursts, the others one by one."""
    bursts = [random.uniform(0, orders.seconds) for _ in range(max(1, orders.bots // 20))]
    for number in range(orders.bots):
        yield random.choice(bursts) + random.random() / 2 if number % 2 else random.uniform(0, orders.seconds)


async def play(orders: Orders) -> None:
    random = Random(orders.seed)
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
    async with httpx.AsyncClient(timeout=15, limits=limits) as http:
        bots = [
            Bot(number, random.choice(orders.cohorts), orders, http, Random(random.random())).live(arrival)
            for number, arrival in enumerate(arrivals(orders, random), start=1)
        ]
        tasks = [asyncio.create_task(bot) for bot in bots]
        _, late = await asyncio.wait(tasks, timeout=orders.limit)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    # A bot that fell over is a fault of the bots, and must not go unseen.
    for task in tasks:
        if not task.cancelled() and task.exception():
            raise task.exception() or AssertionError


if __name__ == "__main__":
    asyncio.run(play(Orders(**json.loads(Path(sys.argv[1]).read_text()))))

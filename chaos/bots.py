"""Bots that take part over HTTP, in one process: `python -m chaos.bots FILE`, which reads its orders from a file.

They come in bursts, ask twice, ask several web processes at once, reload pages of long ago, drop out with and without
a word, and write down what they ask and what they are told.
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

#: How likely a bot is to reload something old.
AGAIN = 0.1
#: How likely it is to drop out at any of its steps; half of those who do say so.
GONE = 0.02
#: Seconds of thinking between two steps, on average.
THINKING = 0.4
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
        """Find a group, pass its rounds, and close it. A group that is gone meanwhile sends its members on."""
        at_the_grouper = await self.wait_at(f"{group_type}_grouper", name)
        done = at_the_grouper["passes"] if at_the_grouper else None
        if done is None:
            return
        for number in range(done + 1, ROUNDS + 1):
            await self.wait_at(f"{group_type}_choice", f"{name}.{number}")
        await self.wait_at(f"closer_{group_type}", name)

    async def wait_at(self, barrier: str, visit: str) -> dict[str, Any] | None:
        """Arrive, and poll until the visit has ended. None where there is no group to wait with."""
        await self.think()
        address = f"/at/{barrier}/{visit}/"
        answer = await self.twice("POST", address, kind="visit", barrier=barrier, visit=visit)
        while answer.get("state") == "waiting":
            await self.poll_until_ended(answer["visit_id"])
            answer = await self.ask("POST", address, kind="visit", barrier=barrier, visit=visit)
        self.past.append((barrier, visit))
        return answer if answer.get("state") == "released" else None

    async def poll_until_ended(self, visit_id: str) -> None:
        etag = ""
        while True:
            self.maybe_vanish(0.1)
            standing = await self.ask("GET", "/sync/me/", kind="standing", etag=etag)
            etag = standing.get("etag", etag)
            if "waits" in standing and all(wait["visit_id"] != visit_id for wait in standing["waits"]):
                return
            await asyncio.sleep(standing.get("poll_after", 1.5) * self.random.uniform(0.8, 1.2))

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

"""Clients that poll, in one process: `python -m bench.load`, which reads its orders as JSON. Standard library only.

With streams, each polls seldom, and at once when it is hinted to; it goes away when it is told that it waits no longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import sys
import time
from collections.abc import Coroutine
from typing import Any


class Client:
    """One participant's page: a connection that is kept, and the last ETag."""

    def __init__(self, port: int, path: str, headers: str, *, conditional: bool) -> None:
        self.port, self.path, self.headers, self.conditional = port, path, headers, conditional
        self.etag = ""
        self.took: list[float] = []
        self.statuses: dict[str, int] = {}
        #: When it was first told that it waits no longer.
        self.told: float | None = None
        self.reader: asyncio.StreamReader | None = None

    async def poll(self) -> None:
        start = time.perf_counter()
        for _ in range(2):
            try:
                status, headers, body = await self._exchange()
                break
            except (OSError, asyncio.IncompleteReadError):
                # The server closes connections that are idle for long.
                self.reader = None
        else:
            status, headers, body = "failed", {}, b""
        self.took.append(time.perf_counter() - start)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.etag = headers.get("etag", self.etag)
        if self.told is None and status == "200" and b'"waiting":false' in body:
            self.told = time.time()

    async def _exchange(self) -> tuple[str, dict[str, str], bytes]:
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        condition = f"If-None-Match: {self.etag}\r\n" if self.conditional and self.etag else ""
        self.writer.write(f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers}{condition}\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self.writer.close()
            self.reader = None
        return head[0].split()[1], headers, body


class Listener(Client):
    """A page with a stream beside its polls."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hint = asyncio.Event()
        #: When it was hinted to last before it was told.
        self.hinted: float | None = None

    async def listen(self) -> None:
        """Until the page goes away."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        accept = "Accept: text/event-stream\r\n"
        writer.write(f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers}{accept}\r\n".encode())
        try:
            status = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            self.statuses[status] = self.statuses.get(status, 0) + 1
            async for line in reader:
                if line.startswith(b"event: changed"):
                    self.hinted = time.time()
                    self.hint.set()
        finally:
            writer.close()


async def all_out(clients: list[Client], duration: float) -> None:
    """Each polls again as soon as it is answered."""

    async def run(client: Client) -> None:
        while time.perf_counter() < end:
            await client.poll()

    end = time.perf_counter() + duration
    await asyncio.gather(*(run(client) for client in clients))


async def when_hinted(clients: list[Listener], duration: float, interval: float) -> None:
    """Each polls when it is hinted to, and else once in an interval, until it is told that it waits no longer."""

    async def run(client: Listener) -> None:
        # Pages are opened one after the other.
        await asyncio.sleep(random.uniform(0, min(interval, 5.0)))
        stream = asyncio.create_task(client.listen())
        while client.told is None and (left := end - time.perf_counter()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(client.hint.wait(), min(left, interval * random.uniform(0.9, 1.1)))
            client.hint.clear()
            await client.poll()
        stream.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stream

    end = time.perf_counter() + duration
    await asyncio.gather(*(run(client) for client in clients))


async def now_and_then(clients: list[Client], duration: float, interval: float) -> None:
    """Each polls once in an interval, at a phase of its own."""

    async def run(client: Client) -> None:
        due = time.perf_counter() + random.uniform(0, interval)
        while due < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await client.poll()
            due = max(due + interval, time.perf_counter())

    end = time.perf_counter() + duration
    await asyncio.gather(*(run(client) for client in clients))


async def beside(acts: Coroutine[Any, Any, None], calm: tuple[float, float]) -> float:
    """Do that, and tell how many seconds of processor time it took between two moments."""

    async def watch() -> float:
        await asyncio.sleep(calm[0])
        before = time.process_time()
        await asyncio.sleep(calm[1] - calm[0])
        return time.process_time() - before

    return (await asyncio.gather(watch(), acts))[0]


def main() -> None:
    orders: dict[str, Any] = json.load(sys.stdin)
    # A connection for each stream, and one for each page's polls.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    kind = Listener if orders["streams"] else Client
    clients: list[Any] = [
        kind(orders["port"], page["path"], page["headers"], conditional=orders["conditional"])
        for page in orders["pages"]
    ]
    start = time.perf_counter()
    if orders["streams"]:
        acts = when_hinted(clients, orders["duration"], orders["interval"])
    elif orders["interval"]:
        acts = now_and_then(clients, orders["duration"], orders["interval"])
    else:
        acts = all_out(clients, orders["duration"])
    cpu_while_calm = asyncio.run(beside(acts, orders["calm"]))
    statuses: dict[str, int] = {}
    for client in clients:
        for status, n in client.statuses.items():
            statuses[status] = statuses.get(status, 0) + n
    answer = {
        "elapsed": time.perf_counter() - start,
        "cpu_while_calm": cpu_while_calm,
        "statuses": statuses,
        "took": [took for client in clients for took in client.took],
        "told": [client.told for client in clients],
        "hinted": [getattr(client, "hinted", None) for client in clients],
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()

"""Clients that poll, in one process: `python -m bench.load`, which reads its orders as JSON. Standard library only."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
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


async def all_out(clients: list[Client], duration: float) -> None:
    """Each polls again as soon as it is answered."""

    async def run(client: Client) -> None:
        while time.perf_counter() < end:
            await client.poll()

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


def main() -> None:
    orders: dict[str, Any] = json.load(sys.stdin)
    clients = [
        Client(orders["port"], page["path"], page["headers"], conditional=orders["conditional"])
        for page in orders["pages"]
    ]
    start = time.perf_counter()
    if orders["interval"]:
        asyncio.run(now_and_then(clients, orders["duration"], orders["interval"]))
    else:
        asyncio.run(all_out(clients, orders["duration"]))
    statuses: dict[str, int] = {}
    for client in clients:
        for status, n in client.statuses.items():
            statuses[status] = statuses.get(status, 0) + n
    answer = {
        "elapsed": time.perf_counter() - start,
        "cpu": time.process_time(),
        "statuses": statuses,
        "took": [took for client in clients for took in client.took],
        "told": [client.told for client in clients],
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()

"""A page's side of a stream."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from typing import Any

from django.db import connections

from syncgroups import push
from syncgroups.identity import issue_token

#: Seconds after which a test says that something does not happen. Never waited for when all is well.
PATIENCE = 60

ADDRESS = "/sync/api/v1/me/"


class EventSource:
    """An open stream, which is read in a thread of its own. It never polls, and does not open itself anew."""

    def __init__(self, port: int, participant: Any, address: str = ADDRESS, **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        if participant:
            headers = {"Authorization": f"Participant {issue_token(participant)}", **headers}
        self.connection.request("GET", address, headers={"Accept": "text/event-stream", **headers})
        self._socket = self.connection.sock
        self.response = self.connection.getresponse()
        self.status, self.headers = self.response.status, self.response.headers
        self.heard: Queue[str] = Queue()
        #: As they were sent.
        self.lines: list[str] = []
        if self.status == 200:
            # Streams are alive for longer than a test waits.
            self._socket.settimeout(None)
            Thread(target=self._read, daemon=True).start()

    def json(self) -> Any:
        """What is said instead of a stream."""
        return json.loads(self.response.read())

    def next(self) -> str:
        """What comes next: `changed`, `alive`, `retry`, or `end`."""
        try:
            return self.heard.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError("nothing was heard") from None

    def opened(self) -> EventSource:
        """Go past what every stream begins with."""
        assert (self.next(), self.next()) == ("retry", "changed")
        return self

    def until(self, wanted: str) -> list[str]:
        """What comes before this."""
        heard: list[str] = []
        deadline = time.monotonic() + PATIENCE
        while (word := self.next()) != wanted:
            assert time.monotonic() < deadline, f"{wanted} never came, but {heard}"
            heard.append(word)
        return heard

    def close(self) -> None:
        """Go away, as a page does that is left."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def _read(self) -> None:
        event = None
        try:
            for line in self.response:
                self.lines.append(line.decode().rstrip("\n"))
                match self.lines[-1].partition(":"):
                    case ["", ":", _]:
                        self.heard.put("alive")
                    case ["retry", _, _]:
                        self.heard.put("retry")
                    case ["event", _, name]:
                        event = name.strip()
                    case ["", "", ""] if event:
                        self.heard.put(event)
                        event = None
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            # Closed, by whichever side.
            pass
        self.heard.put("end")


async def say(*keys: str) -> None:
    """Publish, as somebody else does that commits, without holding up the event loop."""

    def publish() -> None:
        push.publish(keys)
        connections.close_all()

    await asyncio.to_thread(publish)


def until(holds: Callable[[], bool]) -> None:
    """Wait for another process to have done something."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def ask(port: int, participant: Any, **headers: str) -> tuple[int, Any]:
    """Poll once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Accept": "application/json", "Authorization": f"Participant {issue_token(participant)}", **headers}
    connection.request("GET", ADDRESS, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body) if body else None

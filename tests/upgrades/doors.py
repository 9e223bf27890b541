"""The other side of `arriving`: starts the process, and hears what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Any

from tests.servers import ROOT

from .databases import address

#: Seconds after which a test says that a process does not answer. Never waited for when all is well.
PATIENCE = 60

START = "import django; django.setup(); from tests.upgrades.arriving import main; main({last!r})"


class Door:
    """A process by which people come to the site with this database."""

    def __init__(self, connection: Any, last: str | None, lock_timeout: str) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": address(connection),
            "CELERY_BROKER_URL": "memory://localhost",
            "PGOPTIONS": f"-c lock_timeout={lock_timeout}",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", START.format(last=last)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        Thread(target=self._listen, daemon=True).start()
        self.arrived, self.failures = 0, list[str]()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def hear(self, beginning: str) -> str:
        """The next line that begins so. Others are skipped: failures are told once more in the end."""
        while not (line := self._lines.get(timeout=PATIENCE)).startswith(beginning):
            assert line, f"the process has ended and has not said {beginning!r}"
        return line

    def let_more_come(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.hear("more")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        told = json.loads(self.hear("{"))
        self.arrived, self.failures = told["arrived"], told["failures"]
        self._process.wait(PATIENCE)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def people_coming(connection: Any, *, last: str | None = None, lock_timeout: str = "2s") -> Iterator[Door]:
    """People come all the while, and for some time afterwards. Nobody waits longer for a lock than is said."""
    door = Door(connection, last, lock_timeout)
    try:
        door.hear("open")
        yield door
        door.let_more_come()
        door.close()
    finally:
        door.kill()

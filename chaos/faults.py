"""What goes wrong: each fault is struck and put right again."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress
from random import Random
from typing import ClassVar

from .daggers import (
    ACTING,
    AFTER_ARRIVAL,
    AFTER_COMMIT,
    BEFORE_COMMIT,
    DECIDING,
    DURING_COMMIT,
    TOGETHER,
    dagger,
)
from .site import Site

#: Seconds for which a dagger lies before it is taken back.
LYING = 15

KINDS = {"web": "web server", "worker": "worker"}
WHERE = {
    DECIDING: "while the rule decides",
    ACTING: "inside of on_release",
    BEFORE_COMMIT: "between act and commit",
    DURING_COMMIT: "during the commit",
    AFTER_COMMIT: "between commit and announcement",
    AFTER_ARRIVAL: "between an arrival's commit and its answer",
}


class Fault:
    """One thing that goes wrong, and is put right again."""

    #: Whether sweeps cannot be made meanwhile, whatever the app does.
    outage: ClassVar[bool] = False
    name: str

    def strike(self, site: Site) -> bool:
        """Let it happen. False if there was no occasion."""
        raise NotImplementedError


class KillInside(Fault):
    """SIGKILL at a certain place of the code, e.g. between act and commit of a pass."""

    def __init__(self, kind: str, place: str, whom: str) -> None:
        self.kind, self.place, self.whom = kind, place, whom
        self.name = f"SIGKILL {WHERE[place]}, of {'a whole' if whom == TOGETHER else 'one process of a'} {KINDS[kind]}"

    def strike(self, site: Site) -> bool:
        lying = dagger(site.folder, self.kind, self.place)
        lying.with_suffix(".new").write_text(self.whom)
        lying.with_suffix(".new").rename(lying)
        deadline = time.monotonic() + LYING
        while lying.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        try:
            lying.unlink()
        except FileNotFoundError:
            return True
        return False


class KillAnyhow(Fault):
    """SIGKILL of a whole worker, wherever it is."""

    name = "SIGKILL at any moment, of a whole worker"

    def __init__(self, random: Random) -> None:
        self.random = random

    def strike(self, site: Site) -> bool:
        name = f"worker-{self.random.randint(1, site.n_workers)}"
        process = site.parts[name].process
        assert process
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return True


class FlushBroker(Fault):
    name = "the broker is flushed"

    def strike(self, site: Site) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(site.broker.address))
            connection.sendall(b"FLUSHALL\r\n")
            return connection.recv(16).startswith(b"+OK")


class RestartBroker(Fault):
    """The broker forgets everything, too: it keeps nothing on disk."""

    outage = True

    def __init__(self, down: float) -> None:
        self.down = down
        self.name = f"the broker is killed and starts again after {down:g} s"

    def strike(self, site: Site) -> bool:
        site.broker.stop(signal.SIGKILL)
        time.sleep(self.down)
        site.broker.start()
        return True


class RestartDatabase(Fault):
    outage = True

    def __init__(self, how: signal.Signals, down: float) -> None:
        self.how, self.down = how, down
        manner = "crashes" if how == signal.SIGQUIT else "is shut down"
        self.name = f"PostgreSQL {manner} and starts again after {down:g} s"

    def strike(self, site: Site) -> bool:
        site.database.stop(self.how)
        time.sleep(self.down)
        site.database.start()
        return True


class CutConnections(Fault):
    name = "all connections to PostgreSQL are cut"

    def strike(self, site: Site) -> bool:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        cut = site.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        return bool(cut)


class StopBeat(Fault):
    outage = True

    def __init__(self, down: float) -> None:
        self.down = down
        self.name = f"beat stops for {down:g} s"

    def strike(self, site: Site) -> bool:
        site.hold("beat")
        time.sleep(self.down)
        site.let_go("beat")
        return True

"""The faults, and who inflicts them."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import ClassVar

from .daggers import AFTER_ARRIVAL, ALONE, IN_A_PASS, TOGETHER, dagger
from .history import tell
from .site import Site

#: Seconds for which a dagger lies before it is taken back.
LYING = 15


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
        self.name = f"SIGKILL of a {kind} process {place.replace('-', ' ')}, {whom}"

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

    name = "SIGKILL of a whole worker at any moment"

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


class Nemesis:
    """Inflicts faults one after the other, in an order of chance; the beat stops beside them."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site, self.random = site, Random(seed)

    def faults(self, *, short: bool) -> list[Fault]:
        """Every fault at least once."""
        down = 2.0 if short else 4.0
        inside = [
            KillInside("worker", place, whom)
            for place in IN_A_PASS
            for whom in ((self.random.choice([ALONE, TOGETHER]),) if short else (ALONE, TOGETHER))
        ]
        web = [KillInside("web", AFTER_ARRIVAL, ALONE)]
        servers = [RestartBroker(down), RestartDatabase(signal.SIGINT, down), RestartDatabase(signal.SIGQUIT, down)]
        faults = [*inside, *web, *servers, KillAnyhow(self.random), FlushBroker(), CutConnections()]
        if not short:
            faults += [KillAnyhow(self.random), FlushBroker(), CutConnections(), RestartBroker(1), *inside]
        self.random.shuffle(faults)
        return faults

    def inflict(self, *, short: bool, gap: float) -> None:
        """All of them, with a pause of about `gap` seconds after each."""
        beat = threading.Thread(target=self._one, args=[StopBeat(8 if short else 30)])
        faults = self.faults(short=short)
        for number, fault in enumerate(faults):
            if number == len(faults) // 3:
                beat.start()
            self._one(fault)
            time.sleep(gap * self.random.uniform(0.5, 1.5))
        beat.join()

    def _one(self, fault: Fault) -> None:
        with told(fault):
            happened = fault.strike(self.site)
            if not happened:
                tell("missed", name=fault.name)


@contextmanager
def told(fault: Fault) -> Iterator[None]:
    """Write down when it began and when it was put right."""
    began = time.monotonic()
    yield
    tell("fault", name=fault.name, outage=fault.outage, began=began, ended=time.monotonic())

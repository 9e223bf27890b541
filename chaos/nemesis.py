"""Who inflicts the faults, in which order, and writes down when."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from .daggers import AFTER_ARRIVAL, ALONE, IN_A_PASS, TOGETHER
from .faults import (
    CutConnections,
    Fault,
    FlushBroker,
    KillAnyhow,
    KillInside,
    RestartBroker,
    RestartDatabase,
    StopBeat,
)
from .history import tell
from .site import Site


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
        """All of them, with a pause of about `gap` seconds before each."""
        beat = threading.Thread(target=self._one, args=[StopBeat(8 if short else 30)])
        faults = self.faults(short=short)
        for number, fault in enumerate(faults):
            if number == len(faults) // 3:
                beat.start()
            time.sleep(gap * self.random.uniform(0.5, 1.5))
            self._one(fault)
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

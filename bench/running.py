"""The servers, the measured systems, and the rounds in which they take turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
from psycopg2.extensions import parse_dsn

from project.keeper import Keeper
from project.servers import start_postgresql, start_valkey

from .peers import peers_python
from .systems.protocol import ROOT, System
from .workloads import FLOOR, OURS, PEER, Bar, Workload

#: What each system is, but for the Python that it runs on.
COMMANDS = {
    OURS: ("manage.py", "measured"),
    PEER: ("-m", "bench.systems.peer"),
    FLOOR: ("-m", "bench.systems.floor"),
}


class Bench:
    """One run: everything is started when it is first needed, and ends with the run."""

    def __init__(self, keeper: Keeper, *, quick: bool, rounds: int, with_peer: bool) -> None:
        self.keeper, self.quick, self.rounds, self.with_peer = keeper, quick, rounds, with_peer
        self._systems: dict[str, System] = {}
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """Show progress."""
        print(f"[{time.monotonic() - self._start:5.0f} s] {text}", file=sys.stderr, flush=True)

    # Servers. PostgreSQL with the settings of a fresh installation: a commit is on the disk when it returns.

    @cached_property
    def database_url(self) -> str:
        return os.environ.get("DATABASE_URL") or start_postgresql(self.keeper, settings={})

    @cached_property
    def broker_url(self) -> str:
        return start_valkey(self.keeper)

    @cached_property
    def cursor(self) -> Any:
        """Of the server, outside of any transaction."""
        connection = psycopg2.connect(self.database_url)
        connection.autocommit = True
        return connection.cursor()

    def database_of(self, system: str) -> dict[str, str]:
        """Make an empty database; return what it takes to connect."""
        name = f"bench_{system.lower()}"
        self.cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.cursor.execute(f"CREATE DATABASE {name}")
        return {**parse_dsn(self.database_url), "dbname": name}

    @cached_property
    def environments(self) -> dict[str, dict[str, str]]:
        """The environment of each system's processes."""
        common = {**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "bench.settings"}
        common["CELERY_BROKER_URL"] = self.broker_url
        common["REDIS_URL"] = self.broker_url.replace("redis+socket", "unix") + "?db=1"
        systems = (OURS, PEER, FLOOR) if self.with_peer else (OURS, FLOOR)
        return {system: {**common, "DATABASE_URL": _url(self.database_of(system))} for system in systems}

    def system(self, name: str) -> System:
        """The running system of that name."""
        if name not in self._systems:
            self.say(f"starting {name}")
            env = self.environments[name]
            if name == FLOOR:
                subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=env, check=True)
            python = peers_python() if name == PEER else Path(sys.executable)
            self._systems[name] = System([python, *COMMANDS[name]], env)
        return self._systems[name]

    def close(self) -> None:
        for system in self._systems.values():
            system.close()
        if "DATABASE_URL" in os.environ:
            for name in self._systems:
                self.cursor.execute(f"DROP DATABASE IF EXISTS bench_{name.lower()} WITH (FORCE)")

    # Rounds

    def take_turns(self, names: Iterable[str]) -> Iterator[tuple[int, str]]:
        """Every round with every name, now in this order and now in the other one."""
        names = list(names)
        for number in range(1, self.rounds + 1):
            for name in names if number % 2 else reversed(names):
                yield number, name

    def measure(self, workload: Workload) -> dict[str, Any]:
        """One row: for each system the median of its samples in every round."""
        asks = {system: ask for system, ask in workload.asks.items() if ask[0] in self.environments}
        medians: dict[str, list[float]] = {system: [] for system in asks}
        everything: dict[str, list[float]] = {system: [] for system in asks}
        for number, system in self.take_turns(asks):
            process, verb = asks[system]
            arguments = workload.arguments(system, quick=self.quick)
            samples = self.system(process).ask(verb, **arguments)
            medians[system].append(statistics.median(samples))
            everything[system] += samples
            self.say(f"{workload.name}: round {number} of {self.rounds}, {system}: {medians[system][-1] * 1e3:.3g} ms")
        by = {system: {**summary(rounds), "samples": everything[system]} for system, rounds in medians.items()}
        judged = {bar.text: bar.judge({s: row["median"] for s, row in by.items()}) for bar in self.bars_of(workload)}
        bars = [{"bar": text, "found": j[0], "met": j[1]} for text, j in judged.items() if j]
        title = workload.headline(quick=self.quick)
        return {
            "name": workload.name,
            "title": title,
            "by": by,
            "bars": bars,
            "remark": workload.remark,
            "cost": workload.cost,
        }

    def bars_of(self, workload: Workload) -> tuple[Bar, ...]:
        """The bars are about the full numbers: small ones cannot reach them."""
        return () if self.quick else workload.bars


def summary(values: list[float]) -> dict[str, Any]:
    """Median with minimum and maximum."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": values}


def _url(parts: Mapping[str, str]) -> str:
    """An address that Django, psycopg2 and SQLAlchemy all understand: the host, maybe a folder, is a parameter."""
    rest = {name: value for name, value in parts.items() if name != "dbname"}
    return f"postgresql:///{parts['dbname']}?{urlencode(rest)}"

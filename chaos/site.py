"""The site under stress: its servers, its processes, and a supervisor that replaces what ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]

from project.keeper import Keeper
from project.serve import free_port, task_pool
from project.servers import PostgreSQL, Valkey

from .history import FOLDER, ROLE, tell

ROOT = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable, "-W", "ignore:You're running the worker with superuser privileges"]
#: Seconds by which clocks of some processes are wrong: one worker's is ahead, one web process's is behind.
CLOCKS = {"worker-2": 420, "web-2": -420}


@dataclass
class Part:
    """A process of the site, which is started anew when it ends."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    #: Whether it is meant to be down.
    held: bool = False


@dataclass
class Site:
    keeper: Keeper
    folder: Path
    n_webs: int = 2
    n_workers: int = 3
    parts: dict[str, Part] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _lock: Any = field(default_factory=threading.RLock)

    def start(self) -> None:
        """Start everything, and keep it running from now on."""
        for name in ("logs", "daggers", "history"):
            (self.folder / name).mkdir(parents=True)
        # What is committed stays: the settings are those of a fresh installation.
        self.database, self.broker = PostgreSQL(self.keeper, settings={}), Valkey(self.keeper)
        self.database.start()
        self.broker.start()
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(migrate, cwd=ROOT, env=self.environment("migrate"), check=True)
        self.make_parts()
        for part in self.parts.values():
            self.start_part(part)
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._supervisor.start()

    def make_parts(self) -> None:
        celery = [*PYTHON, "-m", "celery", "--quiet", "--app=project"]
        beat = f"beat --schedule={self.folder / 'schedule'} --pidfile= --max-interval=1"
        worker = f"worker --concurrency=2 --pool={task_pool()} --without-gossip --without-mingle"
        server = "gunicorn project.wsgi --workers=1 --threads=8 --log-level=warning --no-control-socket"
        commands = {"beat": [*celery, *beat.split()]}
        for number in range(1, self.n_workers + 1):
            commands[f"worker-{number}"] = [*celery, *worker.split(), f"--hostname=worker-{number}@chaos"]
        for number in range(1, self.n_webs + 1):
            address = f"127.0.0.1:{free_port()}"
            commands[f"web-{number}"] = [*PYTHON, "-m", *server.split(), f"--bind={address}"]
            self.addresses.append(f"http://{address}")
        self.parts = {name: Part(name, command) for name, command in commands.items()}

    def environment(self, role: str) -> dict[str, str]:
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "chaos.settings", FOLDER: str(self.folder), ROLE: role}
        env |= {"DATABASE_URL": self.database.url, "CELERY_BROKER_URL": self.broker.url}
        if role in CLOCKS:
            env |= {"PYTHONPATH": str(ROOT / "chaos" / "skewed"), "CHAOS_CLOCK": str(CLOCKS[role])}
        return env

    # Parts

    def start_part(self, part: Part) -> None:
        with self._lock:
            log, env = self.folder / "logs" / f"{part.name}.log", self.environment(part.name)
            part.process = self.keeper.start(part.name, part.command, env=env, cwd=ROOT, log=log)
        tell("part", name=part.name, phase="started")

    def hold(self, name: str) -> None:
        """Kill a part, and leave it so."""
        part = self.parts[name]
        with self._lock:
            part.held = True
            if part.process:
                self.keeper.stop(part.process, signal.SIGKILL)
        tell("part", name=name, phase="held")

    def let_go(self, name: str) -> None:
        """Start a part that was held."""
        self.start_part(self.parts[name])
        self.parts[name].held = False

    def _supervise(self) -> None:
        while not self._stopped.wait(0.1):
            for part in self.parts.values():
                with self._lock:
                    ended = not part.held and part.process is not None and part.process.poll() is not None
                    if ended and part.process:
                        tell("part", name=part.name, phase="ended", status=part.process.returncode)
                        # Its children, and the keeper's memory of it.
                        self.keeper.stop(part.process)
                        self.start_part(part)

    def stop(self) -> None:
        """End the processes, and leave the database."""
        self._stopped.set()
        self._supervisor.join()
        for name in self.parts:
            self.hold(name)

    # The database

    def ask(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the database, in a connection that is made for it."""
        with closing(psycopg2.connect(self.database.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else []

    def compare_clocks(self) -> None:
        """Write down what the database's clock says now."""
        before = time.monotonic()
        [(moment,)] = self.ask("SELECT extract(epoch FROM clock_timestamp())::float")
        after = time.monotonic()
        tell("clock", moment=moment, monotonic=(before + after) / 2)

"""The processes of the site that is measured: web servers of either kind, worker and beat."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from project.serve import free_port, task_pool

from .pages import until_it_answers
from .running import Bench
from .systems.protocol import ROOT
from .workloads import OURS

#: What tells pages of releases, by how it is called.
NOTIFIERS = {
    "PostgreSQL": "syncgroups.push.postgresql.Notifier",
    "Valkey": "syncgroups.push.redis.Notifier",
}


@contextlib.contextmanager
def worker(bench: Bench, *, processes: int = 1, queue: str = "celery", notifier: str = "") -> Iterator[None]:
    """A Celery worker that is ready."""
    name = f"{queue}@bench"
    words = f"-m celery --quiet -A project worker --concurrency={processes} --pool={task_pool()} --hostname={name}"
    command = [sys.executable, *words.split(), f"--queues={queue}", "--without-gossip", "--without-mingle"]
    env = {**bench.environments[OURS], "SYNCGROUPS_PUSH": notifier}
    log = bench.keeper.folder() / "worker.log"
    process = bench.keeper.start(f"worker {name}", command, env=env, cwd=ROOT, log=log)
    ping = [sys.executable, "-m", "celery", "-A", "project", "inspect", "ping", "-d", name, "--timeout", "1"]
    while subprocess.run(ping, env=env, cwd=ROOT, capture_output=True).returncode:
        if process.poll() is not None:
            raise RuntimeError(f"The Celery worker has ended:\n{log.read_text()}")
    yield
    bench.keeper.stop(process)


@contextlib.contextmanager
def beat(bench: Bench) -> Iterator[None]:
    """The clock of the sweeps."""
    command = f"-m celery --quiet -A project beat --schedule={bench.keeper.folder()}/schedule --pidfile="
    process = bench.keeper.start("beat", [sys.executable, *command.split()], env=bench.environments[OURS], cwd=ROOT)
    yield
    bench.keeper.stop(process)


@contextlib.contextmanager
def web(bench: Bench, *, processes: int, threads: int) -> Iterator[int]:
    """A web server that answers; gives its port."""
    port = free_port()
    words = f"-m gunicorn project.wsgi --bind=127.0.0.1:{port} --workers={processes} --threads={threads}"
    options = "--keep-alive=75 --log-level=warning --no-control-socket --graceful-timeout=1"
    command = [sys.executable, *words.split(), *options.split()]
    process = bench.keeper.start("web server", command, env=bench.environments[OURS], cwd=ROOT)
    until_it_answers(port)
    yield port
    bench.keeper.stop(process)


@contextlib.contextmanager
def asgi(bench: Bench, *, processes: int, notifier: str) -> Iterator[int]:
    """A web server that has streams, too; gives its port."""
    port = free_port()
    words = f"-m uvicorn project.asgi:application --port={port} --workers={processes} --lifespan=off --log-level=error"
    command = [sys.executable, *words.split(), "--timeout-keep-alive=75", "--timeout-graceful-shutdown=1"]
    env = {**bench.environments[OURS], "SYNCGROUPS_PUSH": notifier}
    process = bench.keeper.start("web server", command, env=env, cwd=ROOT)
    until_it_answers(port)
    yield port
    bench.keeper.stop(process)

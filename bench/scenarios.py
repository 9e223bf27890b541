"""What is measured with the whole site running: web server, worker and beat beside the clients."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from project.serve import free_port, task_pool

from . import machine
from .running import Bench, summary
from .systems.protocol import ROOT
from .workloads import OURS


@contextlib.contextmanager
def worker(bench: Bench, *, processes: int = 1, queue: str = "celery") -> Iterator[None]:
    """A Celery worker that is ready."""
    name = f"{queue}@bench"
    words = f"-m celery --quiet -A project worker --concurrency={processes} --pool={task_pool()} --hostname={name}"
    command = [sys.executable, *words.split(), f"--queues={queue}", "--without-gossip", "--without-mingle"]
    env = bench.environments[OURS]
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
    probe = [{"path": "/sync/me/", "headers": ""}]
    while not clients(port, probe, duration=0.1)["statuses"].get("401"):
        time.sleep(0.1)
    yield port
    bench.keeper.stop(process)


def clients(port: int, pages: list[dict[str, str]], **orders: Any) -> dict[str, Any]:
    """Let clients poll; return what they saw when they are through."""
    return finished(start_clients(port, pages, **orders))


def start_clients(
    port: int, pages: list[dict[str, str]], *, duration: float, interval: float = 0, conditional: bool = False
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    orders = {"port": port, "pages": pages, "duration": duration, "interval": interval, "conditional": conditional}
    assert process.stdin
    process.stdin.write(json.dumps(orders))
    process.stdin.close()
    return process


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    answer: dict[str, Any] = json.loads(process.stdout.read())
    process.wait()
    return answer


def polling_page(token: str) -> dict[str, str]:
    return {"path": "/sync/me/", "headers": f"Authorization: Participant {token}\r\n"}


def served(bench: Bench) -> dict[str, Any]:
    """Requests per second that one web process answers: a bare view, polls in full, polls with ETags."""
    ours = bench.system(OURS)
    connections, duration = (4, 0.5) if bench.quick else (8, 2)
    ours.ask("assemble", n_groups=connections, size=2)
    tokens = ours.ask("tokens")[::2]
    ids = ours.ask("public_ids")[::2]
    pages = {
        "a bare view with one query": ([{"path": f"/bare/{i}/", "headers": ""} for i in ids], False),
        "polls answered in full": ([polling_page(token) for token in tokens], False),
        "polls answered by 304": ([polling_page(token) for token in tokens], True),
    }
    rates: dict[str, list[float]] = {title: [] for title in pages}
    with web(bench, processes=1, threads=connections) as port:
        for number, title in bench.take_turns(pages):
            seen = clients(port, pages[title][0], duration=duration, conditional=pages[title][1])
            require_answers(seen, {"200", "304"})
            rates[title].append(sum(seen["statuses"].values()) / seen["elapsed"])
            bench.say(f"served: round {number} of {bench.rounds}, {title}: {rates[title][-1]:.0f} a second")
    queries = ours.ask("queries_of_a_poll")
    return {"rates": {title: summary(values) for title, values in rates.items()}, "queries_of_a_poll": queries}


def waiting(bench: Bench) -> list[dict[str, Any]]:
    """500 participants wait and poll while groups are completed: processor time, and when they are told."""
    ours = bench.system(OURS)
    groups, size = (4, 3) if bench.quick else (50, 11)
    rows = []
    with web(bench, processes=2, threads=8) as port, worker(bench), beat(bench):
        for interval in (1.0, 2.0):
            ours.ask("assemble", n_groups=groups, size=size)
            pages = [polling_page(token) for token in ours.ask("tokens")]
            rows.append(_wait_and_poll(bench, port, pages, groups, size, interval))
    return rows


def _wait_and_poll(
    bench: Bench, port: int, pages: list[dict[str, str]], groups: int, size: int, interval: float
) -> dict[str, Any]:
    calm, pause = (1, 0.2) if bench.quick else (6, 0.2)
    n = len(pages) - groups
    bench.say(f"waiting: {n} poll every {interval:.0f} s")
    duration = 2 * interval + calm + groups * pause + 1 + 2 * interval
    process = start_clients(port, pages, duration=duration, interval=interval, conditional=True)
    time.sleep(2 * interval)
    before, start = machine.busy_seconds(), time.monotonic()
    time.sleep(calm)
    busy = (machine.busy_seconds() - before) / (time.monotonic() - start)
    times = bench.system(OURS).ask("complete", n_groups=groups, size=size, interval=pause)
    seen = finished(process)
    require_answers(seen, {"200", "304"})
    told = [seen["told"][group * size : (group + 1) * size - 1] for group in range(groups)]
    pairs = [(moment, *times[group]) for group in range(groups) for moment in told[group] if moment]
    own = seen["cpu"] / seen["elapsed"]
    return {
        "interval": interval,
        "waiting": n,
        "told": len(pairs),
        "busy": busy,
        "clients": own,
        "polls_per_second": sum(seen["statuses"].values()) / seen["elapsed"],
        "answered_in": quantiles(seen["took"]),
        "release_to_told": quantiles([moment - released for moment, _, released in pairs]),
        "arrival_to_told": quantiles([moment - committed for moment, committed, _ in pairs]),
        "samples": sorted(moment - committed for moment, committed, _ in pairs),
    }


def workers(bench: Bench) -> dict[str, Any]:
    """Groups that leave a group barrier in a second, whose on_release lets the database work: one worker, and two."""
    ours = bench.system(OURS)
    n = 20 if bench.quick else 200
    rates: dict[str, list[float]] = {"1": [], "2": []}
    with worker(bench, processes=1, queue="q1"), worker(bench, processes=2, queue="q2"):
        for number, processes in bench.take_turns(rates):
            rates[processes].append(n / ours.ask("load_off", n_groups=n, queue=f"q{processes}"))
            bench.say(
                f"workers: round {number} of {bench.rounds}, {processes}: {rates[processes][-1]:.0f} groups a second"
            )
    return {
        "groups": n,
        "judged": not bench.quick,
        "rates": {title: summary(values) for title, values in rates.items()},
    }


def profile(bench: Bench) -> dict[str, dict[str, float]]:
    """For what needs a while: how many seconds go where. The median of each part over the rounds, for one act."""
    parted: dict[str, list[dict[str, float]]] = {}
    for number in range(1, bench.rounds + 1):
        for verb, n, acts in PROFILED:
            few = min(n, 40) if bench.quick else n
            spent = bench.system(OURS).ask("profile_of", what=verb, n=few)
            parted.setdefault(verb, []).append({kind: s / min(acts, few) for kind, s in spent.items()})
        bench.say(f"profile: round {number} of {bench.rounds}")
    return {
        verb: {kind: statistics.median(part.get(kind, 0.0) for part in parts) for kind in set().union(*parts)}
        for verb, parts in parted.items()
    }


#: Verbs, with how many participants, and how many acts that is.
PROFILED = (("arrive_and_ring", 500, 500), ("form", 1000, 1), ("release", 1000, 1), ("poll", 500, 500))


def memory(bench: Bench) -> dict[str, Any]:
    """Resident memory of one process over many visits."""
    visits, people = (400, 20) if bench.quick else (100_000, 1000)
    ours = bench.system(OURS)
    resident = [ours.ask("open_house", people=people)]
    for tenth in range(1, 11):
        resident.append(ours.ask("visits", n=visits // 10))
        bench.say(f"memory: {visits // 10 * tenth:,} visits, {resident[-1] / 2**20:.1f} MB")
    ours.ask("close_house")
    return {"visits": visits, "resident": resident}


def require_answers(seen: dict[str, Any], good: set[str]) -> None:
    """Numbers of a server that gives errors say nothing."""
    if bad := {status: n for status, n in seen["statuses"].items() if status not in good}:
        raise RuntimeError(f"The web server answered {bad}.")


def quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p99": ordered[int(0.99 * (len(ordered) - 1))], "max": ordered[-1]}

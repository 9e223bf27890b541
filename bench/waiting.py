"""The whole site runs, and many wait: what that takes, and when they are told that they may go on."""

from __future__ import annotations

import statistics
import time
from typing import Any

from . import machine
from .pages import finished, polling_page, require_answers, start_clients
from .running import Bench
from .site import NOTIFIERS, asgi, beat, web, worker
from .workloads import OURS

#: Seconds between two polls of a page that is hinted to, as is the default.
WITH_PUSH = 10.0


def waiting(bench: Bench) -> list[dict[str, Any]]:
    """500 participants wait while groups are completed: processor time, and when they are told."""
    rows = []
    with web(bench, processes=2, threads=8) as port, worker(bench), beat(bench):
        rows += [_wait(bench, port, interval) for interval in (1.0, 2.0)]
    for notifier, path in NOTIFIERS.items():
        with asgi(bench, processes=2, notifier=path) as port, worker(bench, notifier=path), beat(bench):
            rows.append(_wait(bench, port, WITH_PUSH, push=notifier))
    return rows


def _wait(bench: Bench, port: int, interval: float, push: str = "") -> dict[str, Any]:
    """One row: first a while in which nothing happens, and then one group after the other."""
    groups, size, calm, pause = (4, 3, 1.0, 0.2) if bench.quick else (50, 11, max(6.0, interval), 0.2)
    ours = bench.system(OURS)
    ours.ask("assemble", n_groups=groups, size=size)
    pages = [polling_page(token) for token in ours.ask("tokens")]
    bench.say(f"waiting: {len(pages) - groups} poll every {interval:.0f} s{push and f', {push} hints'}")
    opening = min(2 * interval, 8.0)
    duration = opening + calm + groups * pause + 1 + min(2 * interval, interval + 2)
    orders = {"duration": duration, "interval": interval, "conditional": True, "streams": bool(push)}
    process = start_clients(port, pages, **orders, calm=(opening, opening + calm))
    time.sleep(opening)
    before, start = machine.busy_seconds(), time.monotonic()
    time.sleep(calm)
    busy = (machine.busy_seconds() - before) / (time.monotonic() - start)
    times = ours.ask("complete", n_groups=groups, size=size, interval=pause)
    seen = finished(process)
    require_answers(seen, {"200", "304"})
    waited = [(group, group * size + member) for group in range(groups) for member in range(size - 1)]
    return {
        "interval": interval,
        "push": push,
        "waiting": len(waited),
        "busy": busy,
        "clients": seen["cpu_while_calm"] / calm,
        "polls_per_second": len(seen["took"]) / seen["elapsed"],
        "answered_in": quantiles(seen["took"]),
        **_latencies(seen, waited, times),
    }


def _latencies(seen: dict[str, Any], waited: list[tuple[int, int]], times: list[list[float]]) -> dict[str, Any]:
    """When those who waited were told, and by the way when the last hint before that came."""
    told = [(seen["told"][page], *times[group]) for group, page in waited if seen["told"][page]]
    hinted = [seen["hinted"][page] - times[group][1] for group, page in waited if seen["hinted"][page]]
    return {
        "told": len(told),
        "hinted": len(hinted),
        "release_to_hint": quantiles(hinted) if hinted else None,
        "release_to_told": quantiles([moment - released for moment, _, released in told]),
        "arrival_to_told": quantiles([moment - committed for moment, committed, _ in told]),
        "samples": sorted(moment - committed for moment, committed, _ in told),
    }


def quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p99": ordered[int(0.99 * (len(ordered) - 1))], "max": ordered[-1]}

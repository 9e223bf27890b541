"""How cost grows with the number that wait."""

from __future__ import annotations

from typing import Any

from .running import Bench, summary
from .workloads import FLOOR, OURS, PEER

#: How many wait; PsyNet is left out where one pass would take many seconds.
FULL = (10, 100, 1000, 10_000, 100_000)
MOST_FOR_PEER = 2000
SAMPLES = {OURS: 20, FLOOR: 20, PEER: 1}


def scale(bench: Bench) -> dict[str, Any]:
    """An idle tick, and one arrival with its pass, against the number waiting at a group barrier."""
    return {verb: _series(bench, verb) for verb in ("idle", "arrive_and_pass")}


def _series(bench: Bench, verb: str) -> dict[str, list[dict[str, Any]]]:
    series: dict[str, list[dict[str, Any]]] = {}
    for system in bench.environments:
        sizes = (10, 30) if bench.quick else (10, 100, 500, 1000, MOST_FOR_PEER) if system == PEER else FULL
        for n in sizes:
            samples = bench.system(system).ask(verb, n=n, samples=min(n, 2 if bench.quick else SAMPLES[system]))
            point = {"n": n, **summary(samples)}
            bench.say(f"scale: {verb}, {n:,} waiting, {system}: {point['median'] * 1e3:.3g} ms")
            series.setdefault(system, []).append(point)
    return series

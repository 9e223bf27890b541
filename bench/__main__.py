"""Measure, print a table, store the numbers and write docs/performance.md. `python3 dev.py bench` runs this."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from project.keeper import Keeper
from project.servers import ServerUnavailable

from . import machine, report, scenarios
from .peers import peers_python
from .plans import plans
from .running import Bench
from .scale import scale
from .site import worker
from .systems.protocol import ROOT
from .waiting import waiting
from .workloads import WORKLOADS

RESULTS = ROOT / "bench" / "results"
SCENARIOS: dict[str, Callable[[Bench], Any]] = {
    "profile": scenarios.profile,
    "served": scenarios.served,
    "waiting": waiting,
    "workers": scenarios.workers,
    "scale": scale,
    "plans": plans,
    "memory": scenarios.memory,
}


def run(bench: Bench, only: list[str]) -> dict[str, Any]:
    """Measure everything, or only what is named."""
    results: dict[str, Any] = {
        "facts": {
            **machine.facts(bench.cursor),
            **(machine.peers_facts(peers_python()) if bench.with_peer else {}),
        },
        "load_before": machine.load(),
        "commit_before": machine.commit_takes(bench.cursor),
        "quick": bench.quick,
    }
    results["rounds"], results["rows"] = bench.rounds, []
    for workload in WORKLOADS:
        if only and workload.name not in only:
            continue
        if workload.name == "latency":
            with worker(bench):
                results["rows"].append(bench.measure(workload))
        else:
            results["rows"].append(bench.measure(workload))
        store(results, "part.json")
    for name, scenario in SCENARIOS.items():
        if not only or name in only:
            results[name] = scenario(bench)
            store(results, "part.json")
    return {**results, "load_after": machine.load(), "commit_after": machine.commit_takes(bench.cursor)}


def store(results: dict[str, Any], name: str) -> Path:
    """Keep what has been measured so far."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / name
    file.write_text(json.dumps(results, indent=1))
    return file


def main() -> None:
    names = [*(workload.name for workload in WORKLOADS), *SCENARIOS]
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small numbers and one round, to see that it works: docs/ stays as it is"
    )
    parser.add_argument("--only", action="append", default=[], choices=names, help="only this; may be repeated")
    parser.add_argument("--rounds", type=int, help="5 unless given, 1 with --quick")
    parser.add_argument("--no-peer", action="store_true", help="without PsyNet, and without the plots")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else 5)
    if not options.no_peer:
        peers_python()
    with Keeper() as keeper:
        bench = Bench(keeper, quick=options.quick, rounds=rounds, with_peer=not options.no_peer)
        results = run(bench, options.only)
        bench.close()
    whole = not (options.only or options.no_peer)
    file = store(results, "latest.json" if whole and not options.quick else "part.json")
    print(report.as_text(results))
    print(f"\nEverything that was measured: {os.path.relpath(file)}")
    if whole:
        publish(results, file, RESULTS / "quick" if options.quick else ROOT / "docs")


def publish(results: dict[str, Any], file: Path, folder: Path) -> None:
    """Write the page, its numbers and its plots."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([peers_python(), "-m", "bench.plots", file, folder], cwd=ROOT, check=True)
    (folder / "performance.json").write_text(json.dumps(report.without_samples(results), indent=1) + "\n")
    (folder / "performance.md").write_text(report.as_markdown(results))
    print(f"Written: {os.path.relpath(folder)}/performance.md, performance.json and the plots")


if __name__ == "__main__":
    try:
        main()
    except ServerUnavailable as problem:
        sys.exit(str(problem))

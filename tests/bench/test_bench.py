"""The benchmark runs, as its own command, with small numbers. What is measured is no test's matter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results"

WORKLOADS = ["arrive", "form", "release", "idle", "arrival", "poll"]
SCENARIOS = ["profile", "scale", "memory"]

pytestmark = pytest.mark.postgresql


def measured(*arguments):
    """What the command stores."""
    servers = {"DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE"}
    own = {name: value for name, value in os.environ.items() if name not in servers}
    command = [sys.executable, "-m", "bench", "--quick", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr
    return json.loads((RESULTS / "part.json").read_text())


def medians(results):
    return {row["name"]: {system: took["median"] for system, took in row["by"].items()} for row in results["rows"]}


def require_figures(results):
    """What this app's own process is asked has brought figures."""
    assert all(sum(parts.values()) > 0 for parts in results["profile"].values())
    assert all(point["median"] > 0 for series in results["scale"].values() for row in series.values() for point in row)
    assert len(results["memory"]["resident"]) == 11
    assert min(results["memory"]["resident"]) > 0
    # By then everything is loaded that is loaded once; what each visit left behind would be seen.
    *_, half, _, _, _, _, end = results["memory"]["resident"]
    assert end < 1.05 * half


def test_the_benchmark_measures_beside_the_floor_and_stores_what_it_measured():
    """Catches: a workload or a scenario, or the report of it, that does not run any longer."""
    results = measured("--no-peer", *(word for name in WORKLOADS + SCENARIOS for word in ("--only", name)))
    by_name = medians(results)
    assert by_name.keys() == set(WORKLOADS)
    assert all(by_name[name][system] > 0 for name in WORKLOADS for system in ("syncgroups", "floor"))
    require_figures(results)


@pytest.mark.peers
def test_the_whole_benchmark_runs_beside_psynet_and_writes_its_page_with_both_plots():
    """Catches: PsyNet that cannot be measured any longer, a scenario, a plot or the page that breaks."""
    folder = RESULTS / "quick"
    for file in folder.glob("*"):
        file.unlink()
    results = measured()
    for name, by in medians(results).items():
        others = {"floor"} if name.startswith("poll") else {"PsyNet"} if name == "latency" else {"PsyNet", "floor"}
        assert by.keys() == {"syncgroups"} | others
        assert min(by.values()) > 0
    assert all(series.keys() == {"syncgroups", "PsyNet", "floor"} for series in results["scale"].values())
    require_figures(results)
    for rates in (results["served"]["rates"], results["workers"]["rates"]):
        assert all(rate["median"] > 0 for rate in rates.values())
    assert results["served"]["queries_of_a_poll"] <= 2
    for row in results["waiting"]:
        assert row["told"] == row["waiting"] > 0
        assert bool(row["hinted"]) == bool(row["push"])
    assert [row["push"] for row in results["waiting"]] == ["", "", "PostgreSQL", "Valkey"]
    assert results["plans"]["met"], results["plans"]["said"]
    assert results["facts"]["psynet"] == "13.3.0"
    page = (folder / "performance.md").read_text()
    assert page.count("\n## ") == (ROOT / "docs" / "performance.md").read_text().count("\n## ")
    scale, latency = ((folder / f"performance-{name}.svg").read_text() for name in ("scale", "latency"))
    assert all(f">{system}<" in scale for system in ("syncgroups", "PsyNet", "floor"))
    assert all(f"{system}: release committed" in latency for system in ("syncgroups", "PsyNet"))
    assert latency.count("syncgroups: page told") == len(results["waiting"])

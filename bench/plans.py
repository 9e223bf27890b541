"""Which indexes the hot queries use when there are a million rows: the tests in `tests/speed`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from .running import Bench
from .systems.protocol import ROOT


def plans(bench: Bench) -> dict[str, Any]:
    """Run the tests with so many rows. Not a timing: they fail when a query reads a whole table."""
    rows = 20_000 if bench.quick else 1_000_000
    bench.say(f"plans: {rows:,} rows")
    env = {**os.environ, "SYNCGROUPS_SPEED_ROWS": str(rows), "SYNCGROUPS_TEST_DATABASE": "postgresql"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/speed"], cwd=ROOT, env=env, text=True, capture_output=True
    )
    bench.say(done.stdout.strip().splitlines()[-1])
    return {"rows": rows, "met": done.returncode == 0, "said": done.stdout.strip().splitlines()[-1]}

"""The short form of ``dev.py chaos``: a real site, real bots, real SIGKILLs. About a minute."""

import json
import subprocess
import sys

import pytest

from tests.servers import ROOT

SEED = "7"


# Its PostgreSQL and its broker are its own: they are stopped on the way.
@pytest.mark.worker
@pytest.mark.postgresql
def test_nothing_is_lost_doubled_or_stuck_while_everything_breaks(tmp_path):
    command = [sys.executable, "-m", "chaos", "--short", "--seed", SEED, "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "report.json").read_text())
    assert found["violations"] == []
    assert sum(found["faults"].values()) + len(found["missed"]) == 13
    assert len([name for name in found["faults"] if name.startswith("SIGKILL")]) >= 5
    assert found["load"]["bots"] == 60
    assert found["load"]["effects"] > 60

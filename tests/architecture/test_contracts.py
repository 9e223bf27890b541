"""The import contracts of the project hold."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .sources import ROOT

pytestmark = pytest.mark.once


def test_the_import_contracts_are_kept():
    """Fails when a module imports one above it, is in no layer, or imports the demo site."""
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

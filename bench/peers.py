"""The environment of the peers: a venv of its own with PsyNet, and with what draws the plots."""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-bench"
REQUIREMENTS = ROOT / "requirements-bench.txt"
#: Versions of Python on which PsyNet 13.3.0 works, best first.
VERSIONS = ("3.12", "3.13")


def peers_python() -> Path:
    """Make the venv, unless it is there already; return its Python. Takes some minutes the first time."""
    python = FOLDER / "bin" / "python"
    fingerprint = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    marker = FOLDER / "requirements.sha256"
    if marker.exists() and marker.read_text() == fingerprint:
        return python
    print(f"Installing PsyNet into {FOLDER.name} (once, some minutes) ...", file=sys.stderr, flush=True)
    commands = [
        [find_python(), "-m", "venv", "--clear", FOLDER],
        [python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS],
    ]
    for command in commands:
        if subprocess.run(command, cwd=ROOT).returncode:
            sys.exit(
                "The environment of the peers could not be made. PsyNet builds psycopg2 from source: that needs a C"
                " compiler and PostgreSQL's headers (on Debian or Ubuntu: apt install gcc libpq-dev)."
                " Without PsyNet: --no-peer."
            )
    marker.write_text(fingerprint)
    return python


def find_python() -> str:
    """A Python that PsyNet works on."""
    for version in VERSIONS:
        for candidate in _candidates(version):
            test = f"import sys, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
            if not subprocess.run([candidate, "-c", test], capture_output=True).returncode:
                return candidate
    sys.exit(f"PsyNet needs Python {' or '.join(VERSIONS)}, and none was found. Install one, or use --no-peer.")


def _candidates(version: str) -> Iterator[str]:
    if found := shutil.which(f"python{version}"):
        yield found
    home = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    yield from glob.glob(f"{home}/versions/{version}.*/bin/python3")

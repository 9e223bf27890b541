#!/usr/bin/env python3
"""The developer's commands. Needs Python 3.11 or newer and nothing else; makes its own venv.

    python3 dev.py demo [--port PORT]    run the demo site: web, worker, beat and broker
    python3 dev.py bots [ARGUMENTS]      let bots play the demo (--help tells more)
    python3 dev.py test [ARGUMENTS]      run the tests on SQLite, then on PostgreSQL
    python3 dev.py lint                  check style, types, layers and migrations
    python3 dev.py audit                 ask PyPI for known vulnerabilities of everything that is installed
    python3 dev.py bench [ARGUMENTS]     measure this app beside PsyNet and bare SQL (--help tells more)
    python3 dev.py chaos [ARGUMENTS]     let bots take part while everything breaks (--help tells more)
    python3 dev.py messages              bring the catalogues of translations up to date, and compile them
    python3 dev.py openapi               write the description of the API, docs/openapi.yaml
    python3 dev.py screenshots [NAMES]   take the pictures of the docs; needs Chromium

`--venv FOLDER` before the command uses another folder than `.venv`. By hand, a command is

    python3 -m venv .venv && .venv/bin/pip install --require-hashes -r requirements-dev.txt

once, and then what the functions below run.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
AS_WRITTEN = argparse.RawDescriptionHelpFormatter


def demo(python: Path, arguments: list[str]) -> int:
    return replace_by(python, "-m", "project.serve", "demo", *arguments)


def bots(python: Path, arguments: list[str]) -> int:
    return replace_by(python, "-m", "project.serve", "bots", *arguments)


def test(python: Path, arguments: list[str]) -> int:
    chosen = os.environ.get("SYNCGROUPS_TEST_DATABASE")
    failures = 0
    if not arguments:
        # Two processes; what shares a file shares its fixtures.
        arguments = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    for database in [chosen] if chosen else ["sqlite", "postgresql"]:
        environment = {**os.environ, "SYNCGROUPS_TEST_DATABASE": database}
        failures += run(python, "-m", "pytest", *arguments, env=environment)
    return failures


def lint(python: Path, arguments: list[str]) -> int:
    failures = run(python, "-m", "ruff", "check", *arguments)
    failures += run(python, "-m", "ruff", "format", "--check", *arguments)
    failures += run(python, "-m", "mypy")
    failures += run(python.with_name("lint-imports"))
    failures += run(python, "manage.py", "makemigrations", "--check", "--dry-run")
    return failures


def audit(python: Path, arguments: list[str]) -> int:
    """Strictly: where PyPI cannot be reached, or says nothing about a package, that is a failure and not clean."""
    command = ["-m", "pip_audit", "--strict", "--require-hashes", "--disable-pip", "-r", "requirements-dev.txt"]
    return run(python, *command, *arguments)


def bench(python: Path, arguments: list[str]) -> int:
    return replace_by(python, "-m", "bench", *arguments)


def chaos(python: Path, arguments: list[str]) -> int:
    return replace_by(python, "-m", "chaos", *arguments)


def messages(python: Path, arguments: list[str]) -> int:
    return replace_by(python, "-m", "tools.messages", *arguments)


def openapi(python: Path, arguments: list[str]) -> int:
    return replace_by(python, "-m", "tools.openapi", *arguments)


def screenshots(python: Path, arguments: list[str]) -> int:
    return replace_by(python, "-m", "tools.screenshots", *arguments)


# Each command, and the requirements that it needs.
COMMANDS = {
    "demo": (demo, "requirements.txt"),
    "bots": (bots, "requirements.txt"),
    "test": (test, "requirements-dev.txt"),
    "lint": (lint, "requirements-dev.txt"),
    "audit": (audit, "requirements-audit.txt"),
    "bench": (bench, "requirements-dev.txt"),
    "chaos": (chaos, "requirements-dev.txt"),
    "messages": (messages, "requirements-dev.txt"),
    "openapi": (openapi, "requirements-dev.txt"),
    "screenshots": (screenshots, "requirements-dev.txt"),
}


def run(*command: str | Path, env: dict[str, str] | None = None) -> int:
    """Run a command in the project's folder; return 1 if it failed, else 0."""
    print("$", *(os.path.relpath(word) if isinstance(word, Path) else word for word in command), flush=True)
    return int(subprocess.run([str(word) for word in command], cwd=ROOT, env=env).returncode != 0)


def replace_by(python: Path, *arguments: str) -> int:
    """Become another program: signals then reach it directly."""
    os.chdir(ROOT)
    os.execv(python, [str(python), *arguments])


def make_environment(folder: Path, requirements: str) -> Path:
    """Make a venv with the requirements, unless it is there already; return its Python."""
    python = folder / "bin" / "python"
    if not is_of_this_python(folder):
        if not importlib.util.find_spec("ensurepip"):
            sys.exit(
                "This Python cannot make virtual environments: its venv module is a package of its own.\n"
                "On Debian or Ubuntu: apt install python3-venv"
            )
        if run(sys.executable, "-m", "venv", "--clear", folder):
            sys.exit("The virtual environment could not be made.")
    fingerprint = hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()
    marker = folder / f"{requirements}.sha256"
    if not marker.exists() or marker.read_text() != fingerprint:
        if run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", requirements):
            sys.exit("The requirements could not be installed.")
        marker.write_text(fingerprint)
    return python


def is_of_this_python(folder: Path) -> bool:
    """Tell whether a venv is whole and of the Python version that runs this file."""
    config = folder / "pyvenv.cfg"
    if not config.exists() or not (folder / "bin" / "pip").exists():
        return False
    return f"version = {platform.python_version()}" in config.read_text().splitlines()


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(f"syncgroups needs Python 3.11 or newer; this is {platform.python_version()}.")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=AS_WRITTEN)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help=argparse.SUPPRESS)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    command, requirements = COMMANDS[options.command]
    arguments = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    return min(command(make_environment(options.venv.resolve(), requirements), arguments), 1)


if __name__ == "__main__":
    sys.exit(main())

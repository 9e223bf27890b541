"""What each process asked and saw: JSON Lines, one file for each process.

Times are those of the monotonic clock, which all processes of a machine share, whatever they believe the hour to be.
A line is written by one call of the system, so that a process that is killed leaves whole lines.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The folder of the run, in the environment of all of its processes.
FOLDER = "CHAOS_FOLDER"
#: What the process is called in the run, e.g. ``worker-1``.
ROLE = "CHAOS_ROLE"

_files: dict[int, int] = {}


def run_folder() -> Path:
    return Path(os.environ[FOLDER])


def role() -> str:
    return os.environ.get(ROLE, "unknown")


def tell(what: str, **facts: Any) -> None:
    """Append one line to the history of this process."""
    line = json.dumps({"at": time.monotonic(), "who": role(), "pid": os.getpid(), "what": what, **facts}, default=str)
    os.write(_file(), f"{line}\n".encode())


def _file() -> int:
    """Of this very process: one that was forked writes to a file of its own."""
    pid = os.getpid()
    if pid not in _files:
        path = run_folder() / "history" / f"{role()}-{pid}.jsonl"
        path.parent.mkdir(exist_ok=True)
        _files[pid] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    return _files[pid]


def read(folder: Path) -> list[dict[str, Any]]:
    """Every line of every process, in order of time."""
    lines = (line for file in sorted((folder / "history").glob("*.jsonl")) for line in _lines(file))
    return sorted(lines, key=lambda line: line["at"])


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    for text in file.read_text().splitlines(keepends=True):
        # The last line of a process whose machine was full may lack its end.
        if text.endswith("\n"):
            yield json.loads(text)

"""Places at which a process of the site kills itself by SIGKILL, when the nemesis has laid out a dagger for it there.

Whoever takes the dagger uses it: exactly one process dies, at exactly that place.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from .history import role, run_folder, tell

#: Inside of a pass of a worker, in the order in which a pass comes by.
DECIDING, ACTING = "deciding", "acting"
BEFORE_COMMIT, DURING_COMMIT, AFTER_COMMIT = "before-commit", "during-commit", "after-commit"
IN_A_PASS = (DECIDING, ACTING, BEFORE_COMMIT, DURING_COMMIT, AFTER_COMMIT)

#: Inside of a web process: the visit has begun, and the participant is not told.
AFTER_ARRIVAL = "after-arrival"

#: Who dies: the process alone, or with it those that it was started with.
ALONE, TOGETHER = "alone", "together"


def dagger(folder: Path, kind: str, place: str) -> Path:
    """Where a dagger for processes of this kind (``web``, ``worker``) lies."""
    return folder / "daggers" / f"{kind}.{place}"


def strike(place: str) -> None:
    """Die here, if there is a dagger."""
    whom = take(place)
    if whom:
        die(place, whom)


def take(place: str) -> str | None:
    """Take the dagger, if there is one; say who is to die by it."""
    lying = dagger(run_folder(), role().partition("-")[0], place)
    taken = lying.with_name(f"{lying.name}.{os.getpid()}")
    try:
        lying.rename(taken)
    except FileNotFoundError:
        return None
    return taken.read_text()


def die(place: str, whom: str, *, after: float = 0) -> None:
    """Die now, or after so many seconds in the middle of what this thread will be doing."""
    if after:
        threading.Timer(after, die, [place, whom]).start()
        return
    tell("died", place=place, whom=whom)
    if whom == TOGETHER:
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

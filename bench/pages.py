"""Pages of participants, seen from the benchmark: they are opened in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from .systems.protocol import ROOT


def clients(port: int, pages: list[dict[str, str]], **orders: Any) -> dict[str, Any]:
    """Let clients poll; return what they saw when they are through."""
    return finished(start_clients(port, pages, **orders))


def start_clients(
    port: int,
    pages: list[dict[str, str]],
    *,
    duration: float,
    interval: float = 0,
    conditional: bool = False,
    streams: bool = False,
    calm: tuple[float, float] = (0.0, 0.0),
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    orders = {"port": port, "pages": pages, "duration": duration, "interval": interval}
    orders |= {"conditional": conditional, "streams": streams, "calm": calm}
    assert process.stdin
    process.stdin.write(json.dumps(orders))
    process.stdin.close()
    return process


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    answer: dict[str, Any] = json.loads(process.stdout.read())
    process.wait()
    return answer


def polling_page(token: str) -> dict[str, str]:
    return {"path": "/sync/api/v1/me/", "headers": f"Authorization: Participant {token}\r\n"}


def until_it_answers(port: int) -> None:
    probe = [{"path": "/sync/api/v1/me/", "headers": ""}]
    while not clients(port, probe, duration=0.1)["statuses"].get("401"):
        time.sleep(0.1)


def require_answers(seen: dict[str, Any], good: set[str]) -> None:
    """Numbers of a server that gives errors say nothing."""
    if bad := {status: n for status, n in seen["statuses"].items() if status not in good}:
        raise RuntimeError(f"The web server answered {bad}.")

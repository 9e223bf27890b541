"""How a measured system is asked: one line of JSON each way. Standard library only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


class SystemFailed(RuntimeError):
    """A measured system raised; the message is its traceback."""


class System:
    """A measured system, seen from the benchmark. It ends with the benchmark, because its input does."""

    def __init__(self, command: Sequence[Path | str], env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [str(word) for word in command],
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, verb: str, **arguments: Any) -> Any:
        """Let the system do something, and wait for what it says."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"verb": verb, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"{self._process.args} has ended."}
        if "error" in answer:
            raise SystemFailed(answer["error"])
        return answer["result"]

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)


def serve(verbs: object) -> None:
    """Answer requests by the methods of `verbs`, until there are no more."""
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": getattr(verbs, request.pop("verb"))(**request)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


#: What surrounds everything that is measured, and is measured, too: a profile, where one is wanted.
measured: Callable[[], AbstractContextManager[object]] = nullcontext


def seconds(act: Callable[[], object]) -> float:
    """How long that takes."""
    start = time.perf_counter()
    with measured():
        act()
    return time.perf_counter() - start


def seconds_each(act: Callable[[Any], object], things: Iterable[Any]) -> list[float]:
    """How long that takes for each of these."""
    return [seconds(lambda thing=thing: act(thing)) for thing in things]  # type: ignore[misc]


def expect(wanted: object, found: object) -> None:
    """What was measured is what was meant."""
    if found != wanted:
        raise AssertionError(f"{found} instead of {wanted}")

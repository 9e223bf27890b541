"""Processes and temporary folders that never outlive the process that asked for them.

A `Keeper` starts them. Its other half is this file run as a program: it reads what there is to
end, and ends it when its input closes, which also happens when the asking process is killed.

Standard library only. For Linux and macOS.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

#: Seconds that a process may take to end.
GRACE = 10


class Keeper:
    """Start processes and make folders; end and remove them in reverse order on leaving.

    Every process leads a process group of its own, so that its children end with it. A context
    manager; `close()` may be called twice.
    """

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def folder(self) -> Path:
        """Make a temporary folder, its path short enough to hold a unix socket."""
        folder = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
        self._tell("folder", folder)
        return folder

    def start(
        self,
        name: str,
        command: Iterable[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        log: Path | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> subprocess.Popen[bytes]:
        """Start a process; its output goes to `log`, else to the caller's terminal."""
        with open(log, "ab") if log else contextlib.nullcontext() as output:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=env,
                cwd=cwd,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
            )
        self._tell("process", process.pid, stop_signal.value)
        self._processes[name] = process
        return process

    def stop(self, process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
        """End one process now by this signal, and whatever it has started. It may have ended already."""
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        kill_group(process.pid)
        process.wait()
        self._tell("forget", process.pid)
        for name, kept in list(self._processes.items()):
            if kept is process:
                del self._processes[name]

    def first_ended(self) -> str | None:
        """Name a process that has ended by itself, if one has."""
        return next((name for name, kept in self._processes.items() if kept.poll() is not None), None)

    def close(self) -> None:
        """End everything, the youngest first, and wait until it has ended."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        while self._keeper.poll() is None:
            for process in self._processes.values():
                process.poll()
            time.sleep(0.02)

    def _tell(self, *words: object) -> None:
        assert self._keeper.stdin
        self._keeper.stdin.write(("\t".join(map(str, words)) + "\n").encode())
        self._keeper.stdin.flush()


def end_process(pid: int, stop_signal: int) -> None:
    """Ask a group's leader to end, and kill what is left of the group when it has or `GRACE` is over.

    Only the leader is asked: it ends its children in its own way.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
    deadline = time.monotonic() + GRACE
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    kill_group(pid)


def kill_group(pid: int) -> None:
    """Kill a process group, if anything is left of it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody has asked after does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # There is no /proc on macOS, and init collects orphans there.
        return not Path("/proc/self").exists()


def keep() -> None:
    """Read what is to be ended from standard input until it closes; then end it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    endings: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        match line.rstrip("\n").split("\t"):
            case ["process", pid, stop_signal]:
                endings[pid] = partial(end_process, int(pid), int(stop_signal))
            case ["folder", path]:
                endings[path] = partial(shutil.rmtree, path, ignore_errors=True)
            case ["forget", pid]:
                endings.pop(pid, None)
    for end in reversed(endings.values()):
        end()


if __name__ == "__main__":
    keep()

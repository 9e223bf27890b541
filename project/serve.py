"""Run the whole demo site with one command, and stop all of it together.

    python -m project.serve demo [--port PORT]    until Ctrl-C
    python -m project.serve bots [ARGUMENTS]      `manage.py bots` plays, on a fresh site unless
                                                  its arguments name one with --url

DATABASE_URL and CELERY_BROKER_URL are used where they are set. Else the demo keeps its data in
`var/`, the bots' database is thrown away afterwards, and both start a Valkey server.
"""

import argparse
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from .keeper import Keeper
from .servers import PATIENCE, ServerUnavailable, start_valkey

ROOT = Path(__file__).resolve().parent.parent
USUAL_PORT = 8000

#: This machine is asked by no proxy, whichever the environment names for others.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def demo(port: int) -> None:
    """Run the site until somebody stops it, or until a part of it ends."""
    with Keeper() as keeper:
        address = start_site(keeper, port, site_environment(keeper))
        print(f"\nThe demo is at {address}\nStop it with Ctrl-C.\n", flush=True)
        while True:
            stop_if_any_ended(keeper)
            time.sleep(0.2)


def bots(arguments: list[str]) -> None:
    """Let bots play, on a site of their own unless `arguments` name one."""
    with Keeper() as keeper:
        env = dict(os.environ)
        if not any(word.split("=")[0] in {"--url", "--help", "-h"} for word in arguments):
            env = site_environment(keeper)
            env.setdefault("DATABASE_URL", f"sqlite:///{keeper.folder()}/db.sqlite3")
            env = game_for(arguments) | env
            arguments = ["--url", start_site(keeper, free_port(), env), *arguments]
        run_manage("bots", *arguments, env=without_proxy(env))


def site_environment(keeper: Keeper) -> dict[str, str]:
    """Give the environment that the site's processes share; start a broker if it names none."""
    env = {"DJANGO_LOG_LEVEL": "WARNING", **os.environ}
    if "CELERY_BROKER_URL" not in env:
        env["CELERY_BROKER_URL"] = start_valkey(keeper)
    env.setdefault("SYNCGROUPS_PUSH", notifier_for(env))
    return env


def notifier_for(env: Mapping[str, str]) -> str:
    """Choose what tells pages of releases, among the servers that there are."""
    if env["CELERY_BROKER_URL"].startswith(("redis:", "rediss:", "redis+socket:")):
        return "syncgroups.push.redis.Notifier"
    return "syncgroups.push.postgresql.Notifier" if env.get("DATABASE_URL", "").startswith("postgres") else ""


def game_for(arguments: list[str]) -> dict[str, str]:
    """Give the environment of a game of the size that the bots are to play, with waits too short for people."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--group-size", default="2")
    size = parser.parse_known_args(arguments)[0].group_size
    if not size.isdecimal() or int(size) < 2:
        sys.exit("--group-size must be 2 or more.")
    return {"DEMO_GROUP_SIZE": size, "DEMO_MAX_WAIT": "30"}


def without_proxy(env: Mapping[str, str]) -> dict[str, str]:
    """Give the environment in which this machine is asked directly, also where others are asked by a proxy."""
    exempt = env.get("no_proxy") or env.get("NO_PROXY") or ""
    return {**env, "no_proxy": ",".join(filter(None, [exempt, "127.0.0.1"]))}


def start_site(keeper: Keeper, port: int, env: Mapping[str, str]) -> str:
    """Migrate, start the web server, a worker and beat, and return the address when it answers."""
    run_manage("migrate", "--verbosity=0", env=env)
    celery = "celery --quiet --app=project"
    worker = f"worker --concurrency=2 --pool={task_pool()} --without-gossip --without-mingle"
    # Beat has a process of its own: one that a worker started would outlive a killed worker.
    beat = f"beat --schedule={keeper.folder()}/schedule --pidfile="
    # Pages that are open keep their streams open, too: the server must not wait for them to end.
    server = f"uvicorn project.asgi:application --port={port} --workers=2 --lifespan=off --timeout-graceful-shutdown=2"
    parts = {
        "The Celery worker": f"{celery} {worker}",
        "Celery beat": f"{celery} {beat}",
        "The web server": f"{server} --log-level=warning",
    }
    # In containers root is the usual user, and nobody can heed what Celery says to that. Static files are read whole.
    python = [sys.executable, "-W", "ignore:You're running the worker with superuser privileges"]
    python += ["-W", "ignore:StreamingHttpResponse must consume synchronous iterators"]
    for name, command in parts.items():
        keeper.start(name, [*python, "-m", *command.split()], env=env, cwd=ROOT)
    address = f"http://127.0.0.1:{port}/"
    wait_for_answer(keeper, address)
    return address


def run_manage(*arguments: str, env: Mapping[str, str]) -> None:
    """Run a management command to its end; end with its exit status if it fails."""
    # In a session of its own it does not hear of Ctrl-C, of which it would tell by a traceback. It ends with this one.
    done = subprocess.run([sys.executable, "manage.py", *arguments], env=env, cwd=ROOT, start_new_session=True)
    if done.returncode:
        sys.exit(done.returncode)


def wait_for_answer(keeper: Keeper, address: str) -> None:
    """Wait until the web server answers, be it with an error page."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        stop_if_any_ended(keeper)
        try:
            DIRECTLY.open(address, timeout=PATIENCE).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"The web server did not answer within {PATIENCE} seconds.")


def stop_if_any_ended(keeper: Keeper) -> None:
    """Stop the site if a part of it has ended."""
    if name := keeper.first_ended():
        sys.exit(f"{name} has ended, so the site stops.")


def task_pool() -> str:
    """Choose the pool for tasks: processes, unless they could not share semaphores here."""
    try:
        multiprocessing.get_context("fork").Semaphore()
    except OSError:  # For one, /dev/shm cannot be written to.
        return "threads"
    return "prefork"


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    """Let the system choose a port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def chosen_port(wish: int | None) -> int:
    """Take the wished port, which must be free; without a wish, the usual one or else any."""
    if wish and not 0 < wish < 65536:
        sys.exit(f"There is no port {wish}: they go from 1 to 65535.")
    if wish and not is_free(wish):
        sys.exit(f"Port {wish} is in use. Choose another with --port.")
    return wish or (USUAL_PORT if is_free(USUAL_PORT) else free_port())


def main() -> None:
    """Read the command line, and turn every wish to end into an orderly end."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    # A shell without job control lets what it starts in the background ignore this one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m project.serve")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo").add_argument("--port", type=int)
    commands.add_parser("bots", add_help=False)
    options, rest = parser.parse_known_args()
    try:
        if options.command == "bots":
            bots(rest)
        elif rest:
            parser.error(f"unknown arguments: {' '.join(rest)}")
        else:
            demo(chosen_port(options.port))
    except ServerUnavailable as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()

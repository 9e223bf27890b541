"""A pytest plugin that gives the tests a database and a broker, and starts real workers.

Loaded by `addopts = -p tests.servers`: the database must be there before pytest-django reads the
settings, and a conftest is read too late for that.

SYNCGROUPS_TEST_DATABASE   `postgresql` (the default) or `sqlite`
DATABASE_URL               a PostgreSQL server to use instead of starting one; unused with `sqlite`
CELERY_BROKER_URL          a broker to use instead of starting one; worker tests empty its queue

How a test shares data with a worker: the worker is a process of its own and sees only what is
committed, so the test must be a `transactional_db` one. pytest-django creates a *test* database,
named differently from the one in `DATABASE_URL`; the worker is given a `DATABASE_URL` with that
name. On SQLite both open the same file.
"""

import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection

from project.celery import app
from project.keeper import Keeper
from project.servers import ServerUnavailable, start_postgresql, start_valkey, wait_until
from tests import clock

ROOT = Path(__file__).resolve().parent.parent
WORKER = [sys.executable, "-m", "celery", "-A", "project", "worker", "--without-gossip", "--without-mingle"]
KEEPER = pytest.StashKey[Keeper]()
#: In the environment of processes that started a broker, or whose parent did.
OWN_BROKER = "SYNCGROUPS_TEST_OWN_BROKER"

StartWorker = Callable[..., Popen[bytes]]


def chosen_database() -> str:
    """Say which database the tests run on."""
    name = os.environ.get("SYNCGROUPS_TEST_DATABASE", "postgresql")
    if name not in {"postgresql", "sqlite"}:
        raise pytest.UsageError(f"SYNCGROUPS_TEST_DATABASE is {name!r}; it may be postgresql or sqlite.")
    return name


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start the servers and name them in the environment, where the settings look for them."""
    asked = early_config.known_args_namespace
    if not (asked.help or asked.version):
        early_config.stash[KEEPER] = keeper = Keeper()
        early_config.add_cleanup(keeper.close)
        try:
            start_servers(keeper)
        except ServerUnavailable as problem:
            raise pytest.UsageError(str(problem)) from problem
    return (yield)


def start_servers(keeper: Keeper) -> None:
    """Start what the environment does not name already."""
    if chosen_database() == "sqlite":
        os.environ["DATABASE_URL"] = f"sqlite:///{keeper.folder()}/db.sqlite3"
        clock.install()
    elif "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = start_postgresql(keeper)
    # One of several processes that share the tests has a broker of its own, unless whoever runs the tests gave one.
    shared = "PYTEST_XDIST_WORKER" in os.environ and OWN_BROKER in os.environ
    if shared or "CELERY_BROKER_URL" not in os.environ:
        os.environ["CELERY_BROKER_URL"] = start_valkey(keeper)
        os.environ[OWN_BROKER] = "yes"


def pytest_report_header() -> str:
    return f"database: {chosen_database()}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect, where the database has no row locks, the tests that need them, and those that nobody needs twice."""
    if chosen_database() == "postgresql":
        return
    unfit = [item for item in items if item.get_closest_marker("postgresql") or item.get_closest_marker("once")]
    if unfit:
        config.hook.pytest_deselected(items=unfit)
        items[:] = [item for item in items if item not in unfit]


@pytest.fixture(scope="session")
def keeper(pytestconfig: pytest.Config) -> Keeper:
    """Start processes and folders that end with the test run, even if it is killed."""
    return pytestconfig.stash[KEEPER]


@pytest.fixture(scope="session")
def broker_url() -> str:
    """Give the address of the broker that the settings name too."""
    return os.environ["CELERY_BROKER_URL"]


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """Give the address of the test database, for another process to open."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(name)}").geturl()


@pytest.fixture
def celery_worker_process(keeper: Keeper, database_url: str, broker_url: str) -> Iterator[StartWorker]:
    """Start a real `celery -A project worker` process, as often as called; end all with the test.

    The call returns the process once the worker answers. Its arguments are further options of
    `celery worker`, such as `"--pool=threads"`; without any, there is one process for tasks. What
    earlier tests left in the queue is thrown away first. Killing the process is allowed.
    """
    workers: list[Popen[bytes]] = []
    app.control.purge()

    def start(*options: str) -> Popen[bytes]:
        name = f"{uuid.uuid4().hex[:8]}@tests"
        log = keeper.folder() / "worker.log"
        worker = keeper.start(
            f"worker {name}",
            [*WORKER, f"--hostname={name}", *(options or ["--concurrency=1"])],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database_url, "CELERY_BROKER_URL": broker_url},
            log=log,
        )
        workers.append(worker)
        wait_until(lambda: bool(app.control.ping(destination=[name], timeout=0.3)), worker, log)
        return worker

    yield start
    for worker in workers:
        keeper.stop(worker)

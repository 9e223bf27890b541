"""A web server under ASGI, and the two ways in which hints come to it."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from subprocess import Popen
from typing import Any

import pytest

from project.keeper import Keeper
from project.serve import free_port
from project.servers import Valkey, wait_until
from syncgroups import testing
from syncgroups.push import Notifier, publishing
from tests.servers import ROOT

from .clients import EventSource
from .ears import Ears
from .site.places import PLACES

POSTGRESQL, REDIS = "syncgroups.push.postgresql.Notifier", "syncgroups.push.redis.Notifier"
ASGI = "uvicorn tests.push.site.asgi:application --host 127.0.0.1 --lifespan off --log-level warning --port {port}"
WSGI = "gunicorn project.wsgi --log-level warning --no-control-socket --threads 4 --bind 127.0.0.1:{port}"


@pytest.fixture
def declared() -> Iterator[None]:
    """In this process, the barriers of the site."""
    with testing.declared(*PLACES):
        yield


@pytest.fixture(autouse=True)
def _fresh_line() -> Iterator[None]:
    """Nobody has failed to send a hint before."""
    publishing.line.reset()
    yield
    publishing.line.reset()


@pytest.fixture
def valkey(keeper: Keeper) -> Iterator[Valkey]:
    """A server of the test's own, to be stopped and started."""
    server = Valkey(keeper)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=[pytest.param(POSTGRESQL, marks=pytest.mark.postgresql), REDIS], ids=["postgresql", "redis"])
def push(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch, valkey: Valkey) -> str:
    """Push is on, by either notifier, in this process and in those that it starts."""
    return switch_on(request.param, valkey.url, settings, monkeypatch)


def switch_on(path: str, url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    settings.SYNCGROUPS_PUSH, settings.SYNCGROUPS_PUSH_URL = path, url
    monkeypatch.setenv("TESTS_PUSH", path)
    monkeypatch.setenv("TESTS_PUSH_URL", url)
    return path


@pytest.fixture
def serve(keeper: Keeper, database_url: str, broker_url: str, monkeypatch: Any) -> Iterator[Callable[..., int]]:
    """Start a web server for the site, and give its port. `quick` are constants of the stream that are to differ."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.push.site.settings")
    servers: list[Popen[bytes]] = []

    def start(command: str = ASGI, **quick: float) -> int:
        port, log = free_port(), keeper.folder() / "web.log"
        env = {**os.environ, "DATABASE_URL": database_url, "CELERY_BROKER_URL": broker_url, "PGAPPNAME": "web"}
        words = [sys.executable, "-m", *command.format(port=port).split()]
        server = keeper.start("web server", words, cwd=ROOT, env={**env, "TESTS_STREAM": json.dumps(quick)}, log=log)
        servers.append(server)
        wait_until(lambda: _answers(port), server, log)
        return port

    yield start
    for server in servers:
        keeper.stop(server)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/sync/api/v1/me/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture
def listen() -> Iterator[Callable[..., EventSource]]:
    """Open streams that are closed when the test ends."""
    streams: list[EventSource] = []

    def open_stream(port: int, participant: Any, **headers: str) -> EventSource:
        streams.append(EventSource(port, participant, **headers))
        return streams[-1]

    yield open_stream
    for stream in streams:
        stream.close()


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[Ears]:
    """Hear what is said by the notifier of the settings."""
    monkeypatch.setattr(Notifier, "breath", 0.05)
    ears = Ears()
    yield ears
    ears.close()

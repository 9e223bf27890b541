"""The demo as one command starts it: its pages have a stream, and whoever stops it need not wait for them."""

from __future__ import annotations

import os
import re
import signal
import sys

import httpx
import pytest

from project.demo.pages import read_page
from project.serve import free_port
from project.servers import wait_until
from tests.servers import ROOT

from .clients import PATIENCE, EventSource

pytestmark = [pytest.mark.worker, pytest.mark.once]


@pytest.fixture
def demo(keeper, tmp_path):
    """The process, its port, and the file with what it says."""
    port, log = free_port(), tmp_path / "demo.log"
    env = {name: value for name, value in os.environ.items() if name != "CELERY_BROKER_URL"}
    env["DATABASE_URL"] = f"sqlite:///{tmp_path}/db.sqlite3"
    words = [sys.executable, "-m", "project.serve", "demo", f"--port={port}"]
    process = keeper.start("demo", words, cwd=ROOT, env=env, log=log)
    wait_until(lambda: "The demo is at" in log.read_text(), process, log)
    yield process, port, log
    keeper.stop(process)


@pytest.fixture
def window(demo):
    """Open windows in browsers of their own."""
    windows = []

    def open_window():
        windows.append(httpx.Client(base_url=f"http://127.0.0.1:{demo[1]}", follow_redirects=True, timeout=PATIENCE))
        return windows[-1]

    yield open_window
    for client in windows:
        client.close()


def take_part(window):
    """Agree, and see the waiting page."""
    start = window.get("/rps/")
    form = read_page(str(start.url), start.text).forms["consent"]
    return window.post(form.action, data=form.fields | {"agree": "on"})


def test_a_player_is_told_of_a_partner_by_the_stream_that_the_page_names(demo, window):
    process, port, log = demo
    first = window()
    page = take_part(first)
    [address] = re.findall(r'data-stream-url="([^"]+)"', page.text)
    assert first.get("/static/syncgroups/wait.js").status_code == 200
    cookies = "; ".join(f"{name}={value}" for name, value in first.cookies.items())
    stream = EventSource(port, None, address=address, Cookie=cookies).opened()
    assert first.get(address).json()["waiting"] is True
    take_part(window())
    while first.get(address).json()["waiting"]:
        assert stream.next() == "changed"
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    stream.until("end")
    assert process.wait(3 * PATIENCE) == 0
    assert not re.findall("Traceback|Warning", log.read_text()), log.read_text()

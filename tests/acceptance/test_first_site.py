"""`docs/first-site.md` is a whole site: what it says is done to the letter, and two people play."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import partial

import httpx
import pytest

from project.serve import free_port
from project.servers import start_valkey, wait_until
from tests.servers import ROOT

pytestmark = [pytest.mark.worker, pytest.mark.once]

FILE = re.compile(r"```\w+\n(?:# |<!-- )([\w/.]+)(?:, (at the end))?(?: -->)?\n(.*?)```", re.DOTALL)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture
def site(keeper, tmp_path):
    """Make the site, and run it: web and worker. Its address, the process, and the log."""
    log = tmp_path / "site.log"
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env |= {"CELERY_BROKER_URL": start_valkey(keeper), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    run = partial(subprocess.run, cwd=tmp_path, env=env, check=True)
    run([sys.executable, "-m", "django", "startproject", "yoursite", "."])
    run([sys.executable, "manage.py", "startapp", "experiment"])
    for name, at_the_end, text in FILE.findall((ROOT / "docs" / "first-site.md").read_text()):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.read_text() + text if at_the_end else text)
    run([sys.executable, "manage.py", "migrate", "--verbosity=0"])
    run([sys.executable, "manage.py", "check", "--fail-level=WARNING"])
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    start = partial(keeper.start, cwd=tmp_path, env=env, log=log)
    worker = start(
        "worker", [sys.executable, "-m", "celery", "-A", "yoursite", "worker", "--pool=solo", "--loglevel=INFO"]
    )
    web = start("web", [sys.executable, "manage.py", "runserver", "--noreload", str(port)])
    wait_until(lambda: " ready." in log.read_text(), worker, log)
    wait_until(lambda: "Quit the server" in log.read_text(), web, log)
    yield address, web, log
    for process in (web, worker):
        keeper.stop(process)


def sent(client, page, **fields):
    """Send the form of a page, as a browser does, and see the next page."""
    token = TOKEN.findall(page.text)[0]
    return client.post(str(page.url), data={"csrfmiddlewaretoken": token, **fields})


def released(client, page):
    """Wait on a waiting page until the site lets through."""
    seen = [page]

    def has_gone_on():
        seen[:] = [client.get(str(page.url))]
        return seen[0].url != page.url

    return seen, has_gone_on


def test_the_first_site_of_the_docs_is_one_and_two_people_play_in_it(site):
    """Fails when somebody who copies the page has a site that does not work."""
    address, web, log = site
    people = [httpx.Client(base_url=address, follow_redirects=True, timeout=30) for _ in range(2)]
    # Who goes back and agrees again is still one person, and is not paired with themselves.
    assert sent(people[0], people[0].get("/")).url.path == "/partner/"
    waits = [released(person, sent(person, person.get("/"))) for person in people]
    gifts = []
    for seen, has_gone_on in waits:
        wait_until(has_gone_on, web, log)
        assert seen[0].url.path == "/give/"
        gifts.append(seen[0])
    waits = [
        released(person, sent(person, page, given=n)) for person, page, n in zip(people, gifts, (3, 5), strict=True)
    ]
    for (seen, has_gone_on), points in zip(waits, (15, 13), strict=True):
        wait_until(has_gone_on, web, log)
        assert f"You have {points} points" in seen[0].text
    assert people[0].get("/sync/api/v1/me/").json()["status"] == "finished"

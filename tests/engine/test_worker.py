"""The engine in real processes: Celery workers with a real broker in between, and the command without either."""

import os
import subprocess
import sys
import time

import pytest

from syncgroups import tasks, testing
from syncgroups.models import Heartbeat
from syncgroups.states import LinkState
from tests.engine.scenes import groups_of, make_group, members, states
from tests.engine.worker_site.places import FOLDER, PLACES
from tests.servers import ROOT

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]

#: Seconds after which a test says that nothing happens. Never waited for when all is well.
PATIENCE = 60


@pytest.fixture(autouse=True)
def site(monkeypatch, tmp_path):
    """Processes that are started serve a site with the barriers that are declared here, too."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.engine.worker_site.settings")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with testing.declared(*PLACES):
        yield tmp_path


def until(holds):
    """Wait for another process to have done something."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def all_released(links):
    return lambda: states(links) == [LinkState.RELEASED] * len(links)


def test_a_worker_groups_and_releases_whoever_arrives(celery_worker_process):
    celery_worker_process("--pool=solo")
    pair = testing.make_participants(2)
    until(all_released(testing.arrive_all(pair, "duo_grouper")))
    assert groups_of(pair[0]) == groups_of(pair[1]) != []
    until(all_released(testing.arrive_all(pair, "quick")))
    until(Heartbeat.objects.filter(part="worker").exists)


def test_what_a_killed_worker_had_begun_is_finished_by_the_next_sweep_of_another(celery_worker_process, site):
    victim = celery_worker_process("--pool=solo")
    links = testing.arrive_all(members(make_group(group_type="duo")), "slow")
    until((site / "begun").exists)
    victim.kill()
    victim.wait()
    assert states(links) == [LinkState.WAITING] * 2
    celery_worker_process("--pool=solo")
    tasks.sweep.delay()
    until(all_released(links))


def test_the_command_sweeps_in_a_process_of_its_own_without_a_broker(database_url):
    links = testing.arrive_all(members(make_group(group_type="duo")), "quick")
    done = subprocess.run(
        [sys.executable, "manage.py", "process_barriers"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url, "CELERY_BROKER_URL": "redis+socket:///nowhere.sock"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert states(links) == [LinkState.RELEASED] * 2

"""Clocks that differ: what happens, and when, is up to the database's."""

import datetime
import os
import subprocess
import sys
import time

import pytest
from django.conf import settings

from project.celery import app
from syncgroups import tasks, testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.states import LinkState
from tests.servers import ROOT

AHEAD = "420"


@pytest.fixture
def wrong_clocks(monkeypatch):
    """Processes that are started believe that it is some minutes later."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "chaos" / "skewed"))
    monkeypatch.setenv("CHAOS_CLOCK", AHEAD)


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_clock_is_minutes_ahead_sweeps_all_the_same(celery_worker_process, wrong_clocks):
    """Catches sweeps that expire so soon that such a worker throws away each one that it takes."""
    with testing.declared(SimpleGrouper("elsewhere", initial_group_size=2)):
        testing.arrive_all(testing.make_participants(1), "elsewhere_grouper")
    # The worker does not know the barrier, and leaves its waits for a minute to those who might.
    testing.let_time_pass(120)
    app.control.purge()  # The doorbell has been lost.
    celery_worker_process("--pool=solo")
    tasks.sweep.apply_async(**settings.CELERY_BEAT_SCHEDULE["syncgroups-sweep"]["options"])
    deadline = time.monotonic() + 20
    while ParticipantLinkBarrier.objects.get().state == LinkState.WAITING:
        assert time.monotonic() < deadline, "the sweep was not made"
        time.sleep(0.05)


def test_a_process_with_a_wrong_clock_has_it_everywhere(wrong_clocks):
    told = "import time, datetime; print(time.time(), datetime.datetime.now().timestamp(), time.time_ns() / 1e9)"
    done = subprocess.run([sys.executable, "-c", told], env=os.environ, capture_output=True, text=True, check=True)
    for moment in map(float, done.stdout.split()):
        assert moment - time.time() == pytest.approx(float(AHEAD), abs=30)


def test_moments_are_what_they_were_where_the_clock_is_wrong(wrong_clocks):
    told = "import datetime as d; print(isinstance(d.datetime.now(), d.datetime), d.datetime(2020, 1, 2).isoformat())"
    done = subprocess.run([sys.executable, "-c", told], env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", datetime.datetime(2020, 1, 2).isoformat()]

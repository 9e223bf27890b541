"""Law 5: an ``on_release`` that hangs, or that ends the process it runs in, holds back its own group only."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db.models.functions import Now

from syncgroups import testing
from syncgroups.models import SyncGroup, WakeUp, get_participant_model
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, make_groups, members, states
from tests.servers import ROOT

from .site.places import FOLDER, PLACES

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True), pytest.mark.once]

#: Seconds after which a test says that nothing happens. Never waited for when all is well.
PATIENCE = 60

DIED = 3

#: Seconds by which a pause is made longer, so that it is not over before a slow machine has started a process.
A_WHILE = 60


@pytest.fixture(autouse=True)
def site(monkeypatch, tmp_path):
    """Processes that are started serve a site with the barriers that are declared here, too."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.fire.site.settings")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with testing.declared(*PLACES):
        yield tmp_path


@pytest.fixture
def command(database_url):
    """Start ``manage.py process_barriers``."""
    environment = {"DATABASE_URL": database_url, "CELERY_BROKER_URL": "redis+socket:///nowhere.sock"}
    started = []

    def start(*options):
        line = [sys.executable, "manage.py", "process_barriers", *options]
        process = subprocess.Popen(line, cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def until(holds):
    """Wait for another process to have done something."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def calls(site: Path, group: SyncGroup) -> int:
    """How often ``on_release`` was called for the group."""
    trace = site / f"called-{group.pk}"
    return len(trace.read_text()) if trace.exists() else 0


def pause_of(group: SyncGroup) -> float:
    """Seconds from the last error of the group to its next try."""
    [call] = WakeUp.objects.filter(sync_group=group)
    pause: float = (call.due_at - fresh(group).last_error_at).total_seconds()
    return pause


def three_groups(manner):
    """The first group that is due does something to the process; the others are as groups should be."""
    odd, *others = make_groups(3, group_type="crew")
    SyncGroup.objects.filter(pk=odd.pk).update(details={"manner": manner})
    return odd, others


def test_a_group_that_kills_the_process_is_put_off_and_the_next_run_serves_the_others(command, site):
    """Catches: a sweep that dies of the same group each time, and never comes to those after it."""
    deadly, others = three_groups("dies")
    held = testing.arrive_all(members(deadly), "crew_choice")
    links = testing.arrive_all(members(*others), "crew_choice")
    assert command().wait(PATIENCE) == DIED
    assert pause_of(deadly) == pytest.approx(1, abs=0.9)
    testing.let_time_pass(-A_WHILE)
    WakeUp.objects.exclude(sync_group=deadly).update(due_at=Now())
    assert command().wait(PATIENCE) == 0
    assert states(links) == [LinkState.RELEASED] * 4
    assert states(held) == [LinkState.WAITING] * 2
    assert calls(site, deadly) == 1
    assert fresh(deadly).error_count == 1
    assert "has not returned" in fresh(deadly).last_error


def test_a_group_that_kills_its_process_is_tried_again_after_longer_and_longer_pauses(command, site):
    """Catches: a pause that is forgotten with the process."""
    deadly, _ = three_groups("dies")
    held = testing.arrive_all(members(deadly), "crew_choice")
    for tries, pause in enumerate((1, 2, 4), start=1):
        assert command().wait(PATIENCE) == DIED
        assert pause_of(deadly) == pytest.approx(pause, abs=0.9)
        testing.let_time_pass(-A_WHILE)
        assert command().wait(PATIENCE) == 0, "the next try comes later"
        assert (calls(site, deadly), fresh(deadly).error_count) == (tries, tries)
        testing.let_time_pass(A_WHILE + pause)
    SyncGroup.objects.update(details={})
    assert command().wait(PATIENCE) == 0
    assert states(held) == [LinkState.RELEASED] * 2
    assert (fresh(deadly).last_error, fresh(deadly).error_count) == ("", 0)
    assert not WakeUp.objects.exists()


def test_the_wait_for_a_group_that_kills_its_process_ends_at_the_deadline_and_nobody_is_at_fault(command, site):
    """Promise 1. Catches: people who wait for ever, since the process that would end their wait dies each time."""
    deadly, _ = three_groups("dies")
    held = testing.arrive_all(members(deadly), "crew_choice")
    assert command().wait(PATIENCE) == DIED
    testing.let_time_pass(601)
    assert command().wait(PATIENCE) == 0
    assert calls(site, deadly) == 1
    assert states(held) == [LinkState.TIMED_OUT] * 2
    assert not get_participant_model()._default_manager.filter(failed=True).exists()


def test_a_group_that_is_first_tried_after_its_deadline_goes(command):
    """Law 6. Catches: writing down a call that ends the wait for which it was to be made."""
    _, [good, _] = three_groups("dies")
    links = testing.arrive_all(members(good), "crew_choice")
    testing.let_time_pass(601)
    assert command().wait(PATIENCE) == 0
    assert states(links) == [LinkState.RELEASED] * 2


@pytest.mark.postgresql
def test_while_a_group_hangs_others_go_and_a_researcher_sees_which_one_it_is(command, site):
    """Catches: a sweep that waits for what another one is at work on; an error that is stored too late to be of use."""
    hanging, others = three_groups("hangs")
    held = testing.arrive_all(members(hanging), "crew_choice")
    hung = command()
    until(lambda: calls(site, hanging))
    links = testing.arrive_all(members(*others), "crew_choice")
    links += testing.arrive_all(members(others[0]), "crew_later")
    assert command().wait(PATIENCE) == 0
    assert states(links) == [LinkState.RELEASED] * 6
    assert "has not returned" in fresh(hanging).last_error
    assert hung.poll() is None
    assert states(held) == [LinkState.WAITING] * 2


@pytest.mark.postgresql
def test_what_a_killed_process_hung_at_is_tried_again_after_a_pause(command, site):
    """Catches: a second process that hangs at once where the first one did."""
    hanging, _ = three_groups("hangs")
    held = testing.arrive_all(members(hanging), "crew_choice")
    hung = command()
    until(lambda: calls(site, hanging))
    hung.kill()
    hung.wait()
    testing.let_time_pass(-A_WHILE)
    assert command().wait(PATIENCE) == 0
    assert calls(site, hanging) == 1
    SyncGroup.objects.update(details={})
    testing.let_time_pass(A_WHILE + 1)
    assert command().wait(PATIENCE) == 0
    assert states(held) == [LinkState.RELEASED] * 2
    assert fresh(hanging).last_error == ""


def test_a_limit_of_celerys_ends_what_hangs_and_the_same_worker_serves_the_others(celery_worker_process):
    """Catches: a worker that is lost to a group; an error that nobody can read."""
    celery_worker_process("--concurrency=1", "--soft-time-limit=1")
    hanging, others = three_groups("hangs")
    held = testing.arrive_all(members(hanging), "crew_choice")
    links = testing.arrive_all(members(*others), "crew_choice")
    until(lambda: states(links) == [LinkState.RELEASED] * 4)
    until(lambda: fresh(hanging).error_count == 1)
    assert "SoftTimeLimitExceeded" in fresh(hanging).last_error
    assert states(held) == [LinkState.WAITING] * 2
    assert WakeUp.objects.get().due_at > fresh(hanging).last_error_at, "it is tried again after a pause"

"""The safety net: whatever was lost, drifted or is no longer declared is found by the next sweep."""

import io

import pytest
from django.core.management import call_command
from django.db import connection

from project.celery import app
from syncgroups import arrivals, processing, tasks, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, WakeUp
from syncgroups.processing import sweeping
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import crowd, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db


class Open(Barrier):
    """Lets everybody through."""

    def choose_who_to_release(self, waiting_participants):
        return waiting_participants


class Broken(Barrier):
    """Raises."""

    def choose_who_to_release(self, waiting_participants):
        raise RuntimeError("a mistake in the rule")


@pytest.fixture
def no_broker(monkeypatch):
    """For the duration no broker answers."""
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    # Whatever is connected meanwhile is not what later tests may go on with.
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setitem(app.conf, "broker_write_url", "redis+socket:///nowhere/valkey.sock")


def test_a_doorbell_that_was_lost_is_made_good_by_the_sweep():
    """Catches: an arrival that leaves no trace but its message."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps"), Open("open")):
        links = testing.arrive_all(members(group), "choice") + testing.arrive_all(members(group), "open")
        assert processing.sweep().outcome == PassOutcome.DONE
    assert states(links) == [LinkState.RELEASED] * 4


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_arrivals_and_endings_commit_and_the_sweep_finds_them(no_broker, caplog):
    """Catches: an arrival that fails, or is undone, because nobody can be told of it."""
    group = make_group(3, min_group_size=1)
    gone, *rest = members(group)
    with testing.declared(GroupBarrier("choice", "rps")):
        links = testing.arrive_all(rest, "choice")
        gone.fail("closed the tab")
        assert states(links) == [LinkState.WAITING] * 2
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2
    assert "No doorbell could be rung" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_doorbells_name_the_unit_and_ring_after_commit(monkeypatch):
    """Catches: ringing before there is anything to see; ringing for a whole barrier instead of a group."""
    rung = []
    monkeypatch.setattr(
        tasks.process_barrier,
        "apply_async",
        lambda unit, **options: rung.append((*unit, connection.in_atomic_block)),
    )
    group = make_group(cohort="morning")
    rung.clear()
    with testing.declared(GroupBarrier("choice", "rps"), Open("open")):
        testing.arrive_all(members(group)[:1], "choice")
        arrivals.arrive(members(group)[0], "open")
    assert rung == [("choice", "morning", group.pk, False), ("open", "morning", None, False)]


def test_a_task_does_what_its_message_says_and_may_come_twice():
    """Catches: a task that fails where there is nothing (left) to do."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps")):
        links = testing.arrive_all(members(group), "choice")
        for _ in range(2):
            tasks.process_barrier("choice", "", group.pk)
            tasks.process_barrier("choice", "", 0)
            tasks.process_barrier("nowhere", "nobody", 12345)
            tasks.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_a_barrier_that_raises_stops_no_other(caplog):
    """Law 5. Catches: one error for the whole sweep."""
    people = testing.make_participants(2)
    with testing.declared(Broken("a_broken"), Open("open"), Broken("z_broken")):
        links = [testing.arrive_all(people, barrier) for barrier in ("a_broken", "open", "z_broken")]
        testing.sweep()
    assert [states(at) for at in links] == [
        [LinkState.WAITING] * 2,
        [LinkState.RELEASED] * 2,
        [LinkState.WAITING] * 2,
    ]
    assert "a mistake in the rule" in BarrierRecord.objects.get(barrier_id="a_broken").last_error


def test_what_one_sweep_cannot_take_on_is_left_to_the_next(settings):
    """Catches: a sweep without bounds, or one that forgets the rest."""
    settings.SYNCGROUPS_SWEEP_LIMIT = 2
    groups = make_groups(5)
    with testing.declared(GroupBarrier("choice", "rps")):
        testing.arrive_all(members(*groups), "choice")
        processing.sweep()
        assert ParticipantLinkBarrier.objects.at("choice").waiting().count() == 6
        for _ in range(2):
            processing.sweep()
        assert ParticipantLinkBarrier.objects.at("choice").waiting().count() == 0


def test_the_command_sweeps_without_celery_and_follows_what_it_finds():
    """Catches: a command that makes one step of several."""
    grouper = SimpleGrouper("rps", initial_group_size=2, max_group_size=2, join_existing_groups=True, max_wait_time=600)
    with testing.declared(grouper, GroupBarrier("choice", "rps", max_wait_time=5)):
        first = testing.make_participants(2)
        testing.arrive_all(first, "rps_grouper")
        call_command("process_barriers")
        [absent] = testing.arrive_all(first[:1], "choice")
        [patient] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.let_time_pass(6)
        call_command("process_barriers", verbosity=2, stdout=(out := io.StringIO()))
    assert states([absent, patient]) == [LinkState.TIMED_OUT, LinkState.RELEASED]
    assert len(members(first[1].sync_group)) == 2
    assert "Swept" in out.getvalue()


def test_a_thousand_overdue_visits_end_in_one_sweep():
    """Promise 1. Catches: limits in the wrong place."""
    with testing.declared(Open("held")):
        crowd(1000, "held")
        testing.let_time_pass(2 * 86400)
        processing.sweep()
    assert not ParticipantLinkBarrier.objects.waiting().exists()


def test_calls_for_a_barrier_that_is_gone_are_forgotten_once_nobody_waits_there():
    """Catches: a fault that `syncgroups_check` tells for ever, since somebody was released where no code is left."""
    with testing.declared(Barrier("left", max_wait_time=600), Barrier("kept", max_wait_time=600)):
        [one] = testing.arrive_all(testing.make_participants(1), "left")
        testing.arrive_all(testing.make_participants(1), "kept")
    with testing.declared():
        one.release()
        sweeping.forget_idle_calls()
        assert set(WakeUp.objects.values_list("barrier_id", flat=True)) == {"left", "kept"}, "others may serve them yet"
        testing.let_time_pass(61)
        sweeping.forget_idle_calls()
        assert set(WakeUp.objects.values_list("barrier_id", flat=True)) == {"kept"}
        with testing.declared(Barrier("left", max_wait_time=600)):
            testing.arrive_all(testing.make_participants(1), "left")
        testing.let_time_pass(61)
        sweeping.look_after_undeclared(every=1)
        assert set(WakeUp.objects.values_list("barrier_id", flat=True)) == {"left", "kept"}

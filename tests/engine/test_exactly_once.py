"""Laws 5 and 7: what ``on_release`` does and the release commit together; who fails is tried again, alone."""

import pytest
from django.db import connection

from syncgroups import processing, signals, testing
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, SyncGroup, WakeUp
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db


class Scoring:
    """An ``on_release`` that writes to the group, and raises as often as it is told."""

    def __init__(self, failures=0, group=None):
        self.failures, self.group = failures, group
        self.calls = 0

    def __call__(self, group):
        if self.group not in (None, group):
            return
        self.calls += 1
        SyncGroup.objects.filter(pk=group.pk).update(details={"score": self.calls})
        if self.calls <= self.failures:
            raise RuntimeError("the scoring service is down")


def test_on_release_that_raises_leaves_nothing_behind_and_the_error_is_stored():
    """Catches: releasing first and calling afterwards; calling outside of the transaction."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", on_release=Scoring(failures=1))):
        links = testing.arrive_all(members(group), "choice")
        assert testing.process("choice") == PassOutcome.FAILED
    group = fresh(group)
    assert states(links) == [LinkState.WAITING] * 2
    assert group.details == {}
    assert "RuntimeError: the scoring service is down" in group.last_error
    assert (group.error_count, group.last_error_at is None) == (1, False)
    assert "the scoring service is down" in BarrierRecord.objects.get(barrier_id="choice").last_error


def test_what_on_release_wrote_is_undone_when_the_release_cannot_be_completed(monkeypatch):
    """Catches: on_release in a transaction of its own."""
    group, crashes = make_group(), [RuntimeError("power cut")]
    close = processing.acting.close_locked

    def crash_once(groups, reason):
        if crashes:
            raise crashes.pop()
        return close(groups, reason)

    monkeypatch.setattr(processing.acting, "close_locked", crash_once)
    with testing.declared(GroupCloser("rps", on_release=Scoring())):
        links = testing.arrive_all(members(group), "closer_rps")
        assert testing.process("closer_rps") == PassOutcome.FAILED
        assert (fresh(group).details, fresh(group).active, states(links)) == ({}, True, [LinkState.WAITING] * 2)
        testing.let_time_pass(1)
        testing.sweep()
    assert (fresh(group).details, fresh(group).active) == ({"score": 2}, False)


def test_an_error_of_the_database_in_on_release_is_an_error_like_any_other():
    """Catches: going on in a transaction that is broken."""
    bad, good = make_groups(2)

    def score(group):
        if group == bad:
            with connection.cursor() as cursor:
                cursor.execute("SELECT no_such_column FROM no_such_table")

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        links = testing.arrive_all(members(bad) + members(good), "choice")
        testing.process("choice")
    assert states(links) == [LinkState.WAITING] * 2 + [LinkState.RELEASED] * 2
    assert "no_such_table" in fresh(bad).last_error


def test_what_failed_is_tried_again_after_one_two_and_four_seconds_and_then_the_error_is_cleared():
    """Catches: retrying at once; retrying never; keeping the error of what has succeeded."""
    group, scoring = make_group(), Scoring(failures=3)
    with testing.declared(GroupBarrier("choice", "rps", on_release=scoring)):
        links = testing.arrive_all(members(group), "choice")
        testing.sweep()
        for tries, pause in enumerate((1, 2, 4), start=1):
            assert (scoring.calls, fresh(group).error_count) == (tries, tries)
            between = WakeUp.objects.get().due_at - fresh(group).last_error_at
            assert between.total_seconds() == pytest.approx(pause, abs=0.9)
            testing.let_time_pass(pause)
            testing.sweep()
        assert scoring.calls == 4
    assert states(links) == [LinkState.RELEASED] * 2
    group = fresh(group)
    assert (group.last_error, group.error_count, group.details) == ("", 0, {"score": 4})
    assert not WakeUp.objects.exists()


def test_the_pause_between_two_tries_has_an_upper_bound(settings):
    """Catches: doubling for ever."""
    settings.SYNCGROUPS_RETRY_MAX_INTERVAL = 30
    group, scoring = make_group(), Scoring(failures=9)
    with testing.declared(GroupBarrier("choice", "rps", on_release=scoring, max_wait_time=10000)):
        testing.arrive_all(members(group), "choice")
        testing.sweep()
        for _ in range(7):
            testing.let_time_pass(30)
            testing.sweep()
    assert scoring.calls == 8


def test_neither_a_message_nor_a_sweep_tries_again_before_its_time():
    """Catches: a pass that runs on_release although nothing is due."""
    group, scoring = make_group(), Scoring(failures=9)
    with testing.declared(GroupBarrier("choice", "rps", on_release=scoring, max_wait_time=10000)):
        testing.arrive_all(members(group), "choice")
        testing.sweep()
        for _ in range(5):
            testing.let_time_pass(60)
            testing.sweep()
        assert scoring.calls == 6, "the next try is half a minute away"
        for _ in range(3):
            testing.process("choice")
            testing.sweep()
    assert scoring.calls == 6


def test_the_wait_for_a_retry_ends_at_the_deadline():
    """Promise 1. Catches: a group that waits for ever because its on_release raises for ever."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", on_release=Scoring(failures=99), max_wait_time=10)):
        links = testing.arrive_all(members(group), "choice")
        testing.sweep()
        testing.let_time_pass(11)
        testing.sweep()
    assert states(links) == [LinkState.TIMED_OUT] * 2
    assert fresh(group).details == {}


def test_a_group_that_fails_holds_back_no_other_and_is_served_alone():
    """Law 5. Catches: one transaction, or one error, for several groups."""
    groups = make_groups(3)
    scoring = Scoring(failures=1, group=groups[1])
    with testing.declared(GroupBarrier("choice", "rps", on_release=scoring)):
        links = testing.arrive_all(members(*groups), "choice")
        testing.process("choice")
        assert states(links) == [LinkState.RELEASED] * 2 + [LinkState.WAITING] * 2 + [LinkState.RELEASED] * 2
        assert [fresh(group).error_count for group in groups] == [0, 1, 0]
        testing.let_time_pass(1)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 6
    assert scoring.calls == 2


def test_the_error_of_a_barrier_is_cleared_when_everything_succeeds_again():
    """Catches: showing a researcher an error that is mended."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", on_release=Scoring(failures=1))):
        testing.arrive_all(members(group), "choice")
        testing.sweep()
        testing.let_time_pass(1)
        testing.sweep()
    assert BarrierRecord.objects.get(barrier_id="choice").last_error == ""


def test_a_rule_that_raises_is_tried_again_and_its_error_is_cleared():
    """Catches: a pool whose rule raises once and is never asked again."""
    grouper = SimpleGrouper("rps", initial_group_size=2)
    with testing.declared(grouper):
        links = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        grouper.batch_size = None
        grouper.__class__ = type("Broken", (SimpleGrouper,), {"minimum_waiting": 1})
        assert testing.process("rps_grouper") == PassOutcome.FAILED
        record = BarrierRecord.objects.get()
        assert (record.error_count, bool(record.last_error)) == (1, True)
        grouper.batch_size = 2
        testing.let_time_pass(1)
        testing.sweep()
    record = BarrierRecord.objects.get()
    assert (record.error_count, record.last_error) == (0, "")
    assert states(links) == [LinkState.RELEASED] * 2


def test_every_task_may_run_twice():
    """Law 7. Catches: a pass that acts on who has been served already."""
    group, scoring = make_group(), Scoring()
    barriers = [
        SimpleGrouper("duo", initial_group_size=2),
        GroupBarrier("choice", "rps", on_release=scoring),
        GroupCloser("rps", on_release=scoring),
    ]
    with testing.declared(*barriers):
        for barrier in ("duo_grouper", "choice", "closer_rps"):
            links = testing.arrive_all([m.participant for m in group.participant_links.all()], barrier)
            testing.process(barrier)
            testing.process(barrier)
            testing.sweep()
            assert states(links) == [LinkState.RELEASED] * 2
    assert scoring.calls == 2
    assert SyncGroup.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_signals_are_sent_after_the_release_is_committed_and_once():
    """Law 7. Catches: sending inside the transaction; sending for what was rolled back."""
    group, seen = make_group(), []

    def listen(sender, participants, group, **facts):
        seen.append((connection.in_atomic_block, sender, facts["barrier_id"], sorted(participants), group))
        raise RuntimeError("a receiver that raises disturbs nobody")

    scoring = Scoring(failures=1)
    signals.released.connect(listen)
    try:
        with testing.declared(GroupBarrier("choice", "rps", on_release=scoring)):
            links = testing.arrive_all(members(group), "choice")
            testing.process("choice")
            assert seen == []
            testing.let_time_pass(1)
            testing.sweep()
            testing.process("choice")
    finally:
        signals.released.disconnect(listen)
    pks = sorted(member.pk for member in members(group))
    assert seen == [(False, GroupBarrier, "choice", pks, group.pk)]
    assert states(links) == [LinkState.RELEASED] * 2

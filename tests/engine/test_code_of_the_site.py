"""Code of the site that misbehaves: it is told so, and nobody is stuck or served twice by it."""

import contextlib
import logging
import os
import subprocess
import sys

import pytest
from django.db import IntegrityError, connection, models, transaction

from syncgroups import arrivals, processing, registry, signals, testing
from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.decisions import Decision, GroupProposal
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    BarrierRecord,
    SyncGroup,
    get_participant_model,
)
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_swallowed_database_error_in_on_release_is_an_error():
    group, calls = make_group(), []

    def score(group):
        calls.append(group.pk)
        with contextlib.suppress(IntegrityError):
            BarrierRecord.objects.create(barrier_id="choice")  # exists already

    with testing.declared(GroupBarrier("choice", "rps", on_release=score, max_wait_time=1000)):
        links = testing.arrive_all(members(group), "choice")
        testing.process("choice")
        testing.let_time_pass(-60)  # So that no pause is over before a slow machine has swept.
        for _ in range(5):
            testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2 or fresh(group).last_error
    assert len(calls) <= 1


def test_set_rollback():
    group, calls = make_group(), []

    def score(group):
        calls.append(1)
        transaction.set_rollback(True)

    with testing.declared(GroupBarrier("choice", "rps", on_release=score, max_wait_time=1000)):
        links = testing.arrive_all(members(group), "choice")
        outcome = testing.process("choice")
        for _ in range(5):
            testing.sweep()
    assert fresh(group).last_error, (outcome, states(links), len(calls))


@pytest.mark.postgresql
def test_raw_sql_swallowed():
    group, calls, sent = make_group(), [], []

    def score(group):
        calls.append(1)
        try:
            with connection.cursor() as c:
                c.execute("SELECT nope FROM nowhere")
        except Exception:
            pass

    def listen(**facts):
        sent.append(facts["participants"])

    signals.released.connect(listen)
    with testing.declared(GroupBarrier("choice", "rps", on_release=score, max_wait_time=1000)):
        links = testing.arrive_all(members(group), "choice")
        outcome = testing.process("choice")
        for _ in range(5):
            testing.sweep()
    signals.released.disconnect(listen)
    assert fresh(group).last_error, (outcome, states(links), len(calls), "signals", len(sent))


class Broken(Barrier):
    def choose_who_to_release(self, waiting):
        raise RuntimeError("bug")


def test_many_failures_keep_deadlines():
    with testing.declared(Broken("b", max_wait_time=10)):
        (link,) = testing.arrive_all(testing.make_participants(1), "b")
        testing.sweep()
        BarrierRecord.objects.update(error_count=1024)
        testing.let_time_pass(11)
        testing.sweep()
    assert fresh(link).state == LinkState.TIMED_OUT


def test_error_run_that_raises_does_not_block_other_groups(monkeypatch):
    """one group whose pass cannot even note its error"""
    bad, good = make_groups(2)
    SyncGroup.objects.filter(pk=bad.pk).update(error_count=1024)

    def score(group):
        if group == bad:
            raise RuntimeError("x")

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        links = testing.arrive_all(members(bad) + members(good), "choice")
        for _ in range(3):
            processing.sweep()
    assert states(links)[2:] == [LinkState.RELEASED] * 2


class FailAbsent(GroupBarrier):
    def choose_who_to_release(self, waiting):
        return waiting

    def choose_who_to_fail(self, waiting):
        here = {p.pk for p in waiting}
        return [m for g in self._groups_of(waiting) for m in g.active_participants if m.pk not in here]


def test_on_release_is_called_once_when_others_are_failed():
    group = make_group(size=2)
    here, absent = members(group)
    # absent is in a group of another type as well
    with testing.declared(SimpleGrouper("other", initial_group_size=1)):
        testing.arrive_all([absent], "other_grouper")
        testing.process("other_grouper")
    calls = []
    with testing.declared(FailAbsent("choice", "rps", on_release=lambda group: calls.append(group.pk))):
        testing.arrive_all([here], "choice")
        testing.process("choice")
    assert fresh(absent).failed
    assert len(calls) == 1


def test_on_release_sees_its_own_changes():
    group = make_group(size=3)
    seen = {}

    def score(group, participants):
        participants[1].fail("cheated")
        seen["members"] = [p.pk for p in group.active_participants]
        seen["barriers"] = participants[0].active_barriers
        seen["can_exit"] = registry.get("choice").can_participant_exit(participants[0])

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        people = members(group)
        testing.arrive_all(people, "choice")
        testing.process("choice")
    assert fresh(people[1]).failed, fresh(group).last_error
    assert len(seen["members"]) == 2, seen
    assert seen["can_exit"], seen


def test_can_exit():
    group = make_group(size=2)
    seen = {}

    def score(group, participants):
        seen["can_exit"] = registry.get("choice").can_participant_exit(participants[0])

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        testing.arrive_all(members(group), "choice")
        testing.process("choice")
    assert seen["can_exit"], seen


def test_host_plain_manager(monkeypatch):
    people = testing.make_participants(1)
    m = models.Manager()
    m.model = get_participant_model()
    m.name = "objects"
    with testing.declared(SimpleGrouper("rps", initial_group_size=3, max_wait_time=10)):
        monkeypatch.setitem(get_participant_model()._meta.__dict__, "default_manager", m)
        arrivals.arrive(people[0], "rps_grouper")


def test_on_release_that_raises_does_not_count_as_punishment():
    """on_release broken for longer than the wait: everybody present is failed"""
    group = make_group()

    def broken():
        raise RuntimeError

    with testing.declared(GroupBarrier("choice", "rps", on_release=broken, max_wait_time=10)):
        testing.arrive_all(members(group), "choice")
        testing.sweep()
        testing.let_time_pass(11)
        testing.sweep()
    assert not any(p.failed for p in get_participant_model().objects.all())


def test_undeclared_keeps_policy():
    (p,) = testing.make_participants(1)
    with testing.declared(Barrier("b", max_wait_time=10, on_timeout="leave")):
        testing.arrive_all([p], "b")
    with testing.declared():
        testing.let_time_pass(11)
        testing.sweep()
    assert not fresh(p).failed


def test_released_and_failed_both():
    class R(GroupBarrier):
        def choose_who_to_fail(self, w):
            return w

    group = make_group()
    with testing.declared(R("choice", "rps")):
        links = testing.arrive_all(members(group), "choice")
        out = testing.process("choice")
    assert out == PassOutcome.FAILED, (states(links), [m.failed for m in get_participant_model().objects.all()])


def test_rule_fails_foreign_cohort():
    (stranger,) = testing.make_participants(1, cohort="other")

    class R(GroupBarrier):
        def choose_who_to_fail(self, w):
            return [stranger]

    group = make_group()
    with testing.declared(R("choice", "rps", max_wait_time=10)):
        testing.arrive_all(members(group)[:1], "choice")
        testing.process("choice")
    assert not fresh(stranger).failed


def test_minimum_waiting_of_own_decide():
    class Patient(SimpleGrouper):
        """whoever has waited for 5 s goes alone"""

        def decide(self, waiting, joinable=()):
            old = [p for p in waiting if p.active_barriers[self.id].time_waited > 5]
            return Decision(groups=[GroupProposal(members=[p]) for p in old])

    with testing.declared(Patient("rps", initial_group_size=2, max_wait_time=100, recheck_interval=1)):
        (link,) = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.process("rps_grouper")
        for _ in range(10):
            testing.let_time_pass(2)
            testing.sweep()
    assert fresh(link).state == LinkState.RELEASED


def test_group_closed_receivers():
    got = []
    group = make_group(size=2)

    def listen(group, **f):
        got.append(len(group.active_participants))

    signals.group_closed.connect(listen)
    with testing.declared(GroupCloser("rps")):
        testing.arrive_all(members(group), "closer_rps")
        testing.process("closer_rps")
    signals.group_closed.disconnect(listen)
    assert got == [0]


@pytest.mark.parametrize("close", [lambda group, people: [person.finish() for person in people],
                                   lambda group, people: SyncGroup.objects.get(pk=group.pk).close()])  # fmt: skip
def test_a_group_that_code_of_the_site_closes_as_it_goes_is_announced_once(close):
    """Catches: a closer that closes once more, and tells so, what has been closed as the last member finished."""
    reasons = []
    group = make_group()

    def note(reason, **facts):
        reasons.append(reason)

    signals.group_closed.connect(note)
    with testing.declared(GroupCloser("rps", on_release=lambda group, participants: close(group, participants))):
        links = testing.arrive_all(members(group), "closer_rps")
        testing.process("closer_rps")
    signals.group_closed.disconnect(note)
    assert states(links) == [LinkState.RELEASED] * 2
    assert len(reasons) == 1, reasons


class Mute(Exception):
    """Has nothing to say."""

    def __str__(self):
        raise AttributeError("detail")


@pytest.mark.parametrize("error", [ValueError("NUL: \0"), ValueError("half of a character: \udc80"), Mute()])
@pytest.mark.parametrize("kind", ["rule", "on_release"])
def test_an_error_that_no_database_takes_is_stored_all_the_same_and_waits_end(kind, error, caplog):
    """Catches: an error that cannot be stored, so that it is met each second, nobody sees it, and no wait ends."""
    # What is logged of it could not be sent from one process of the tests to another.
    caplog.set_level(logging.CRITICAL + 1, "syncgroups")
    calls = []

    def fail(*args):
        calls.append(args)
        raise error

    class Rule(Barrier):
        choose_who_to_release = fail

    group = make_group()
    wrong = Rule("choice", max_wait_time=10)
    if kind == "on_release":
        wrong = GroupBarrier("choice", "rps", max_wait_time=10, on_release=lambda: fail())
    with testing.declared(wrong):
        links = testing.arrive_all(people := members(group), "choice")
        assert testing.process("choice") == PassOutcome.FAILED
        assert type(error).__name__ in BarrierRecord.objects.get(barrier_id="choice").last_error
        testing.let_time_pass(-60)  # So that the pause is not over before a slow machine looks.
        testing.sweep()
        assert len(calls) == 1, "tried again after a while only"
        testing.let_time_pass(71)
        testing.sweep()
    assert states(links) == [LinkState.TIMED_OUT] * 2
    assert not any(fresh(person).failed for person in people)


def test_a_hook_that_raises_after_the_commit_does_not_make_a_release_a_failure():
    def score(group):
        transaction.on_commit(lambda: 1 / 0)

    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        links = testing.arrive_all(members(group), "choice")
        assert testing.process("choice") == PassOutcome.DONE
    assert states(links) == [LinkState.RELEASED] * 2
    assert fresh(group).last_error == ""


@pytest.mark.parametrize("broker", ["reddis://nowhere", "redis+socket:///nowhere.sock"])
def test_an_arrival_stands_whatever_is_wrong_with_the_broker(broker):
    """A typo, a client library that is not installed, a server that is down: the sweep finds who has arrived."""
    program = "import django; django.setup(); from syncgroups import processing, tasks;"
    program += "tasks.ring([processing.Unit('choice', '')]); print('rang')"
    environment = {**os.environ, "CELERY_BROKER_URL": broker, "DJANGO_SETTINGS_MODULE": "project.settings"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment)
    assert done.stdout.strip() == "rang", done.stderr
    assert "waits for the sweep" in done.stderr

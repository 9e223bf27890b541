"""What the database ends because of a deadlock, or because it cannot be serialised, starts over, and not for ever."""

import pytest
from django.db import OperationalError, transaction

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.exceptions import Contended
from syncgroups.models import SyncGroup, get_participant_model
from syncgroups.processing.locks import TRIES, until_settled
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, make_group, make_groups, members, states
from tests.interleavings.gated import GatedGroupBarrier

from .sessions import fail_the_statement, hold, in_outer_transaction, win_deadlocks, within

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

DEADLOCK, NOT_SERIAL = "40P01", "40001"
ended_by = pytest.mark.parametrize("code", [DEADLOCK, NOT_SERIAL])

#: The session that finds a deadlock is the one that is ended. It looks once, so many seconds after it began to wait.
LOSES = {"deadlock_timeout": "2s"}


class Ending:
    """Something to do that the server ends so many times before it is done."""

    def __init__(self, code, times=1):
        self.code, self.times, self.begun = code, times, 0

    def __call__(self, *args):
        self.begun += 1
        SyncGroup.objects.update(details={"begun": self.begun})
        if self.begun <= self.times:
            fail_the_statement(self.code)
        return self.begun


def test_a_pass_that_loses_a_deadlock_with_the_sites_own_transaction_is_made_again(elsewhere, gate):
    """Catches: a deadlock that becomes an error of the group's, which then waits for its next try."""
    group = make_group(3, min_group_size=1)
    fails, *stay = members(group)
    with testing.declared(GatedGroupBarrier("choice", "rps", gate)):
        links = testing.arrive_all(members(group), "choice")
        passing = elsewhere(within, LOSES, processing.process_barrier, "choice")
        gate.until_reached()
        with transaction.atomic():
            win_deadlocks()
            hold(get_participant_model(), fails.pk)
            gate.open()
            passing.until_held()
            assert fails.fail("by the site, which has locked the participant first")
        assert passing.result().outcome == PassOutcome.DONE
    assert states(links) == [LinkState.FAILED] + [LinkState.RELEASED] * 2
    assert members(group) == stay
    assert fresh(group).last_error == ""


def test_a_verb_that_loses_a_deadlock_is_said_again(elsewhere):
    """Catches: a participant who is told of a deadlock."""
    group = make_group(3)
    person, *_ = members(group)
    with transaction.atomic():
        win_deadlocks()
        hold(get_participant_model(), person.pk)
        failing = elsewhere(within, LOSES, person.fail, "closed the tab").until_held()
        group.close("at the same time")
    assert failing.result() is True
    assert not fresh(group).active
    assert fresh(person).failed


@ended_by
def test_what_the_server_ends_starts_over_in_a_new_transaction(code):
    """Catches: trying again inside of what has been rolled back; keeping what the first try wrote."""
    make_group()
    act = Ending(code, times=TRIES - 1)
    assert until_settled(act) == TRIES
    assert SyncGroup.objects.get().details == {"begun": TRIES}


@ended_by
def test_nobody_tries_for_ever(code):
    """Catches: a loop without a bound."""
    act = Ending(code, times=10**6)
    with pytest.raises(Contended) as refused:
        until_settled(act)
    assert act.begun == TRIES
    assert isinstance(refused.value.__cause__, OperationalError)


@ended_by
def test_within_a_callers_transaction_the_error_goes_up_to_whoever_can_start_over(code):
    """Catches: trying again under locks, and on sight of rows, that belong to a transaction that has lost."""
    act = Ending(code)
    with pytest.raises(OperationalError, match="as asked"):
        in_outer_transaction(lambda: until_settled(act))
    assert act.begun == 1


@ended_by
def test_what_was_committed_is_not_done_again_because_of_a_hook(code):
    """Law 7. Catches: starting over after the commit."""
    begun = []

    def act(groups):
        begun.append(1)
        transaction.on_commit(lambda: fail_the_statement(code))

    until_settled(act)
    assert len(begun) == 1


@ended_by
def test_another_error_of_the_server_is_not_tried_again(code):
    """Catches: repeating whatever the database complains about."""
    act = Ending("53100", times=10**6)  # the disk is full
    with pytest.raises(OperationalError):
        until_settled(act)
    assert act.begun == 1


@ended_by
def test_a_release_that_the_server_ends_once_takes_place_at_once_and_once(code):
    """Law 7. Catches: an error with a pause where a second try would do."""
    group, score = make_group(), Ending(code)
    with testing.declared(GroupBarrier("choice", "rps", on_release=lambda group: score())):
        links = testing.arrive_all(members(group), "choice")
        assert testing.process("choice") == PassOutcome.DONE
    assert states(links) == [LinkState.RELEASED] * 2
    assert (score.begun, fresh(group).details, fresh(group).last_error) == (2, {"begun": 2}, "")


@ended_by
def test_a_release_that_the_server_ends_each_time_is_an_error_that_is_shown_and_holds_back_no_other(code):
    """Promise 2 and law 5. Catches: a group that is tried again and again without a pause, and without a word."""
    bad, good = make_groups(2)
    score = Ending(code, times=10**6)
    with testing.declared(
        GroupBarrier("choice", "rps", on_release=lambda group: score() if group == bad else None, max_wait_time=600)
    ):
        links = testing.arrive_all(members(bad, good), "choice")
        testing.sweep()
        assert score.begun == TRIES
        testing.let_time_pass(-60)  # So that the pause is not over before a slow machine looks.
        testing.sweep()
        assert score.begun == TRIES, "the next try is a second away"
    assert states(links) == [LinkState.WAITING] * 2 + [LinkState.RELEASED] * 2
    assert "as asked" in fresh(bad).last_error
    assert fresh(bad).error_count == 1


def test_a_verb_inside_on_release_that_is_ended_starts_the_release_over(elsewhere):
    """Catches: a verb that tries again inside of the release, whose locks are part of the deadlock."""
    group, other = make_groups(2)
    stranger = members(other)[0]
    calls = []

    def score(group):
        calls.append(group.pk)
        stranger.fail("by the score")

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        links = testing.arrive_all(members(group), "choice")
        with transaction.atomic():
            win_deadlocks()
            hold(get_participant_model(), stranger.pk)
            passing = elsewhere(within, LOSES, processing.process_barrier, "choice").until_held()
            arrivals.elect_leader(group)
        assert passing.result().outcome == PassOutcome.DONE
    assert states(links) == [LinkState.RELEASED] * 2
    assert fresh(stranger).failed
    assert len(calls) == 2

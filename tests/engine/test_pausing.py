"""The researcher's switch: while a barrier is paused nothing moves and no clock runs."""

import pytest

from syncgroups import arrivals, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.models import BarrierRecord, WakeUp
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


class Open(Barrier):
    """Lets everybody through."""

    def choose_who_to_release(self, waiting_participants):
        return waiting_participants


def test_while_paused_nobody_is_released_and_no_wait_ends():
    """Catches: a pass, a deadline, a retry or a message that does not ask for the switch."""
    group, late = make_groups(2)
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=10), Held("held", max_wait_time=10)):
        for barrier in ("choice", "held"):
            assert arrivals.pause(barrier, by="ann") is True
            assert arrivals.pause(barrier, by="bob") is False
            assert BarrierRecord.objects.get(barrier_id=barrier).paused_by == "ann"
        links = testing.arrive_all(members(group), "choice") + testing.arrive_all(members(late)[:1], "held")
        testing.let_time_pass(60)
        testing.sweep()
        assert testing.process("choice") == testing.process("held") == PassOutcome.PAUSED
    assert states(links) == [LinkState.WAITING] * 3


@pytest.mark.parametrize("barrier", [Held("held", max_wait_time=100), GroupBarrier("held", "rps", max_wait_time=100)])
def test_resuming_puts_off_each_deadline_by_what_of_the_pause_was_waited_through(barrier):
    """Catches: clocks that run on while paused; giving latecomers time that they did not lose."""
    before, during = members(make_group(3, min_group_size=1))[:2]
    with testing.declared(barrier):
        [early] = testing.arrive_all([before], "held")
        testing.let_time_pass(30)
        testing.sweep()
        arrivals.pause("held")
        testing.let_time_pass(20)
        [late] = testing.arrive_all([during], "held")
        testing.let_time_pass(60)
        assert arrivals.resume("held") is True
        assert arrivals.resume("held") is False
        allowed = [(fresh(link).deadline - fresh(link).arrival_time).total_seconds() for link in (early, late)]
        assert allowed == [pytest.approx(180, abs=9), pytest.approx(160, abs=9)]
        testing.sweep()
        assert states([early, late]) == [LinkState.WAITING] * 2
        testing.let_time_pass(75)
        testing.sweep()
    assert states([early, late]) == [LinkState.TIMED_OUT, LinkState.WAITING]


def test_resuming_lets_through_who_became_ready_meanwhile():
    """Catches: a resumption that wakes nobody."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps")):
        arrivals.pause("choice")
        links = testing.arrive_all(members(group), "choice")
        testing.sweep()
        arrivals.resume("choice")
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


@pytest.mark.parametrize("barrier", [Open("place"), GroupBarrier("place", "rps")])
def test_pausing_one_cohort_holds_no_other(barrier):
    """Catches: a switch for all cohorts."""
    morning, evening = (make_group(cohort=name) for name in ("morning", "evening"))
    with testing.declared(barrier):
        links = testing.arrive_all(members(morning) + members(evening), "place")
        arrivals.pause("place", "morning")
        testing.sweep()
    assert states(links) == [LinkState.WAITING] * 2 + [LinkState.RELEASED] * 2


@pytest.mark.parametrize("waiting", [True, False])
def test_pausing_and_resuming_a_group_barrier_leaves_nothing_that_is_due_for_ever(waiting):
    """Law 12. Catches: waking a unit that no pass serves."""
    with testing.declared(GroupBarrier("choice", "rps")):
        if waiting:
            testing.arrive_all(members(make_group())[:1], "choice")
        arrivals.pause("choice")
        arrivals.resume("choice")
        testing.sweep()
    assert not WakeUp.objects.exists()

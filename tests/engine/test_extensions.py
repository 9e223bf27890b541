"""More time, as often and as long as the barrier allows, for those who ask for it."""

from __future__ import annotations

import pytest

from syncgroups import arrivals, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import NoExtensionLeft, NotWaiting
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, make_group, members, states

pytestmark = pytest.mark.django_db


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


@pytest.fixture
def link():
    """A visit at a barrier of 60 seconds, where one may ask twice for 30 more."""
    with testing.declared(Held("held", max_wait_time=60, extensions=2, extension_time=30, on_timeout="leave")):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        yield link


def allowed(link):
    """For how many seconds one may wait in all."""
    link = fresh(link)
    return (link.deadline - link.arrival_time).total_seconds()


def test_each_time_that_it_is_asked_for_there_is_more_time_until_there_is_none_left(link):
    for extensions, seconds in ((1, 90), (2, 120)):
        link.extend()
        assert (link.extensions, allowed(link)) == (extensions, pytest.approx(seconds))
    with pytest.raises(NoExtensionLeft, match="no more time to be had at 'held'"):
        link.extend()
    assert (fresh(link).extensions, allowed(link)) == (2, pytest.approx(120))


def test_the_wait_ends_when_the_time_that_was_granted_is_up(link):
    link.extend()
    testing.let_time_pass(85)
    testing.sweep()
    assert states([link]) == [LinkState.WAITING]
    testing.let_time_pass(10)
    testing.sweep()
    assert states([link]) == [LinkState.TIMED_OUT]
    assert 89 < fresh(link).time_credit <= 90.1, "what was granted is paid, and no more"


def test_who_asks_after_the_time_is_up_and_before_it_was_noticed_has_all_of_it_from_then_on(link):
    """Catches: time that has passed before it was granted."""
    testing.let_time_pass(80)
    link.extend()
    testing.let_time_pass(25)
    testing.sweep()
    assert states([link]) == [LinkState.WAITING]
    testing.let_time_pass(6)
    testing.sweep()
    assert states([link]) == [LinkState.TIMED_OUT]


def test_who_asks_twice_at_once_is_given_it_once(link):
    """Catches: a double click that uses up what there is."""
    twin = fresh(link)
    link.extend()
    twin.extend()
    assert (fresh(link).extensions, allowed(link)) == (1, pytest.approx(90))
    assert twin.extensions == 1, "it has learned of the first"
    twin.extend()
    assert fresh(link).extensions == 2


@pytest.mark.parametrize("end", ["release", "fail", "time_out"])
def test_who_does_not_wait_any_longer_is_given_nothing(link, end):
    if end == "release":
        fresh(link).release()
    elif end == "fail":
        link.participant.fail()
    else:
        testing.let_time_pass(61)
        testing.sweep()
    before = fresh(link)
    with pytest.raises(NotWaiting):
        link.extend()
    assert (fresh(link).deadline, fresh(link).extensions) == (before.deadline, 0)


def test_who_is_let_through_in_the_moment_in_which_they_choose_to_leave_goes_on(link):
    """Catches: ending a participation by a choice that has been overtaken."""
    fresh(link).release()
    with pytest.raises(NotWaiting):
        arrivals.leave(link.participant, "had enough", visit=link)
    assert fresh(link.participant).status == "working"
    [again] = testing.arrive_all([link.participant], "held")
    assert arrivals.leave(link.participant, "had enough", visit=again) is True
    assert states([again]) == [LinkState.WITHDRAWN]


def test_where_none_is_declared_there_is_none():
    with testing.declared(Held("held", max_wait_time=60)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        with pytest.raises(NoExtensionLeft):
            link.extend()
    assert allowed(link) == pytest.approx(60)


@pytest.mark.parametrize("paused_for", [20, 200])
def test_in_a_pause_it_is_added_to_what_was_left_as_it_began(link, paused_for):
    """Catches: counting the pause twice for those whose deadline it has run past."""
    testing.let_time_pass(50)
    arrivals.pause("held")
    testing.let_time_pass(paused_for)
    link.extend()
    testing.let_time_pass(100)
    arrivals.resume("held")
    spent = fresh(link).time_waited + fresh(link).paused_for
    left = (fresh(link).deadline - fresh(link).arrival_time).total_seconds() - spent
    assert left == pytest.approx(10 + 30, abs=9)
    assert allowed(link) == pytest.approx(60 + 30 + 100 + paused_for, abs=9)


def test_after_a_pause_it_is_added_to_what_the_pause_gave_back(link):
    arrivals.process_now("held")
    arrivals.pause("held")
    testing.let_time_pass(100)
    arrivals.resume("held")
    link.refresh_from_db()
    link.extend()
    assert allowed(link) == pytest.approx(60 + 30 + 100, abs=9)


def test_for_a_group_it_puts_off_the_moment_in_which_the_absent_are_blamed():
    group = make_group(2, min_group_size=1)
    barrier = GroupBarrier("choice", "rps", max_wait_time=60, extensions=1, on_member_timeout="go_on")
    with testing.declared(barrier):
        [link] = testing.arrive_all(members(group)[:1], "choice")
        link.extend()
        testing.let_time_pass(61)
        testing.sweep()
        assert fresh(group).n_active_participants == 2
        testing.let_time_pass(60)
        testing.sweep()
    assert fresh(group).n_active_participants == 1
    assert states([link]) == [LinkState.RELEASED]

"""The researcher's switch for one group: it passes nothing, and no clock of its members at group barriers runs."""

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.processing import pause_group, resume_group
from syncgroups.standing import standing_of
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=100)):
        yield


def allowed(link):
    """Seconds from the arrival until the deadline."""
    return (fresh(link).deadline - fresh(link).arrival_time).total_seconds()


def test_a_paused_group_goes_nowhere_and_another_one_goes():
    """Catches: a pass or a sweep that does not ask for the group's switch, or asks for that of all."""
    held, other = make_groups(2)
    assert pause_group(held, by="ann") is True
    assert pause_group(held, by="bob") is False
    assert (fresh(held).paused, fresh(held).paused_by) == (True, "ann")
    links = testing.arrive_all(members(held), "choice")
    others = testing.arrive_all(members(other), "choice")
    testing.sweep()
    assert testing.process("choice") == PassOutcome.PAUSED
    testing.let_time_pass(500)
    testing.sweep()
    assert states(links) == [LinkState.WAITING] * 2
    assert states(others) == [LinkState.RELEASED] * 2
    assert processing.due_units() == set()


def test_resuming_gives_back_the_time_and_lets_go_who_can():
    """Catches: clocks that run on while a group is paused, and a resumption that wakes nobody."""
    group = make_group(3, min_group_size=1)
    first, second = members(group)[:2]
    [early] = testing.arrive_all([first], "choice")
    testing.let_time_pass(30)
    pause_group(group)
    testing.let_time_pass(20)
    [late] = testing.arrive_all([second], "choice")
    testing.let_time_pass(60)
    assert resume_group(group) is not None
    assert resume_group(group) is None
    assert [allowed(early), allowed(late)] == [pytest.approx(180, abs=9), pytest.approx(160, abs=9)]
    testing.arrive_all(members(group)[2:], "choice")
    testing.sweep()
    assert states([early, late]) == [LinkState.RELEASED] * 2
    assert fresh(early).paused_for == pytest.approx(80, abs=9)
    assert fresh(early).waited_for_others == pytest.approx(30, abs=9)


@pytest.mark.parametrize("order", ["group within barrier", "barrier within group", "overlapping", "the other way"])
def test_time_that_two_pauses_hold_is_given_back_once(order):
    """Catches: adding up the pause of a barrier and that of a group, or losing the time between them."""
    group = make_group()
    [link] = testing.arrive_all(members(group)[:1], "choice")
    steps = {
        "group within barrier": [barrier_on, group_on, group_off, barrier_off],
        "barrier within group": [group_on, barrier_on, barrier_off, group_off],
        "overlapping": [group_on, barrier_on, group_off, barrier_off],
        "the other way": [barrier_on, group_on, barrier_off, group_off],
    }[order]
    for step in steps:
        step(group)
        testing.let_time_pass(20)
    assert allowed(link) == pytest.approx(160, abs=9)
    assert fresh(link).paused_for == pytest.approx(60, abs=9)


def barrier_on(group):
    arrivals.pause("choice")


def barrier_off(group):
    arrivals.resume("choice")


def group_on(group):
    pause_group(group)


def group_off(group):
    resume_group(group)


@pytest.mark.parametrize("both", [False, True])
def test_who_is_ended_in_a_pause_is_paid_for_it_too_and_it_is_put_down_apart(both):
    """Catches: a pause that is forgotten as a wait ends in it, or that those pay for who sat through it."""
    group = make_group()
    [link] = testing.arrive_all(members(group)[:1], "choice")
    testing.let_time_pass(10)
    pause_group(group)
    testing.let_time_pass(40)
    if both:
        arrivals.pause("choice")
    testing.let_time_pass(40)
    arrivals.leave(members(group)[0])
    assert fresh(link).paused_for == pytest.approx(80, abs=9)
    assert fresh(link).waited_for_others == pytest.approx(10, abs=9)
    assert fresh(link).time_credit == pytest.approx(90, abs=9)


def test_closing_a_paused_group_lets_its_members_go():
    """Catches: a switch that outlives the group, and holds its members for ever."""
    group = make_group()
    [link] = testing.arrive_all(members(group)[:1], "choice")
    pause_group(group)
    testing.let_time_pass(50)
    arrivals.close_group(group)
    testing.sweep()
    assert states([link]) == [LinkState.RELEASED]
    assert fresh(link).paused_for == pytest.approx(50, abs=9)
    assert not fresh(group).paused
    assert pause_group(group) is False


def test_time_is_given_from_where_a_paused_clock_stands():
    """Catches: minutes granted in a pause that are counted from now, and so are lost."""
    group = make_group()
    [link] = testing.arrive_all(members(group)[:1], "choice")
    testing.let_time_pass(90)
    pause_group(group)
    testing.let_time_pass(500)
    processing.put_off_deadlines([link], seconds=30)
    resume_group(group)
    assert (fresh(link).deadline - fresh(link).arrival_time).total_seconds() == pytest.approx(630, abs=9)


def test_the_page_of_a_paused_group_says_so():
    """Catches: a page that lets the clock run for those whom a researcher holds."""
    group = make_group()
    [person] = members(group)[:1]
    testing.arrive_all([person], "choice")
    assert [wait.paused for wait in standing_of(person).waits] == [False]
    pause_group(group)
    assert [wait.paused for wait in standing_of(person).waits] == [True]


def test_a_pass_that_waited_for_the_lock_finds_the_pause():
    """Catches: asking for the switch before the lock."""
    group = make_group()
    links = testing.arrive_all(members(group), "choice")
    pause_group(group)
    assert processing.process_barrier("choice", "", group.pk).outcome == PassOutcome.PAUSED
    assert states(links) == [LinkState.WAITING] * 2
    assert ParticipantLinkBarrier.objects.waiting().count() == 2

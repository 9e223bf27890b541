"""What becomes of the waits, and of the clocks, of those whom a researcher takes out of a group, moves or replaces."""

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import AlreadyInGroup, GroupPaused
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, groups_of, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db

GROUPER = SimpleGrouper("rps", initial_group_size=2, max_group_size=3, join_existing_groups=True)


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(GROUPER, GroupBarrier("choice", "rps", max_wait_time=100)):
        yield


def two_groups():
    return make_groups(2, max_group_size=None, min_group_size=1)


def allowed(link):
    return (fresh(link).deadline - fresh(link).arrival_time).total_seconds()


@pytest.mark.parametrize("barrier_too", [False, True])
def test_who_is_moved_out_of_a_paused_group_gets_the_time_back(barrier_too):
    """Catches: a pause that is forgotten with the group, so that the next pass fails somebody; or counted twice."""
    left, joined = two_groups()
    person = members(left)[0]
    [link] = testing.arrive_all([person], "choice")
    testing.let_time_pass(30)
    processing.pause_group(left)
    testing.let_time_pass(30)
    if barrier_too:
        arrivals.pause("choice")
    testing.let_time_pass(30)
    processing.move_member(person, left, joined)
    testing.let_time_pass(20)
    if barrier_too:
        arrivals.resume("choice")
    held = 80 if barrier_too else 60
    assert (allowed(link), fresh(link).paused_for) == (pytest.approx(100 + held, abs=9), pytest.approx(held, abs=9))
    testing.sweep()
    assert states([link]) == [LinkState.WAITING]
    assert fresh(person).is_active


def test_who_waits_does_not_come_into_a_group_that_is_paused():
    """Catches: a pause that is given back from before somebody came under it."""
    left, joined = two_groups()
    waiter, idle = members(left)
    testing.arrive_all([waiter], "choice")
    processing.pause_group(joined)
    with pytest.raises(GroupPaused):
        processing.move_member(waiter, left, joined)
    assert groups_of(waiter) == [left]
    processing.move_member(idle, left, joined)
    assert groups_of(idle) == [fresh(joined)]


def test_who_is_moved_into_a_group_that_has_passed_goes_on():
    """Catches: somebody who waits for people who will not come, and fails for it."""
    left, joined = two_groups()
    person = members(left)[0]
    for visit in ("1", "2"):
        testing.arrive_all(members(joined), "choice", visit=visit)
        testing.process("choice")
    [link] = testing.arrive_all([person], "choice", visit="2")
    testing.sweep()
    processing.move_member(person, left, joined, by="ann")
    assert (states([link]), fresh(link).ended_by) == ([LinkState.RELEASED], "ann")


def test_who_is_moved_waits_where_the_group_has_passed_another_time_only():
    left, joined = two_groups()
    testing.arrive_all(members(joined), "choice", visit="1")
    testing.process("choice")
    [link] = testing.arrive_all(members(left)[:1], "choice", visit="2")
    processing.move_member(link.participant, left, joined)
    testing.sweep()
    assert (states([link]), fresh(link).sync_group) == ([LinkState.WAITING], joined)


def test_a_group_that_is_complete_by_a_move_is_looked_at_at_once():
    """Catches: a move that completes a group, and wakes nobody."""
    left, joined = two_groups()
    person = members(left)[0]
    links = testing.arrive_all([person, *members(joined)[:1]], "choice")
    testing.sweep()
    processing.remove_from_group(joined, members(joined)[1])
    processing.move_member(person, left, joined)
    testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


@pytest.mark.parametrize("paused", [False, True])
def test_who_is_taken_out_goes_on_at_once_and_is_not_charged_for_pauses(paused):
    """Catches: a visit that waits for the resumption of a group that is no longer one's own."""
    group = make_group(3, min_group_size=1)
    person = members(group)[0]
    [link] = testing.arrive_all([person], "choice")
    testing.let_time_pass(10)
    if paused:
        processing.pause_group(group)
        testing.let_time_pass(50)
    processing.remove_from_group(group, person, by="ann")
    assert (states([link]), fresh(link).ended_by) == ([LinkState.RELEASED], "ann")
    assert fresh(link).paused_for == pytest.approx(50 if paused else 0, abs=9)
    assert fresh(link).waited_for_others == pytest.approx(10, abs=9)


def test_who_is_replaced_goes_on_at_once_too():
    group = make_group()
    out = members(group)[0]
    [link] = testing.arrive_all([out], "choice")
    processing.replace_member(group, out, *testing.make_participants(1))
    assert states([link]) == [LinkState.RELEASED]


def test_nobody_is_replaced_by_themselves_or_moved_to_where_they_are():
    """Catches: a member who loses their place and their lead for nothing."""
    group = make_group(max_group_size=None)
    person = fresh(group).leader
    for act in (
        lambda: processing.replace_member(group, person, person),
        lambda: processing.move_member(person, group, group),
    ):
        with pytest.raises(AlreadyInGroup):
            act()
    assert (fresh(group).leader, groups_of(person)) == (person, [group])


@pytest.mark.parametrize("act", ["add", "form", "release"])
def test_waits_that_are_ended_by_hand_while_a_barrier_is_paused_are_not_charged_for_it(act):
    """Catches: a pause that is put down as time that one waited for others."""
    people = testing.make_participants(1)
    group = make_group(max_group_size=3)
    [link] = testing.arrive_all(people, GROUPER.id)
    arrivals.pause(GROUPER.id)
    testing.let_time_pass(50)
    if act == "add":
        processing.add_to_group(group, people[0])
    elif act == "form":
        processing.form_group(GROUPER, "", people)
    else:
        processing.release(link)
    assert states([link]) == [LinkState.RELEASED]
    assert fresh(link).paused_for == pytest.approx(50, abs=9)
    assert fresh(link).waited_for_match == pytest.approx(0, abs=9)


def test_a_paused_group_takes_newcomers_once_it_goes_on():
    """Catches: somebody who is put into a group that is held, and one who is forgotten as it goes on."""
    group = make_group(join_existing_groups=True, max_group_size=3)
    processing.pause_group(group)
    [link] = testing.arrive_all(testing.make_participants(1), GROUPER.id)
    testing.sweep()
    assert states([link]) == [LinkState.WAITING]
    processing.resume_group(group)
    testing.sweep()
    assert states([link]) == [LinkState.RELEASED]
    assert link.participant in members(group)


def test_nobody_is_put_into_a_second_group_by_hand():
    """Catches: a sentence about others who keep changing things, where somebody is in a group already."""
    group = make_group(max_group_size=3)
    [link] = testing.arrive_all(testing.make_participants(1), GROUPER.id)
    with testing.declared():
        processing.add_to_group(group, link.participant)
    with pytest.raises(AlreadyInGroup, match=str(link.participant)):
        processing.form_group(GROUPER, "", [link.participant])


class Patient(Barrier):
    """Lets people go who have waited for half a minute."""

    def choose_who_to_release(self, waiting_participants):
        return [person for person in waiting_participants if person.active_barriers[self.id].time_waited > 30]


def test_a_rule_that_depends_on_time_sees_none_that_was_paused():
    """Catches: people who go on as soon as a pause ends, because the rule takes it for patience."""
    with testing.declared(Patient("patient", recheck_interval=1)):
        [link] = testing.arrive_all(testing.make_participants(1), "patient")
        testing.let_time_pass(10)
        arrivals.pause("patient")
        testing.let_time_pass(60)
        arrivals.resume("patient")
        testing.sweep()
        assert states([link]) == [LinkState.WAITING]
        testing.let_time_pass(25)
        testing.sweep()
        assert states([link]) == [LinkState.RELEASED]

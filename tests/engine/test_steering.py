"""What a researcher changes by hand: who is with whom, how long one may wait, and what one is told meanwhile."""

import pytest

from syncgroups import processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.exceptions import (
    AlreadyInGroup,
    GroupFull,
    GroupNotActive,
    NotInGroup,
    NotWaiting,
    ParticipantNotActive,
    WrongCohort,
)
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup
from syncgroups.standing import standing_of
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, groups_of, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db

GROUPER = SimpleGrouper("rps", initial_group_size=4, min_group_size=3, max_wait_time=100)


@pytest.fixture(autouse=True)
def _declared():
    others = SimpleGrouper("rps", id_="second_grouper", initial_group_size=4)
    with testing.declared(GROUPER, others, GroupBarrier("choice", "rps", max_wait_time=100)):
        yield


def waiting(n, barrier_id="rps_grouper", **fields):
    people = testing.make_participants(n, **fields)
    return people, testing.arrive_all(people, barrier_id)


# Forming a group


def test_people_who_wait_are_made_one_group_though_they_are_too_few():
    """Catches: sizes that the rule would have asked for, and a group without a leader."""
    people, links = waiting(3)
    group, _ = processing.form_group(GROUPER, "", people[:2], by="ann")
    assert members(group) == people[:2]
    assert fresh(group).leader in people[:2]
    assert (group.min_group_size, group.initial_group_size, group.max_group_size) == (2, 2, 4)
    assert (group.kind, group.group_type, group.n_active_participants) == ("SimpleSyncGroup", "rps", 2)
    assert states(links) == [LinkState.RELEASED] * 2 + [LinkState.WAITING]
    assert fresh(links[0]).ended_by == "ann"
    assert fresh(links[0]).time_credit >= 0


def test_more_than_the_grouper_would_put_together_are_made_one_group():
    people, _ = waiting(6, "second_grouper")
    grouper = SimpleGrouper("rps", id_="second_grouper", initial_group_size=4)
    group, _ = processing.form_group(grouper, "", people)
    assert (group.min_group_size, group.initial_group_size, group.max_group_size) == (4, 6, 6)
    assert members(group) == people


def test_nobody_keeps_waiting_elsewhere_for_such_a_group():
    """Catches: a second group for somebody who waits at two groupers of the type."""
    people, _ = waiting(2)
    elsewhere = testing.arrive_all(people, "second_grouper")
    processing.form_group(GROUPER, "", people)
    assert states(elsewhere) == [LinkState.RELEASED] * 2


def test_no_group_is_formed_with_somebody_who_is_not_waiting_there():
    """Catches: a group of people of whom one has gone on, or is of another cohort, meanwhile."""
    people, links = waiting(2)
    stranger = testing.make_participants(1, cohort="other")
    for who in (testing.make_participants(1), stranger):
        with pytest.raises(NotWaiting, match=str(who[0])):
            processing.form_group(GROUPER, "", [*people, *who])
    assert states(links) == [LinkState.WAITING] * 2
    assert not SyncGroup.objects.exists()


# Members


def test_who_is_taken_out_takes_part_and_goes_on_from_where_they_waited():
    group = make_group(3, min_group_size=1)
    first, *rest = members(group)
    link = testing.arrive_all([first], "choice")[0]
    processing.remove_from_group(group, first, "not well", by="ann")
    testing.sweep()
    assert groups_of(first) == []
    assert members(group) == rest
    assert (fresh(group).n_active_participants, fresh(group).leader in rest) == (2, True)
    assert fresh(first).is_active
    assert states([link]) == [LinkState.RELEASED]
    with pytest.raises(NotInGroup):
        processing.remove_from_group(group, first)


def test_taking_out_the_one_who_is_waited_for_lets_the_others_go():
    """Catches: a removal that wakes nobody."""
    group = make_group(3, min_group_size=1)
    *here, absent = members(group)
    links = testing.arrive_all(here, "choice")
    testing.sweep()
    processing.remove_from_group(group, absent)
    testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_who_is_moved_waits_with_the_other_group():
    """Catches: a visit that goes on to belong to the group that was left."""
    left, joined = make_groups(2, max_group_size=None, min_group_size=1)
    person, mate = members(left)
    [link] = testing.arrive_all([person], "choice")
    testing.sweep()
    processing.move_member(person, left, joined, by="ann")
    testing.sweep()
    assert groups_of(person) == [joined]
    assert states([link]) == [LinkState.WAITING]
    assert fresh(link).sync_group == joined
    testing.arrive_all([other for other in members(joined) if other != person], "choice")
    testing.sweep()
    assert states([link]) == [LinkState.RELEASED]
    assert [fresh(group).n_active_participants for group in (left, joined)] == [1, 3]
    assert members(left) == [mate]


def wait_and_be_paused(group, *waiters):
    """These members of the group wait for ten seconds, and are then paused for forty."""
    links = testing.arrive_all(waiters, "choice")
    testing.let_time_pass(10)
    processing.pause_group(group)
    testing.let_time_pass(40)
    return links


@pytest.mark.parametrize("what", ["stays with others", "is closed"])
def test_who_is_moved_out_of_a_paused_group_gets_back_the_time_once(what):
    """Catches: a pause that is put down as somebody is moved, and again as the group that they leave is closed."""
    left, joined = make_groups(2, max_group_size=None, min_group_size=1)
    person, mate = members(left)
    if what == "is closed":
        processing.remove_from_group(left, mate)
    [link] = wait_and_be_paused(left, person)
    processing.move_member(person, left, joined)
    assert fresh(left).active is (what != "is closed")
    assert fresh(link).sync_group == joined
    assert fresh(link).paused_for == pytest.approx(40, abs=5)
    assert (fresh(link).deadline - fresh(link).arrival_time).total_seconds() == pytest.approx(140, abs=5)


def test_who_is_moved_out_of_a_paused_group_and_goes_on_has_been_paused_once():
    """Catches: a pause that is put down as somebody is moved, and again as they go on."""
    left, joined = make_groups(2, max_group_size=None, min_group_size=1)
    testing.arrive_all(members(joined), "choice")
    testing.sweep()
    person, _ = members(left)
    [link] = wait_and_be_paused(left, person)
    processing.move_member(person, left, joined)
    seen = fresh(link)
    assert (seen.state, seen.reason) == (LinkState.RELEASED, "the group has passed already")
    assert (seen.paused_for, seen.waited_for_others) == (pytest.approx(40, abs=5), pytest.approx(10, abs=5))


@pytest.mark.parametrize("visit", ["1", None])
def test_who_is_moved_waits_with_a_group_of_which_only_somebody_else_has_gone_on(visit):
    """Catches: taking for a group that has passed one of which a member was taken out while they waited, or which
    has been here before; who comes into it would be let through, and the others would wait for them."""
    left, joined = make_groups(2, max_group_size=None, min_group_size=1)
    person, (out, stays) = members(left)[0], members(joined)
    if visit is None:
        testing.arrive_all([out, stays], "choice")
        testing.sweep()
    testing.arrive_all([out], "choice", visit=visit)
    processing.remove_from_group(joined, out)
    links = testing.arrive_all([person], "choice", visit=visit)
    if visit is None:
        links += testing.arrive_all([stays], "choice", visit=visit)
        processing.add_to_group(joined, *testing.make_participants(1))
    processing.move_member(person, left, joined)
    testing.sweep()
    assert states(links) == [LinkState.WAITING] * len(links)
    assert fresh(links[0]).sync_group == joined


@pytest.mark.parametrize("fault", ["full", "closed", "other type", "other cohort"])
def test_nobody_is_moved_where_they_cannot_be(fault):
    """Catches: a member who is taken out of one group, and let into none."""
    group = make_group()
    target = {
        "full": lambda: make_group(),
        "closed": lambda: make_group(max_group_size=None),
        "other type": lambda: make_group(group_type="chat", max_group_size=None),
        "other cohort": lambda: make_group(cohort="b", max_group_size=None),
    }[fault]()
    if fault == "closed":
        target.close()
    error = {"full": GroupFull, "closed": GroupNotActive, "other type": AlreadyInGroup, "other cohort": WrongCohort}
    person = members(group)[0]
    with pytest.raises(error[fault]):
        processing.move_member(person, group, target)
    assert groups_of(person) == [group]
    assert fresh(group).n_active_participants == 2


def test_somebody_who_waits_takes_the_place_and_the_lead_of_another():
    """Catches: a lead that goes to somebody else, a newcomer who keeps waiting, a group that is full meanwhile."""
    group = make_group()
    out = fresh(group).leader
    stays = next(member for member in members(group) if member != out)
    [into], [link] = waiting(1)
    processing.replace_member(group, out, into, "gone", by="ann")
    assert set(members(group)) == {stays, into}
    assert fresh(group).leader == into
    assert (fresh(group).n_active_participants, groups_of(out)) == (2, [])
    assert (fresh(link).state, fresh(link).ended_by) == (LinkState.RELEASED, "ann")


def test_nobody_is_replaced_by_somebody_who_cannot_come_in():
    group, other = make_groups(2)
    out = members(group)[0]
    [failed] = testing.make_participants(1)
    failed.fail("rude")
    for into, error in ((members(other)[0], AlreadyInGroup), (failed, ParticipantNotActive)):
        with pytest.raises(error):
            processing.replace_member(group, out, into)
    assert out in members(group)


# Time and messages


def test_more_time_is_given_beyond_the_deadline_and_uses_up_no_extension():
    _, [link] = waiting(1)
    before = fresh(link).deadline
    assert processing.put_off_deadlines([link], seconds=50) == 1
    assert (fresh(link).deadline - before).total_seconds() == pytest.approx(50, abs=1)
    assert fresh(link).extensions == 0


def test_who_was_late_already_gets_the_time_from_now_on():
    """Catches: minutes that are over before they are given."""
    _, [link] = waiting(1)
    testing.let_time_pass(200)
    processing.put_off_deadlines([link], seconds=50)
    assert not fresh(link).overdue
    testing.sweep()
    assert states([link]) == [LinkState.WAITING]


def test_a_message_is_told_to_who_waits_and_taken_away_again():
    [person], [link] = waiting(1)
    processing.send_message([link], "One more minute, please.")
    assert [wait.message for wait in standing_of(person).waits] == ["One more minute, please."]
    processing.send_message([link], "")
    assert [wait.message for wait in standing_of(person).waits] == [""]


@pytest.mark.parametrize("act", [lambda links: processing.send_message(links, "late"),
                                 lambda links: processing.put_off_deadlines(links, seconds=5)])  # fmt: skip
def test_those_who_have_gone_on_are_left_as_they_are(act):
    _, links = waiting(2)
    links[0].release()
    assert act(links) == 1
    assert fresh(links[0]).message == ""
    links[1].release()
    with pytest.raises(NotWaiting):
        act(links)

"""Who joins a group while others wait already has the same time to come as everybody else."""

import pytest

from syncgroups import testing
from syncgroups.barriers import KEPT_WAITING, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, groups_of, states

pytestmark = pytest.mark.django_db

#: Seconds for which one waits.
LONGEST = 30
#: As a newcomer joins, and as the time of those who wait is up.
FIRST, THEN = 25, 6


class Scene:
    """A group of three, of whom two wait for the third, and a newcomer who joins meanwhile."""

    def __init__(self, barrier, minimum):
        grouper = SimpleGrouper(
            "g", initial_group_size=3, min_group_size=minimum, max_group_size=None, join_existing_groups=True
        )
        self.released = []
        with testing.declared(grouper, barrier):
            *self.waiting, self.absent, self.newcomer = testing.make_participants(4)
            testing.arrive_all([*self.waiting, self.absent], grouper.id, visit="")
            testing.process(grouper.id)
            [self.group] = groups_of(self.absent)
            self.links = testing.arrive_all(self.waiting, barrier.id, visit="1")
            testing.let_time_pass(FIRST)
            testing.arrive_all([self.newcomer], grouper.id, visit="")
            testing.process(grouper.id)
            testing.let_time_pass(THEN)
            testing.sweep()
            self.afterwards = testing.arrive_all([self.newcomer], barrier.id, visit="1") if barrier.id == "b" else []

    @property
    def failed_reasons(self):
        return [fresh(person).failed_reason for person in (*self.waiting, self.absent, self.newcomer)]


def test_those_who_wait_go_on_and_the_newcomer_is_not_failed():
    """Fails when the clock of those who wait strikes somebody who has just joined."""
    scene = Scene(GroupBarrier("b", "g", max_wait_time=LONGEST, on_member_timeout="go_on"), 2)
    assert states(scene.links) == [LinkState.RELEASED] * 2
    assert scene.failed_reasons == ["", "", KEPT_WAITING, ""]
    assert groups_of(scene.newcomer) == [scene.group]
    assert states(scene.afterwards) == [LinkState.WAITING]


def test_a_newcomer_who_is_still_to_come_counts_for_the_minimum():
    """Fails when people are sent away from a group that is large enough."""
    scene = Scene(GroupBarrier("b", "g", max_wait_time=LONGEST, on_member_timeout="go_on", on_below_minimum="leave"), 3)
    assert states(scene.links) == [LinkState.RELEASED] * 2
    assert fresh(scene.group).n_active_participants == 3


@pytest.mark.parametrize(("policy", "state"), [("regroup", LinkState.REGROUPED), ("leave", LinkState.WITHDRAWN)])
def test_where_those_who_wait_go_the_newcomer_stays(policy, state):
    scene = Scene(GroupBarrier("b", "g", max_wait_time=LONGEST, on_member_timeout=policy), 1)
    assert states(scene.links) == [state] * 2
    assert scene.failed_reasons[2:] == [KEPT_WAITING, ""]
    assert groups_of(scene.newcomer) == [scene.group]


def test_on_release_is_given_those_who_go_and_nobody_who_is_still_to_come():
    """Fails when the newcomer is scored without having been there."""
    given = []
    barrier = GroupBarrier(
        "b",
        "g",
        max_wait_time=LONGEST,
        on_member_timeout="go_on",
        on_release=lambda participants: given.append({person.pk for person in participants}),
    )
    scene = Scene(barrier, 2)
    assert given == [{person.pk for person in scene.waiting}]


def test_a_newcomer_to_a_group_that_is_closed_leaves_without_fault():
    """Fails when the newcomer is failed, or is left with a page that belongs to no group."""
    scene = Scene(GroupCloser("g", max_wait_time=LONGEST, on_member_timeout="go_on"), 1)
    assert states(scene.links) == [LinkState.RELEASED] * 2
    assert scene.failed_reasons == ["", "", KEPT_WAITING, ""]
    assert fresh(scene.newcomer).status == "left"
    assert not fresh(scene.group).active

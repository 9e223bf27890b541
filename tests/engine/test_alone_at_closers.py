"""Who goes on alone from where groups are closed has done with the group: they can be grouped anew at once."""

from functools import partial

import pytest

from syncgroups import operating, processing, testing
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, groups_of, make_group, make_groups, members, same_for_few_and_many, states

pytestmark = pytest.mark.django_db

GROUPER = SimpleGrouper("rps", initial_group_size=3, max_wait_time=600)
LONGEST = 30


@pytest.fixture(autouse=True)
def _declared():
    closer = GroupCloser("rps", max_wait_time=LONGEST, on_timeout="release")
    with testing.declared(GROUPER, closer, GroupBarrier("choice", "rps", max_wait_time=LONGEST, on_timeout="release")):
        yield


def time_out(*links):
    testing.let_time_pass(LONGEST + 1)
    testing.sweep()


def by_hand(*links):
    for link in links:
        link.release("go on", by="ann")


def by_a_researcher(*links):
    for link in links:
        operating.release(link, reason="go on", by="ann")


WAYS = [time_out, by_hand, by_a_researcher]


@pytest.mark.parametrize("go_on", WAYS)
def test_who_goes_on_alone_is_in_no_group_and_can_be_grouped_again(go_on):
    """Fails when somebody is let on to a grouper that turns them away, for as long as the group is not closed."""
    group = make_group(3)
    first, *others = members(group)
    [link] = testing.arrive_all([first], "closer_rps", visit="1")
    go_on(link)
    assert states([link]) == [LinkState.RELEASED]
    assert groups_of(first) == []
    assert members(group) == others
    assert fresh(group).leader in others
    [again] = testing.arrive_all([first], "rps_grouper", visit="2")
    assert again.state == LinkState.WAITING


@pytest.mark.parametrize("go_on", WAYS)
def test_the_others_pass_and_close_the_group_without_them(go_on):
    """Fails when a group waits for somebody who has gone on already."""
    group = make_group(3)
    first, *others = members(group)
    go_on(*testing.arrive_all([first], "closer_rps"))
    links = testing.arrive_all(others, "closer_rps")
    testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2
    assert not fresh(group).active


@pytest.mark.parametrize("go_on", WAYS)
def test_with_the_last_of_them_the_group_is_closed(go_on):
    """Fails when a group without members stays open."""
    group = make_group(2)
    go_on(*testing.arrive_all(members(group), "closer_rps"))
    assert not fresh(group).active


def test_a_researcher_who_releases_the_whole_group_lets_all_out_of_it():
    group = make_group(3)
    *here, absent = members(group)
    testing.arrive_all(here, "closer_rps")
    operating.release_group(group, reason="go on", by="ann")
    assert members(group) == [absent]


@pytest.mark.parametrize("go_on", WAYS)
def test_elsewhere_who_goes_on_alone_stays_in_the_group(go_on):
    """Fails when a barrier that closes nothing takes a group apart."""
    group = make_group(3)
    everybody = members(group)
    go_on(*testing.arrive_all(everybody[:1], "choice"))
    assert members(group) == everybody


def test_who_is_put_into_another_group_while_waiting_leaves_that_one():
    """Fails when the membership that ends is that with which they came."""
    group, other = make_groups(2, size=3, max_group_size=None)
    first = members(group)[0]
    [link] = testing.arrive_all([first], "closer_rps")
    processing.move_member(first, group, other)
    link.release()
    assert groups_of(first) == []


@pytest.mark.usefixtures("quiet_sweeps")
def test_it_costs_the_same_however_many_groups_there_are():
    def prepare(n):
        groups = make_groups(n, cohort=str(n))
        testing.arrive_all([members(group)[0] for group in groups], "closer_rps")
        testing.process("closer_rps", str(n))
        testing.let_time_pass(LONGEST + 1)
        return partial(processing.process_barrier, "closer_rps", str(n))

    prepare(1)()
    same_for_few_and_many(prepare)

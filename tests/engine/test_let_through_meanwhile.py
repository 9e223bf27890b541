"""Who has been let through, here by hand or elsewhere, while others waited is not blamed for not being here."""

import pytest

from syncgroups import arrivals, operating, processing, testing
from syncgroups.barriers import KEPT_WAITING, Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, groups_of, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db

LONGEST = 30
GROUPER = SimpleGrouper("rps", initial_group_size=3, max_wait_time=600)


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


def barrier(policy):
    return GroupBarrier("choice", "rps", max_wait_time=LONGEST, on_member_timeout=policy)


@pytest.fixture
def trio():
    """One who waits, one who is let through, and one who is absent."""
    return members(make_group(3, min_group_size=2))


def wait(person, *, then):
    """Somebody waits, until their time is up; meanwhile something happens."""
    [link] = testing.arrive_all([person], "choice")
    testing.let_time_pass(LONGEST - 5)
    then()
    testing.let_time_pass(6)
    testing.sweep()
    return link


@pytest.mark.parametrize(
    ("policy", "state"),
    [("go_on", LinkState.RELEASED), ("regroup", LinkState.REGROUPED), ("leave", LinkState.WITHDRAWN)],
)
def test_who_was_let_through_by_hand_is_not_failed_and_goes_on(trio, policy, state):
    """Fails when somebody whom a researcher has let go on is failed for not waiting any longer."""
    waits, let_through, absent = trio
    with testing.declared(GROUPER, barrier(policy), Held("next", max_wait_time=600)):
        [other] = testing.arrive_all([let_through], "choice")

        def let_go():
            other.release("go on", by="ann")
            testing.arrive_all([let_through], "next")

        link = wait(waits, then=let_go)
    assert states([link, other]) == [state, LinkState.RELEASED]
    assert fresh(let_through).is_active, "also where they wait for something else by now"
    assert fresh(absent).failed_reason == KEPT_WAITING


def test_who_was_let_through_by_hand_where_the_group_is_closed_goes_on_without_it(trio):
    waits, let_through, absent = trio
    closer = GroupCloser("rps", "choice", max_wait_time=LONGEST, on_member_timeout="go_on")
    with testing.declared(closer):
        [other] = testing.arrive_all([let_through], "choice")
        link = wait(waits, then=lambda: other.release("go on", by="ann"))
    assert states([link]) == [LinkState.RELEASED]
    assert fresh(let_through).is_active
    assert groups_of(let_through) == []
    assert fresh(absent).failed


def test_who_was_held_elsewhere_until_a_moment_ago_is_not_failed(trio):
    """Fails when the experiment keeps somebody, and then blames them for coming late."""
    waits, held, absent = trio
    with testing.declared(GROUPER, barrier("go_on"), Held("elsewhere", max_wait_time=600)):
        [other] = testing.arrive_all([held], "elsewhere")
        link = wait(waits, then=other.release)
        assert states([link]) == [LinkState.RELEASED]
        assert [fresh(person).failed_reason for person in (held, absent)] == ["", KEPT_WAITING]
        [late] = testing.arrive_all([held], "choice")
    assert states([late]) == [LinkState.WAITING]


def test_who_comes_once_all_others_were_let_through_by_hand_does_not_fail_for_waiting_for_them(trio):
    """Fails when a researcher lets a group go on, and its last member fails for having come later."""
    *quick, slow = trio
    with testing.declared(GROUPER, barrier(None)):
        testing.arrive_all(quick, "choice", visit="1")
        operating.release_group(slow.sync_group, reason="go on", by="ann")
        [link] = testing.arrive_all([slow], "choice", visit="1")
        testing.let_time_pass(LONGEST + 1)
        testing.sweep()
    assert states([link]) == [LinkState.RELEASED]
    assert fresh(slow).is_active
    assert groups_of(slow) == groups_of(quick[0])


def test_who_comes_while_another_one_is_still_to_come_fails_as_ever(trio):
    first, slow, _absent = trio
    with testing.declared(GROUPER, barrier(None)):
        testing.arrive_all([first], "choice", visit="1")[0].release("go on", by="ann")
        [link] = testing.arrive_all([slow], "choice", visit="1")
        testing.let_time_pass(LONGEST + 1)
        testing.sweep()
    assert states([link]) == [LinkState.TIMED_OUT]
    assert fresh(slow).failed


@pytest.mark.parametrize("policy", ["go_on", "regroup", "leave", "fail"])
@pytest.mark.parametrize("what", ["barrier", "group"])
def test_who_is_held_elsewhere_by_a_pause_stays(trio, what, policy):
    """Fails when a wait ends in a pause, and with it a participation, because others have waited somewhere else."""
    waits, held, absent = trio
    own = make_group(1, group_type="chat")
    processing.replace_member(own, members(own)[0], held)
    other = GroupBarrier("elsewhere", "chat", max_wait_time=600) if what == "group" else Held("elsewhere")
    with testing.declared(GROUPER, barrier(policy), other):
        if what == "barrier":
            arrivals.pause("elsewhere")
        processing.pause_group(own)
        [hold] = testing.arrive_all([held], "elsewhere")
        wait(waits, then=lambda: None)
    assert states([hold]) == [LinkState.WAITING]
    assert fresh(held).is_active
    assert fresh(absent).failed


def test_who_is_held_by_a_pause_where_the_group_is_closed_takes_part_without_it(trio):
    waits, held, absent = trio
    closer = GroupCloser("rps", "choice", max_wait_time=LONGEST, on_member_timeout="go_on")
    with testing.declared(GROUPER, closer, Held("elsewhere")):
        arrivals.pause("elsewhere")
        [hold] = testing.arrive_all([held], "elsewhere")
        link = wait(waits, then=lambda: None)
    assert states([link, hold]) == [LinkState.RELEASED, LinkState.WAITING]
    assert fresh(held).is_active
    assert groups_of(held) == []
    assert fresh(absent).failed


def test_who_was_let_through_before_the_wait_began_is_to_blame_as_ever(trio):
    """Fails when a round of before excuses everything."""
    with testing.declared(GROUPER, barrier("go_on")):
        testing.arrive_all(trio, "choice")
        testing.process("choice")
        testing.let_time_pass(1)
        link = wait(trio[0], then=lambda: None)
    assert states([link]) == [LinkState.WITHDRAWN], "alone they are too few"
    assert [fresh(person).failed_reason for person in trio[1:]] == [KEPT_WAITING] * 2


def test_who_has_passed_here_without_a_straggler_is_not_failed_when_that_one_comes(trio):
    """Fails when those whom the barrier has let go on are blamed for not waiting there again."""
    *waiting, straggler = trio
    with testing.declared(GROUPER, barrier("go_on"), Held("elsewhere", max_wait_time=600)):
        [held] = testing.arrive_all([straggler], "elsewhere")
        links = testing.arrive_all(waiting, "choice", visit="1")
        testing.let_time_pass(LONGEST - 5)
        held.release()
        testing.let_time_pass(6)
        testing.sweep()
        links += testing.arrive_all([straggler], "choice", visit="1")
        testing.let_time_pass(LONGEST + 1)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 3
    assert all(fresh(person).is_active for person in trio)


def test_who_has_passed_in_another_round_is_to_blame_in_this_one(trio):
    """Fails when having been here once excuses from every later visit."""
    with testing.declared(GROUPER, barrier("go_on")):
        testing.arrive_all(trio, "choice", visit="1")
        testing.process("choice")
        testing.let_time_pass(1)
        testing.arrive_all(trio[:2], "choice", visit="2")
        testing.let_time_pass(LONGEST + 1)
        testing.sweep()
    assert fresh(trio[2]).failed_reason == KEPT_WAITING


def test_what_another_group_waits_for_excuses_nobody_of_this_one():
    """Fails when the names of the visits of all the groups in a pass are thrown together."""
    here, elsewhere = make_groups(2, size=3, min_group_size=2)
    with testing.declared(GROUPER, barrier("go_on")):
        testing.arrive_all(members(here), "choice", visit="last")
        testing.process("choice")
        testing.let_time_pass(1)
        testing.arrive_all(members(here)[:2], "choice", visit="first")
        testing.arrive_all(members(elsewhere)[:2], "choice", visit="last")
        absent = members(here)[2]
        testing.let_time_pass(LONGEST + 1)
        testing.sweep()
    assert fresh(absent).failed_reason == KEPT_WAITING

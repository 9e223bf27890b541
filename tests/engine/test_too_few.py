"""What those get whose group has shrunk below its minimum: PsyNet's rule, or what the barrier declares."""

from __future__ import annotations

import pytest

from syncgroups import processing, testing
from syncgroups.barriers import BELOW_MINIMUM, Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from syncgroups.states import LinkState, ParticipantStatus
from tests.engine.scenes import fresh, groups_of, make_group, make_groups, members, same_for_few_and_many, states

pytestmark = pytest.mark.django_db

GROUPER = SimpleGrouper("rps", initial_group_size=3, max_wait_time=600)


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


def barrier(policy):
    return GroupBarrier("choice", "rps", max_wait_time=30, on_below_minimum=policy)


def standing(*people):
    """Status, failure and its reason, of each."""
    return [(person.status, person.failed_reason) for person in map(fresh, people)]


@pytest.mark.parametrize("joinable", [False, True])
@pytest.mark.parametrize(("policy", "state"), [("regroup", LinkState.REGROUPED), ("leave", LinkState.WITHDRAWN)])
def test_survivors_of_a_group_below_its_minimum_get_what_is_declared_as_they_come(policy, state, joinable):
    group = make_group(3, join_existing_groups=joinable)
    gone, first, second = members(group)
    gone.fail()
    with testing.declared(GROUPER, barrier(policy)):
        links = testing.arrive_all([first], "choice")
        testing.sweep()
        assert states(links) == [state]
        assert fresh(links[0]).reason == BELOW_MINIMUM
        assert groups_of(second) == [group], "who is still on the way has done nothing wrong"
        links += testing.arrive_all([second], "choice")
        testing.sweep()
    assert states(links) == [state] * 2
    assert not fresh(group).active
    assert (
        standing(first, second)
        == [(ParticipantStatus.WORKING if policy == "regroup" else ParticipantStatus.LEFT, "")] * 2
    )


def test_those_who_wait_already_as_their_group_becomes_too_small_get_it_too():
    group = make_group(3)
    *waiting, gone = members(group)
    with testing.declared(GROUPER, barrier("regroup")):
        links = testing.arrive_all(waiting, "choice")
        testing.process("choice")
        gone.fail()
        testing.sweep()
    assert states(links) == [LinkState.REGROUPED] * 2


def test_where_nothing_is_declared_for_too_few_they_fail_with_their_group():
    group = make_group(3)
    gone, *rest = members(group)
    gone.fail()
    with testing.declared(GROUPER, barrier(None)):
        testing.arrive_all(rest[:1], "choice")
        testing.sweep()
    assert standing(*rest) == [(ParticipantStatus.WORKING, BELOW_MINIMUM)] * 2
    assert fresh(group).failed


@pytest.mark.parametrize(
    ("absence", "state"),
    [
        ("regroup", LinkState.REGROUPED),
        ("leave", LinkState.WITHDRAWN),
        ("go_on", LinkState.WITHDRAWN),
        ("fail", LinkState.FAILED),
    ],
)
def test_a_straggler_without_fault_gets_what_those_got_who_waited(absence, state):
    """Fails when somebody whom the experiment held elsewhere is failed because the others have not waited for them."""
    waits, _, straggler = members(make_group(3))
    talk = GroupBarrier("choice", "rps", max_wait_time=30, on_member_timeout=absence)
    with testing.declared(GROUPER, talk, Held("elsewhere", max_wait_time=600)):
        [held] = testing.arrive_all([straggler], "elsewhere")
        links = testing.arrive_all([waits], "choice")
        testing.let_time_pass(25)
        held.release()
        testing.let_time_pass(6)
        testing.sweep()
        assert states(links) == [state]
        assert fresh(straggler).is_active
        links = testing.arrive_all([straggler], "choice")
        testing.sweep()
    assert states(links) == [state]
    assert fresh(straggler).failed == (absence == "fail")
    assert fresh(links[0]).reason == BELOW_MINIMUM


def test_where_newcomers_may_come_a_straggler_waits_for_them():
    """Fails when a group that could be filled is given up at once."""
    group = make_group(3, join_existing_groups=True)
    *gone, straggler = members(group)
    for person in gone:
        person.leave()
    talk = GroupBarrier("choice", "rps", max_wait_time=30, on_member_timeout="regroup")
    with testing.declared(GROUPER, talk):
        links = testing.arrive_all([straggler], "choice")
        testing.sweep()
        assert states(links) == [LinkState.WAITING]
        testing.let_time_pass(31)
        testing.sweep()
    assert states(links) == [LinkState.REGROUPED]


TOO_LARGE = dict.fromkeys(["min_group_size", "initial_group_size", "max_group_size"], 9)


@pytest.mark.parametrize("policy", ["regroup", "leave"])
@pytest.mark.usefixtures("quiet_sweeps")
def test_too_few_cost_the_same_however_many_groups_are_too_small(policy):
    def prepare(n):
        groups = make_groups(n, cohort=str(n))
        testing.arrive_all([members(group)[0] for group in groups], "choice")
        testing.process("choice", str(n))
        SyncGroup.objects.filter(pk__in=[group.pk for group in groups]).update(**TOO_LARGE)
        processing.wake(processing.Unit("choice", str(n), group.pk) for group in groups)
        return lambda: processing.process_barrier("choice", str(n))

    with testing.declared(GROUPER, barrier(policy)):
        prepare(1)()
        same_for_few_and_many(prepare)
    assert not ParticipantLinkBarrier.objects.at("choice").waiting().exists()

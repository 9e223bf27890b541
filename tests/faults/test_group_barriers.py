"""Faults that group barriers had elsewhere: one group's trouble was everybody's."""

import pytest

from syncgroups import testing
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.decisions import GroupProposal
from syncgroups.groupers import Grouper
from syncgroups.models import SyncGroup
from syncgroups.states import LinkState, ParticipantStatus
from tests.engine.scenes import fresh, groups_of, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db


def test_a_half_arrived_group_below_its_minimum_holds_back_no_other_group():
    short = make_group(3, min_group_size=3, max_group_size=3, join_existing_groups=True)
    complete = make_group(2)
    gone, early, _late = members(short)
    gone.fail("closed the tab")
    with testing.declared(GroupBarrier("choice", "rps")):
        [waits] = testing.arrive_all([early], "choice")
        passed = testing.arrive_all(members(complete), "choice")
        testing.process("choice")
    assert states(passed) == [LinkState.RELEASED] * 2
    assert states([waits]) == [LinkState.WAITING]


def test_a_failing_on_release_holds_back_its_own_group_only():
    bad, good = make_groups(2)
    called = []

    def score(group):
        called.append(group.pk)
        if group == bad:
            raise RuntimeError("no score")

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        held = testing.arrive_all(members(bad), "choice")
        passed = testing.arrive_all(members(good), "choice")
        testing.process("choice")
    assert states(held) == [LinkState.WAITING] * 2
    assert states(passed) == [LinkState.RELEASED] * 2
    assert sorted(called) == [bad.pk, good.pk]
    assert "no score" in fresh(bad).last_error


def test_somebody_who_lost_their_group_blocks_nobody_and_is_let_through():
    closed, complete = make_groups(2)
    with testing.declared(GroupBarrier("choice", "rps")):
        [waits] = testing.arrive_all(members(closed)[:1], "choice")
        closed.close("by hand")
        passed = testing.arrive_all(members(complete), "choice")
        testing.process("choice")
    assert states([*passed, waits]) == [LinkState.RELEASED] * 3


class Everybody(Grouper):
    """One group of all, of a kind that is not simple."""

    def ready_to_group(self, participants):
        return len(participants) >= 2

    def group(self, participants):
        return [GroupProposal(members=participants, type="Crew")]


def test_a_group_barrier_serves_groups_that_a_grouper_of_the_site_formed():
    pair = testing.make_participants(2)
    with testing.declared(Everybody("crew"), GroupBarrier("ready", "crew")):
        testing.arrive_all(pair, "crew_grouper")
        testing.process("crew_grouper")
        assert pair[0].sync_group.type == "Crew"
        links = testing.arrive_all(pair, "ready")
        testing.process("ready")
    assert states(links) == [LinkState.RELEASED] * 2


def test_a_closer_closes_a_shrunken_group_and_fails_nobody():
    group = make_group(3, min_group_size=3)
    quitter, *rest = members(group)
    quitter.leave()
    with testing.declared(GroupCloser("rps")):
        links = testing.arrive_all(rest, "closer_rps")
        testing.process("closer_rps")
    assert states(links) == [LinkState.RELEASED] * 2
    assert [fresh(person).status for person in rest] == [ParticipantStatus.WORKING] * 2
    assert not any(fresh(person).failed for person in rest)
    assert not fresh(group).active


def test_a_wrong_stored_count_fails_nobody():
    group = make_group(2)
    SyncGroup.objects.update(n_active_participants=1)
    with testing.declared(GroupBarrier("choice", "rps")):
        links = testing.arrive_all(members(group), "choice")
        testing.process("choice")
    assert states(links) == [LinkState.RELEASED] * 2
    assert fresh(group).n_active_participants == 2


def test_an_empty_group_has_no_leader_and_asking_for_one_is_no_error():
    empty = SyncGroup.objects.create(group_type="rps")
    assert empty.check_leader() is None


def test_a_group_whose_members_have_all_left_is_closed():
    group = make_group(2)
    for member in members(group):
        member.leave()
    assert not fresh(group).active
    assert fresh(group).end_reason
    assert fresh(group).n_active_participants == 0


def test_deleting_a_group_never_deletes_its_leader():
    [leader] = testing.make_participants(1)
    SyncGroup.objects.create(group_type="rps", leader=leader).delete()
    assert fresh(leader)
    assert groups_of(leader) == []

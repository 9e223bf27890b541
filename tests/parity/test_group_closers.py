"""GroupCloser: a group barrier after which the members can be grouped anew."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState

from .journeys import GROUPER, form_group, reloaded, state_at, waits

pytestmark = pytest.mark.django_db

PAIRS = SimpleGrouper("pair", initial_group_size=2)


def close(members):
    testing.arrive_all(members, "closer_pair")
    testing.process("closer_pair")


def test_group_closer_closes_the_group_as_it_goes():
    with testing.declared(PAIRS, GroupCloser("pair")):
        group, members = form_group()
        close(members)
        stored = reloaded(group)
        assert not stored.active
        assert stored.end_time is not None
        assert [state_at(member, "closer_pair") for member in members] == [LinkState.RELEASED] * 2


def test_group_closer_waits_for_every_active_member():
    with testing.declared(PAIRS, GroupCloser("pair")):
        group, members = form_group()
        close(members[:1])
        assert waits(members[0], "closer_pair")
        assert reloaded(group).active


def test_group_closer_allows_regrouping():
    with testing.declared(PAIRS, GroupCloser("pair")):
        first, members = form_group()
        close(members)
        assert all(member.active_sync_groups == {} for member in members)
        testing.arrive_all(members, GROUPER)
        testing.process(GROUPER)
        second = members[0].sync_group
        assert second != first
        assert members[1].sync_group == second


def test_closed_groups_remain_among_a_participants_groups():
    with testing.declared(PAIRS, GroupCloser("pair")):
        group, (member, mate) = form_group()
        close([member, mate])
        assert list(member.sync_groups) == [group]


def test_group_closer_leaves_groups_of_other_types_open():
    trio = SimpleGrouper("trio", initial_group_size=2)
    with testing.declared(PAIRS, trio, GroupCloser("pair")):
        _, members = form_group()
        testing.arrive_all(members, "trio_grouper")
        testing.process("trio_grouper")
        close(members)
        assert [set(member.active_sync_groups) for member in members] == [{"trio"}] * 2


def test_a_group_barrier_that_is_no_closer_leaves_the_group_open():
    with testing.declared(PAIRS, GroupBarrier("ready", "pair")):
        group, members = form_group()
        testing.arrive_all(members, "ready")
        testing.process("ready")
        assert reloaded(group).active


def test_group_closer_fails_nobody_whose_group_shrank():
    with testing.declared(PAIRS, GroupCloser("pair")):
        group, (gone, staying) = form_group()
        gone.fail("went away")
        close([staying])
        assert not reloaded(staying).failed
        assert not reloaded(group).active
        assert state_at(staying, "closer_pair") == LinkState.RELEASED


def test_group_closer_may_call_on_release_before_the_group_is_closed():
    open_then = []
    closer = GroupCloser("pair", on_release=lambda group: open_then.append(reloaded(group).active))
    with testing.declared(PAIRS, closer):
        group, members = form_group()
        close(members)
        assert open_then == [True]
        assert not reloaded(group).active

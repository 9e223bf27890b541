"""on_release: called for each group that goes on, with what it names."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup

from .journeys import form_group, reloaded

pytestmark = pytest.mark.django_db

PAIRS = SimpleGrouper("pair", initial_group_size=2)
SHRINKING = SimpleGrouper("pair", initial_group_size=3, min_group_size=2)


def test_a_leader_who_has_gone_is_replaced_before_on_release_is_called():
    led_by = []
    barrier = GroupBarrier("ready", "pair", on_release=lambda group, leader: led_by.append(leader))
    with testing.declared(SHRINKING, barrier):
        group, members = form_group(3)
        staying = [member for member in members if member != group.leader]
        type(group.leader)._default_manager.filter(pk=group.leader_id).update(failed=True)
        testing.arrive_all(staying, "ready")
        testing.process("ready")
        assert led_by == [reloaded(group).leader]
        assert led_by[0] in staying


def test_on_release_is_given_the_group_and_its_active_participants():
    calls = []
    barrier = GroupBarrier("ready", "pair", on_release=lambda group, participants: calls.append((group, participants)))
    with testing.declared(SHRINKING, barrier):
        group, (gone, *staying) = form_group(3)
        gone.fail("went away")
        testing.arrive_all(staying, "ready")
        testing.process("ready")
        ((given, participants),) = calls
        assert given == group
        assert set(participants) == set(staying)


def test_on_release_is_given_the_barrier_and_the_leader_where_it_names_them():
    calls = []
    barrier = GroupBarrier("ready", "pair", on_release=lambda barrier, leader: calls.append((barrier, leader)))
    with testing.declared(PAIRS, barrier):
        group, members = form_group()
        testing.arrive_all(members, "ready")
        testing.process("ready")
        assert calls == [(barrier, group.leader)]


def test_on_release_may_ask_for_nothing_or_for_everything():
    calls: list[set[str]] = []
    modest = GroupBarrier("modest", "pair", on_release=lambda: calls.append(set()))
    greedy = GroupBarrier("greedy", "pair", on_release=lambda **offer: calls.append(set(offer)))
    with testing.declared(PAIRS, modest, greedy):
        _, members = form_group()
        for barrier in ("modest", "greedy"):
            testing.arrive_all(members, barrier)
            testing.process(barrier)
    assert calls == [set(), {"group", "participants", "leader", "barrier"}]


def rename(group: SyncGroup) -> None:
    """What a dotted path leads to, below."""
    SyncGroup.objects.filter(pk=group.pk).update(details={"renamed": True})


def test_on_release_may_be_a_dotted_path():
    barrier = GroupBarrier("ready", "pair", on_release=f"{__name__}.rename")
    with testing.declared(PAIRS, barrier):
        group, members = form_group()
        testing.arrive_all(members, "ready")
        testing.process("ready")
        assert reloaded(group).details == {"renamed": True}


def test_on_release_is_called_once_for_each_group():
    calls = []
    barrier = GroupBarrier("ready", "pair", on_release=lambda group: calls.append(group.pk))
    with testing.declared(PAIRS, barrier):
        one, members = form_group()
        two, others = form_group()
        testing.arrive_all([*members, *others], "ready")
        testing.process("ready")
        testing.process("ready")
        testing.sweep()
        assert sorted(calls) == sorted([one.pk, two.pk])

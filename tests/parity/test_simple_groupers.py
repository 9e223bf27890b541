"""SimpleGrouper: at least `batch_size` wait, and are parted at random into groups of `initial_group_size`."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SimpleSyncGroup, SyncGroup
from syncgroups.states import LinkState

from .journeys import GROUPER, form_group, state_at, waits

pytestmark = pytest.mark.django_db


def sizes():
    return sorted(len(group.active_participants) for group in SyncGroup.objects.all())


def test_groups_have_the_initial_size():
    with testing.declared(SimpleGrouper("pair", initial_group_size=3)):
        testing.arrive_all(testing.make_participants(6), GROUPER)
        testing.process(GROUPER)
        assert sizes() == [3, 3]


def test_nobody_is_grouped_before_the_batch_is_complete():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, batch_size=4)):
        people = testing.make_participants(4)
        testing.arrive_all(people[:3], GROUPER)
        testing.process(GROUPER)
        assert sizes() == []
        testing.arrive_all(people[3:], GROUPER)
        testing.process(GROUPER)
        assert sizes() == [2, 2]


def test_batch_size_is_a_threshold():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, batch_size=4)):
        testing.arrive_all(testing.make_participants(7), GROUPER)
        testing.process(GROUPER)
        assert sizes() == [2, 2, 2]


def test_leftovers_keep_waiting_and_their_place():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        *grouped, leftover = testing.make_participants(3)
        testing.arrive_all([*grouped, leftover], GROUPER)
        testing.process(GROUPER)
        assert [state_at(person, GROUPER) for person in grouped] == [LinkState.RELEASED] * 2
        assert waits(leftover, GROUPER)
        later = testing.make_participants(2)
        testing.arrive_all(later, GROUPER)
        testing.process(GROUPER)
        assert leftover.sync_group == later[0].sync_group
        assert waits(later[1], GROUPER)


def test_those_who_came_first_are_grouped():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        people = testing.make_participants(3)
        in_order = [people[2], people[1], people[0]]
        testing.arrive_all(in_order, GROUPER)
        testing.process(GROUPER)
        assert waits(in_order[2], GROUPER)


def test_the_partition_is_random():
    def places_of_partners():
        with testing.declared(SimpleGrouper("pair", initial_group_size=2, batch_size=8)):
            people = testing.make_participants(8)
            testing.arrive_all(people, GROUPER)
            testing.process(GROUPER)
            groups = [person.sync_group.active_participants for person in people]
            return tuple(people.index(member) for group in groups for member in sorted(group, key=people.index))

    assert len({places_of_partners() for _ in range(6)}) > 1


def test_groups_are_simple_sync_groups():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        group, _ = form_group()
        assert group.type == "SimpleSyncGroup"
        assert SimpleSyncGroup.objects.get().pk == group.pk


def test_the_sizes_are_stored_with_the_group():
    grouper = SimpleGrouper("pair", initial_group_size=3, max_group_size=4, min_group_size=2, join_existing_groups=True)
    with testing.declared(grouper):
        group, _ = form_group(3)
        assert (group.min_group_size, group.initial_group_size, group.max_group_size) == (2, 3, 4)
        assert group.join_existing_groups is True
        assert group.n_active_participants == 3


def test_ready_to_group_compares_with_the_batch_size():
    grouper = SimpleGrouper("pair", initial_group_size=2, batch_size=3)
    people = testing.make_participants(4)
    assert [grouper.ready_to_group(people[:n]) for n in range(5)] == [False, False, False, True, True]


def test_select_leader_of_a_subclass_is_asked_for_each_group():
    class FirstLeads(SimpleGrouper):
        def select_leader(self, participants):
            return min(participants, key=lambda participant: participant.pk)

    with testing.declared(FirstLeads("pair", initial_group_size=2, batch_size=4)):
        testing.arrive_all(testing.make_participants(4), GROUPER)
        testing.process(GROUPER)
        for group in SyncGroup.objects.all():
            assert group.leader == min(group.active_participants, key=lambda member: member.pk)


def test_a_partition_of_ones_own_is_used():
    class InOrder(SimpleGrouper):
        @staticmethod
        def randomly_partition_list(lst, group_size):
            return [lst[start : start + group_size] for start in range(0, len(lst), group_size)]

    with testing.declared(InOrder("pair", initial_group_size=2, batch_size=6)):
        people = testing.make_participants(6)
        testing.arrive_all(people, GROUPER)
        testing.process(GROUPER)
        for one, other in (people[0:2], people[2:4], people[4:6]):
            assert one.sync_group == other.sync_group

"""join_existing_groups: free places in groups that exist are filled before new groups are formed."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup
from syncgroups.states import LinkState

from .journeys import GROUPER, form_group, reloaded, state_at, waits

pytestmark = pytest.mark.django_db

OPEN = SimpleGrouper("pair", initial_group_size=2, max_group_size=3, join_existing_groups=True)
REFILLING = SimpleGrouper("pair", initial_group_size=2, join_existing_groups=True)
CLOSED = SimpleGrouper("pair", initial_group_size=2)


def newcomer():
    (person,) = testing.make_participants(1)
    testing.arrive_all([person], GROUPER)
    testing.process(GROUPER)
    return person


def test_a_newcomer_joins_a_group_below_its_maximum_at_once():
    with testing.declared(OPEN):
        group, members = form_group()
        person = newcomer()
        assert person.sync_group == group
        assert state_at(person, GROUPER) == LinkState.RELEASED
        assert set(reloaded(group).active_participants) == {*members, person}
        assert reloaded(group).n_active_participants == 3


def test_a_full_group_takes_nobody():
    with testing.declared(OPEN):
        form_group()
        newcomer()
        assert waits(newcomer(), GROUPER)


def test_a_place_that_became_free_is_filled():
    with testing.declared(REFILLING):
        group, (gone, staying) = form_group()
        gone.leave()
        person = newcomer()
        assert set(reloaded(group).active_participants) == {staying, person}


def test_whoever_waits_already_is_offered_a_place_that_becomes_free():
    with testing.declared(REFILLING):
        group, (gone, _) = form_group()
        person = newcomer()
        assert waits(person, GROUPER)
        gone.leave()
        testing.process(GROUPER)
        assert person.sync_group == group


def test_without_join_existing_groups_a_free_place_stays_free():
    with testing.declared(CLOSED):
        _, (gone, _) = form_group()
        gone.leave()
        assert waits(newcomer(), GROUPER)


def test_top_ups_prefer_the_smallest_group():
    unbounded = SimpleGrouper("pair", initial_group_size=3, max_group_size=None, join_existing_groups=True)
    with testing.declared(SimpleGrouper("pair", initial_group_size=3, batch_size=6)):
        testing.arrive_all(testing.make_participants(6), GROUPER)
        testing.process(GROUPER)
    SyncGroup.objects.update(join_existing_groups=True, max_group_size=None, min_group_size=1)
    _, younger = SyncGroup.objects.order_by("pk")
    younger.active_participants[0].leave()
    with testing.declared(unbounded):
        assert newcomer().sync_group == younger


def test_top_ups_prefer_the_oldest_of_the_smallest_groups():
    with testing.declared(CLOSED):
        older, _ = form_group()
        form_group()
    SyncGroup.objects.update(join_existing_groups=True, max_group_size=3)
    with testing.declared(OPEN):
        assert newcomer().sync_group == older


def test_several_groups_with_room_are_filled_one_after_the_other():
    with testing.declared(CLOSED):
        older, _ = form_group()
        younger, _ = form_group()
    SyncGroup.objects.update(join_existing_groups=True, max_group_size=3)
    with testing.declared(OPEN):
        assert [newcomer().sync_group for _ in range(2)] == [older, younger]


def test_a_group_without_a_maximum_takes_everybody():
    unbounded = SimpleGrouper("pair", initial_group_size=2, max_group_size=None, join_existing_groups=True)
    with testing.declared(unbounded):
        group, _ = form_group()
        assert [newcomer().sync_group for _ in range(4)] == [group] * 4
        assert reloaded(group).n_active_participants == 6


def test_closed_groups_are_not_joined():
    with testing.declared(OPEN):
        group, _ = form_group()
        group.close()
        assert waits(newcomer(), GROUPER)


def test_groups_of_another_type_are_not_joined():
    other = SimpleGrouper("trio", initial_group_size=2, max_group_size=3, join_existing_groups=True)
    with testing.declared(OPEN, other):
        form_group(grouper="trio_grouper")
        assert waits(newcomer(), GROUPER)


def test_new_groups_are_formed_of_those_for_whom_there_is_no_place():
    with testing.declared(OPEN):
        group, _ = form_group()
        first, *rest = testing.make_participants(3)
        testing.arrive_all([first, *rest], GROUPER)
        testing.process(GROUPER)
        assert first.sync_group == group
        assert rest[0].sync_group == rest[1].sync_group != group


def test_a_join_criterion_decides_who_may_join():
    picky = SimpleGrouper(
        "pair",
        initial_group_size=2,
        max_group_size=3,
        join_existing_groups=True,
        join_criterion=lambda group, participant: participant.details.get("colour") == "red",
    )
    with testing.declared(picky):
        group, _ = form_group()
        red, blue = (*testing.make_participants(1, details={"colour": "red"}), *testing.make_participants(1))
        testing.arrive_all([blue, red], GROUPER)
        testing.process(GROUPER)
        assert red.sync_group == group
        assert waits(blue, GROUPER)

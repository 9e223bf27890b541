"""Errors of PsyNet are errors here, of classes that inherit what its callers catch."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupCloser
from syncgroups.groupers import Grouper, SimpleGrouper

from .journeys import GROUPER, form_group


def test_a_barrier_without_a_rule_is_not_implemented():
    with pytest.raises(NotImplementedError, match="choose_who_to_release"):
        Barrier("b").choose_who_to_release([])


def test_a_grouper_without_ready_to_group_is_not_implemented():
    with pytest.raises(NotImplementedError, match="ready_to_group"):
        Grouper("pair").ready_to_group([])


def test_a_grouper_without_group_is_not_implemented():
    with pytest.raises(NotImplementedError, match="group"):
        Grouper("pair").group([])


def test_the_initial_group_size_must_be_given():
    with pytest.raises(ValueError, match="initial_group_size must be given"):
        SimpleGrouper("pair")


def test_group_size_has_been_renamed():
    with pytest.raises(ValueError, match="group_size is called initial_group_size"):
        SimpleGrouper("pair", group_size=2)


@pytest.mark.parametrize("size", [3, None])
def test_a_maximum_of_its_own_needs_join_existing_groups(size):
    with pytest.raises(ValueError, match="join_existing_groups=True"):
        SimpleGrouper("pair", initial_group_size=2, max_group_size=size)


def test_a_list_cannot_be_parted_into_groups_that_do_not_come_out_even():
    with pytest.raises(ValueError, match=r"5.*2"):
        SimpleGrouper.randomly_partition_list([1, 2, 3, 4, 5], group_size=2)


@pytest.mark.django_db
def test_a_participant_cannot_arrive_at_a_grouper_while_in_a_group_of_that_type():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        _, (person, _) = form_group()
        with pytest.raises(RuntimeError, match=r"in an active group of type 'pair' already.*GroupCloser"):
            testing.arrive_all([person], GROUPER)


@pytest.mark.django_db
def test_groups_of_other_types_are_no_obstacle():
    other = SimpleGrouper("trio", initial_group_size=3)
    with testing.declared(SimpleGrouper("pair", initial_group_size=2), other):
        _, (person, _) = form_group()
        (link,) = testing.arrive_all([person], "trio_grouper")
        assert link.barrier_id in person.active_barriers


@pytest.mark.django_db
def test_release_of_somebody_who_does_not_wait_is_an_error():
    barrier = Barrier("b")
    with testing.declared(barrier):
        (person,) = testing.make_participants(1)
        with pytest.raises(RuntimeError, match="not waiting at barrier 'b'"):
            barrier.release(person)


@pytest.mark.django_db
def test_release_of_somebody_who_was_released_is_an_error():
    barrier = Barrier("b")
    with testing.declared(barrier):
        (person,) = testing.make_participants(1)
        (link,) = testing.arrive_all([person], "b")
        barrier.release(person)
        with pytest.raises(RuntimeError, match="not waiting"):
            barrier.release(person)
        with pytest.raises(RuntimeError, match="no longer"):
            link.release()


@pytest.mark.django_db
def test_a_group_that_is_asked_for_by_a_type_nobody_formed_is_a_key_error():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        group, (person, _) = form_group()
        with pytest.raises(KeyError):
            type(group).get_active_group(person, "trio")


@pytest.mark.django_db
def test_a_closer_needs_a_group_to_close():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2), GroupCloser("pair")):
        (person,) = testing.make_participants(1)
        with pytest.raises(LookupError, match="no active group of type 'pair'"):
            testing.arrive_all([person], "closer_pair")

"""Parameters and their defaults: what a declaration written for PsyNet means here, too."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import Grouper, SimpleGrouper
from syncgroups.waiting import WaitPage

BARRIERS = [
    pytest.param(Barrier("b"), id="Barrier"),
    pytest.param(GroupBarrier("b", "pair"), id="GroupBarrier"),
    pytest.param(GroupCloser("pair"), id="GroupCloser"),
    pytest.param(Grouper("pair"), id="Grouper"),
    pytest.param(SimpleGrouper("pair", initial_group_size=2), id="SimpleGrouper"),
]
SOON = WaitPage(content="Soon.")
every_barrier = pytest.mark.parametrize("barrier", BARRIERS)


@every_barrier
def test_the_default_time_limit_is_twenty_seconds(barrier):
    assert barrier.max_wait_time == 20


@every_barrier
def test_the_waiting_logic_is_expected_three_times_by_default(barrier):
    assert barrier.waiting_logic_expected_repetitions == 3


@every_barrier
def test_the_default_waiting_logic_is_a_wait_page(barrier):
    assert isinstance(barrier.waiting_logic, WaitPage)


@every_barrier
def test_time_credit_is_not_fixed_by_default(barrier):
    assert barrier.fix_time_credit is False
    assert barrier.fixed_credit is None


def test_parameters_of_barrier_come_in_the_order_of_psynet():
    barrier = Barrier("b", SOON, 5, 60, True)
    assert (barrier.id, barrier.waiting_logic) == ("b", SOON)
    assert (barrier.waiting_logic_expected_repetitions, barrier.max_wait_time) == (5, 60)
    assert barrier.fix_time_credit is True


def test_parameters_of_group_barrier_come_in_the_order_of_psynet():
    def score(group):
        return None

    barrier = GroupBarrier("b", "pair", SOON, 5, 60, score, True)
    assert (barrier.id, barrier.group_type, barrier.waiting_logic) == ("b", "pair", SOON)
    assert (barrier.waiting_logic_expected_repetitions, barrier.max_wait_time) == (5, 60)
    assert (barrier.on_release, barrier.fix_time_credit) == (score, True)


def test_parameters_of_grouper_come_in_the_order_of_psynet():
    grouper = Grouper("pair", "lobby", SOON, 5, 60)
    assert (grouper.group_type, grouper.id, grouper.waiting_logic) == ("pair", "lobby", SOON)
    assert (grouper.waiting_logic_expected_repetitions, grouper.max_wait_time) == (5, 60)


def test_sizes_of_a_simple_grouper_are_named_and_never_positional():
    positional: list[Any] = ["pair", 2]
    with pytest.raises(TypeError):
        SimpleGrouper(*positional)


def test_a_group_barrier_calls_nothing_by_default():
    assert GroupBarrier("b", "pair").on_release is None


def test_the_grouper_id_defaults_to_type_grouper():
    assert Grouper("pair").id == "pair_grouper"
    assert SimpleGrouper("pair", initial_group_size=2).id == "pair_grouper"


def test_the_grouper_id_can_be_given():
    assert SimpleGrouper("pair", initial_group_size=2, id_="lobby").id == "lobby"


def test_the_closer_id_defaults_to_closer_type():
    assert GroupCloser("pair").id == "closer_pair"


def test_the_closer_id_can_be_given():
    assert GroupCloser("pair", id_="the_end").id == "the_end"


def test_a_closer_takes_the_parameters_of_a_group_barrier():
    closer = GroupCloser("pair", max_wait_time=60, fix_time_credit=True)
    assert (closer.max_wait_time, closer.fix_time_credit) == (60, True)
    assert isinstance(closer, GroupBarrier)


@pytest.mark.parametrize("name", ["max_group_size", "min_group_size", "batch_size"])
def test_sizes_default_to_the_initial_group_size(name):
    assert getattr(SimpleGrouper("trio", initial_group_size=3), name) == 3


@pytest.mark.parametrize("name", ["max_group_size", "min_group_size", "batch_size"])
def test_sizes_may_say_initial_group_size_by_name(name):
    assert inspect.signature(SimpleGrouper).parameters[name].default == "initial_group_size"


def test_existing_groups_are_not_joined_by_default():
    assert SimpleGrouper("pair", initial_group_size=2).join_existing_groups is False


def test_sizes_of_a_simple_grouper_can_be_given():
    grouper = SimpleGrouper(
        "team",
        initial_group_size=3,
        max_group_size=5,
        min_group_size=2,
        batch_size=9,
        join_existing_groups=True,
    )
    assert (grouper.min_group_size, grouper.initial_group_size, grouper.max_group_size) == (2, 3, 5)
    assert (grouper.batch_size, grouper.join_existing_groups) == (9, True)


def test_max_group_size_none_means_no_upper_bound():
    grouper = SimpleGrouper("pair", initial_group_size=2, max_group_size=None, join_existing_groups=True)
    assert grouper.max_group_size is None


def test_a_simple_grouper_takes_the_parameters_of_a_grouper():
    grouper = SimpleGrouper("pair", initial_group_size=2, max_wait_time=60, waiting_logic=SOON)
    assert (grouper.max_wait_time, grouper.waiting_logic) == (60, SOON)

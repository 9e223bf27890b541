"""Who joins which group that has a free place."""

from __future__ import annotations

from typing import Any

from syncgroups.groupers import SimpleGrouper

from .world import group_of, people

OPEN: dict[str, Any] = {"initial_group_size": 2, "max_group_size": 3, "join_existing_groups": True}
REFILLING = SimpleGrouper("pair", **OPEN)


def test_arrivals_join_in_order_until_the_group_is_full():
    group = group_of(*people(1), **OPEN)
    first, second, third = people(3)
    assert REFILLING.decide([first, second, third], [group]).joins == [(first, group), (second, group)]


def test_the_smallest_group_by_now_is_joined():
    small, large = group_of(*people(1), **OPEN), group_of(*people(2), **OPEN)
    first, second, third = people(3)
    joins = REFILLING.choose_groups_to_join([first, second, third], [small, large])
    assert joins == [(first, small), (second, small), (third, large)]


def test_of_groups_of_one_size_the_oldest_is_joined():
    older, younger = group_of(*people(1), **OPEN), group_of(*people(1), **OPEN)
    first, second = people(2)
    joins = REFILLING.choose_groups_to_join([first, second], [younger, older])
    assert joins == [(first, older), (second, younger)]


def test_nobody_joins_a_full_group():
    full = group_of(*people(3), **OPEN)
    assert REFILLING.choose_groups_to_join(people(1), [full]) == []


def test_a_group_without_a_maximum_takes_everybody():
    group = group_of(*people(2), **{**OPEN, "max_group_size": None})
    waiting = people(5)
    assert [who for who, _ in REFILLING.choose_groups_to_join(waiting, [group])] == waiting


def test_new_groups_are_formed_of_the_rest():
    group = group_of(*people(2), **OPEN)
    joining, *rest = people(3)
    decision = REFILLING.decide([joining, *rest], [group])
    assert decision.joins == [(joining, group)]
    (proposal,) = decision.groups
    assert sorted(person.pk for person in proposal.members) == [person.pk for person in rest]


def test_who_joins_is_let_through():
    group = group_of(*people(2), **OPEN)
    (joining,) = people(1)
    assert REFILLING.decide([joining], [group]).let_through == [joining]


def test_a_join_criterion_decides_for_each_pair_of_group_and_participant():
    def same_colour(group, participant):
        return group.details["colour"] == participant.details["colour"]

    picky = SimpleGrouper("pair", **OPEN, join_criterion=same_colour)
    red = group_of(*people(1), **OPEN, details={"colour": "red"})
    blue = group_of(*people(1), **OPEN, details={"colour": "blue"})
    (for_blue,) = people(1, details={"colour": "blue"})
    (for_red,) = people(1, details={"colour": "red"})
    (for_none,) = people(1, details={"colour": "green"})
    joins = picky.choose_groups_to_join([for_blue, for_none, for_red], [red, blue])
    assert joins == [(for_blue, blue), (for_red, red)]


def test_a_join_criterion_may_be_a_method_of_a_subclass():
    class Picky(SimpleGrouper):
        def choose_groups_to_join(self, participants, groups):
            return [(participants[-1], groups[-1])]

    group = group_of(*people(2), **OPEN)
    waiting = people(2)
    assert Picky("pair", **OPEN).decide(waiting, [group]).joins == [(waiting[-1], group)]


def test_who_is_in_a_group_of_the_type_joins_no_second_one():
    (grouped,) = people(1)
    group_of(grouped)
    group = group_of(*people(2), **OPEN)
    decision = REFILLING.decide([grouped], [group])
    assert (decision.release, decision.joins) == ([grouped], [])

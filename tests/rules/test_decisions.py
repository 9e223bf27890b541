"""Decisions are checked before anything is stored; each fault is a sentence that names the barrier."""

from __future__ import annotations

import re

import pytest

from syncgroups.decisions import Decision, GroupProposal, check
from syncgroups.exceptions import BadProposal

from .world import group_of, people


def fault(decision, waiting):
    with pytest.raises(BadProposal) as caught:
        check(decision, waiting, barrier_id="lobby")
    sentence = str(caught.value)
    assert re.fullmatch(r"Barrier 'lobby': .*\. Nobody was moved\.", sentence)
    return sentence


def proposes(*members, **parameters):
    return Decision(groups=[GroupProposal(list(members), **parameters)])


def test_a_decision_about_those_who_wait_is_good():
    one, two, three, four = waiting = people(4)
    group = group_of()
    decision = Decision(release=[one], joins=[(two, group)], groups=[GroupProposal([three, four], leader=four)])
    check(decision, waiting, [group], barrier_id="lobby")


def test_an_empty_decision_is_good():
    check(Decision(), people(2), barrier_id="lobby")


def test_nobody_is_let_through_who_is_not_waiting():
    here, stranger = people(2)
    for decision in (
        Decision(release=[stranger]),
        Decision(joins=[(stranger, group_of())]),
        proposes(here, stranger),
    ):
        assert f"participant {stranger.pk} was chosen but is not waiting here" in fault(decision, [here])


def test_nobody_is_let_through_twice():
    (person,) = people(1)
    for decision in (
        Decision(release=[person, person]),
        Decision(release=[person], groups=[GroupProposal([person])]),
        Decision(joins=[(person, group_of())], groups=[GroupProposal([person])]),
        proposes(person, person),
    ):
        assert f"participant {person.pk} was chosen 2 times" in fault(decision, [person])


def test_nobody_is_put_into_two_groups():
    one, two, three = people(3)
    decision = Decision(groups=[GroupProposal([one, two]), GroupProposal([two, three])])
    assert f"participant {two.pk} was chosen 2 times" in fault(decision, [one, two, three])


def test_a_group_without_members_is_a_fault():
    assert "a proposed group has no members" in fault(proposes(initial_group_size=2), people(2))


@pytest.mark.parametrize(("minimum", "initial", "maximum"), [(0, 2, 2), (-1, 2, 2), (3, 2, 3), (1, 2, 1), (2, 0, 2)])
def test_sizes_that_are_out_of_order_are_a_fault(minimum, initial, maximum):
    waiting = people(2)
    decision = proposes(*waiting, min_group_size=minimum, initial_group_size=initial, max_group_size=maximum)
    expected = f"must satisfy 1 <= min <= initial <= max, not {minimum}, {initial}, {maximum}"
    assert expected in fault(decision, waiting)


def test_fewer_members_than_the_minimum_are_a_fault():
    waiting = people(2)
    decision = proposes(*waiting, min_group_size=3, initial_group_size=3)
    assert "2 members, outside of its bounds 3 to 3" in fault(decision, waiting)


def test_more_members_than_the_maximum_are_a_fault():
    waiting = people(3)
    decision = proposes(*waiting, initial_group_size=2, max_group_size=2)
    assert "3 members, outside of its bounds 1 to 2" in fault(decision, waiting)


def test_a_leader_from_outside_is_a_fault():
    one, two, stranger = waiting = people(3)
    expected = f"the leader of a proposed group, participant {stranger.pk}, is not one of its members"
    assert expected in fault(proposes(one, two, leader=stranger), waiting)


def test_a_group_of_two_cohorts_is_a_fault():
    waiting = [*people(1, cohort="monday"), *people(1, cohort="tuesday")]
    assert "a proposed group mixes cohorts" in fault(proposes(*waiting), waiting)


def test_sizes_of_a_proposal_follow_from_its_members():
    assert GroupProposal(people(3)).sizes() == (1, 3, 3)


def test_sizes_of_a_proposal_can_be_given():
    proposal = GroupProposal(people(3), min_group_size=2, initial_group_size=3, max_group_size=None)
    assert proposal.sizes() == (2, 3, None)


def test_details_of_two_proposals_are_two_dictionaries():
    assert GroupProposal([]).details is not GroupProposal([]).details


def test_everybody_who_goes_on_is_released_joined_or_grouped_in_that_order():
    one, two, three = people(3)
    decision = Decision(release=[one], joins=[(two, group_of())], groups=[GroupProposal([three])])
    assert decision.let_through == [one, two, three]

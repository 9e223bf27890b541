"""Whom groupers put together."""

from __future__ import annotations

import pytest

from syncgroups.barriers import Barrier
from syncgroups.decisions import GroupProposal
from syncgroups.exceptions import BadProposal
from syncgroups.groupers import Grouper, SimpleGrouper

from .world import group_of, people, visit

PAIRS = SimpleGrouper("pair", initial_group_size=2)


def members(decision):
    return [list(proposal.members) for proposal in decision.groups]


def test_too_few_are_not_grouped():
    assert members(PAIRS.decide(people(1))) == []


def test_a_batch_is_grouped_in_the_initial_size():
    waiting = people(6)
    proposed = members(PAIRS.decide(waiting))
    assert [len(group) for group in proposed] == [2, 2, 2]
    assert {person.pk for group in proposed for person in group} == {person.pk for person in waiting}


def test_the_last_to_come_are_left_over():
    waiting = people(5)
    proposed = members(PAIRS.decide(waiting))
    assert {person.pk for group in proposed for person in group} == {person.pk for person in waiting[:4]}


@pytest.mark.parametrize(("n", "groups"), [(3, 0), (4, 2), (5, 2), (7, 3)])
def test_the_batch_size_is_a_threshold(n, groups):
    grouper = SimpleGrouper("pair", initial_group_size=2, batch_size=4)
    assert len(grouper.decide(people(n)).groups) == groups


def test_each_group_has_a_leader_of_its_own():
    for proposal in PAIRS.decide(people(6)).groups:
        assert proposal.leader in proposal.members


def test_the_proposal_carries_the_sizes_of_the_declaration():
    grouper = SimpleGrouper(
        "pair", initial_group_size=3, min_group_size=2, max_group_size=None, join_existing_groups=True
    )
    (proposal,) = grouper.decide(people(3)).groups
    assert proposal.sizes() == (2, 3, None)
    assert proposal.join_existing_groups is True
    assert proposal.type == "SimpleSyncGroup"


def test_choose_who_to_release_names_those_who_are_grouped():
    waiting = people(3)
    chosen = PAIRS.choose_who_to_release(waiting)
    assert {person.pk for person in chosen} == {person.pk for person in waiting[:2]}


def test_who_is_in_a_group_of_the_type_already_goes_on_and_is_not_grouped_again():
    grouped, *waiting = people(3)
    group_of(grouped)
    decision = PAIRS.decide([grouped, *waiting])
    assert decision.release == [grouped]
    assert sorted(person.pk for person in members(decision)[0]) == [person.pk for person in waiting]


def test_a_grouper_is_asked_about_those_who_are_in_no_group_only():
    asked = []

    class Asking(Grouper):
        def ready_to_group(self, participants):
            asked.append(list(participants))
            return False

    grouped, waiting = people(2)
    group_of(grouped)
    Asking("pair").decide([grouped, waiting])
    assert asked == [[waiting]]


def test_a_leader_that_the_proposal_names_is_kept():
    class Led(SimpleGrouper):
        def group(self, participants):
            return [GroupProposal(participants, leader=participants[-1])]

        def select_leader(self, participants):
            raise AssertionError("nobody needs to be selected")

    waiting = people(2)
    (proposal,) = Led("pair", initial_group_size=2).decide(waiting).groups
    assert proposal.leader == waiting[-1]


@pytest.mark.parametrize("answer", [None, (), {}, "pair", [None], [[1, 2]]], ids=repr)
def test_an_answer_that_is_no_list_of_proposals_is_an_error_that_names_the_barrier(answer):
    class Wrong(SimpleGrouper):
        def group(self, participants):
            return answer

    with pytest.raises(BadProposal, match=r"'pair_grouper'.*list of GroupProposal.*Nobody was moved"):
        Wrong("pair", initial_group_size=2).decide(people(2))


@pytest.mark.parametrize("n", [0, 2, 6])
def test_the_random_partition_keeps_everybody_once(n):
    parts = SimpleGrouper.randomly_partition_list(list(range(n)), group_size=2)
    assert sorted(item for part in parts for item in part) == list(range(n))
    assert all(len(part) == 2 for part in parts)


def test_the_random_partition_leaves_its_argument_as_it_was():
    numbers = list(range(20))
    SimpleGrouper.randomly_partition_list(numbers, group_size=2)
    assert numbers == list(range(20))


def test_the_random_partition_is_random():
    parts = {str(SimpleGrouper.randomly_partition_list(list(range(20)), group_size=2)) for _ in range(20)}
    assert len(parts) > 1


def test_a_rule_may_look_at_waiting_times_and_details():
    class Longest(Barrier):
        def choose_who_to_release(self, waiting_participants):
            return [p for p in waiting_participants if p.active_barriers[self.id].details.get("urgent")]

    calm, urgent = people(2)
    visit(calm, "b")
    visit(urgent, "b", details={"urgent": True})
    assert Longest("b").decide([calm, urgent]).release == [urgent]

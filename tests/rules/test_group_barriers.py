"""Which groups a group barrier lets go, and which it fails."""

from __future__ import annotations

from syncgroups.barriers import BELOW_MINIMUM, GroupBarrier, GroupCloser

from .world import group_of, people

BARRIER = GroupBarrier("ready", "pair")


def test_a_complete_group_goes():
    one, other = people(2)
    group_of(one, other)
    assert BARRIER.choose_who_to_release([one, other]) == [one, other]


def test_a_group_of_which_one_is_missing_stays():
    one, other = people(2)
    group_of(one, other)
    assert BARRIER.choose_who_to_release([one]) == []


def test_complete_groups_go_while_others_stay():
    one, other, early, late = people(4)
    group_of(early, late)
    group_of(one, other)
    assert BARRIER.choose_who_to_release([early, one, other]) == [one, other]


def test_nobody_waiting_lets_nobody_go():
    assert BARRIER.choose_who_to_release([]) == []
    assert BARRIER.choose_who_to_fail([]) == []


def test_who_is_in_no_group_of_the_type_stays_and_blocks_nobody():
    stray, foreign, one, other = people(4)
    group_of(foreign, group_type="trio", min_group_size=1)
    group_of(one, other)
    assert BARRIER.choose_who_to_release([stray, foreign, one, other]) == [one, other]


def test_a_group_below_its_minimum_does_not_go():
    (left_over,) = people(1)
    group_of(left_over)
    assert BARRIER.choose_who_to_release([left_over]) == []


def test_a_group_below_its_minimum_is_failed_with_all_of_its_members():
    here, elsewhere = people(2)
    group_of(here, elsewhere, min_group_size=3)
    assert BARRIER.choose_who_to_fail([here]) == [here, elsewhere]


def test_a_group_below_its_minimum_that_takes_newcomers_is_kept():
    (left_over,) = people(1)
    group_of(left_over, join_existing_groups=True)
    assert BARRIER.choose_who_to_fail([left_over]) == []
    assert BARRIER.choose_who_to_release([left_over]) == []


def test_a_half_arrived_group_below_its_minimum_blocks_no_other_group():
    here, _elsewhere, one, other = everybody = people(4)
    group_of(*everybody[:2], min_group_size=3)
    group_of(one, other)
    decision = BARRIER.decide([here, one, other])
    assert decision.release == [one, other]
    assert decision.fail == everybody[:2]


def test_a_group_at_its_minimum_goes_and_nobody_fails():
    one, other = people(2)
    group_of(one, other, initial_group_size=3, max_group_size=3)
    decision = BARRIER.decide([one, other])
    assert (decision.release, decision.fail) == ([one, other], [])


def test_the_decision_says_why_people_fail():
    (left_over,) = people(1)
    group_of(left_over)
    assert BARRIER.decide([left_over]).fail_reason == BELOW_MINIMUM


def test_a_closer_lets_a_shrunken_group_go_and_fails_nobody():
    (left_over,) = people(1)
    group_of(left_over)
    decision = GroupCloser("pair").decide([left_over])
    assert (decision.release, decision.fail) == ([left_over], [])


def test_a_closer_waits_for_every_member():
    here, elsewhere = people(2)
    group_of(here, elsewhere)
    assert GroupCloser("pair").choose_who_to_release([here]) == []


def test_a_subclass_may_say_what_is_too_small():
    class Lenient(GroupBarrier):
        def is_below_minimum(self, group):
            return False

    (left_over,) = people(1)
    group_of(left_over)
    decision = Lenient("ready", "pair").decide([left_over])
    assert (decision.release, decision.fail) == ([left_over], [])

"""What a group barrier decides once the time of somebody is up who waits there for others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from syncgroups.barriers import BELOW_MINIMUM, INCOMPLETE, KEPT_WAITING, GroupBarrier, GroupCloser
from syncgroups.decisions import Decision
from syncgroups.states import AbsencePolicy, Presence

from .world import group_of, people, visit, waits

POLICIES = AbsencePolicy.values


def barrier(policy: str | None, **parameters: Any) -> GroupBarrier:
    return GroupBarrier("ready", "trio", on_member_timeout=policy, **parameters)


def trio(**fields: Any) -> list[Any]:
    members = people(3)
    sizes = {"initial_group_size": 3, "min_group_size": 2, "max_group_size": 3}
    group_of(*members, group_type="trio", **{**sizes, **fields})
    return members


def told(decision: Decision) -> dict[str, Sequence[Any]]:
    """Who is told what, of those of whom anything is said."""
    fates = {name: list(getattr(decision, name)) for name in ("release", "regroup", "leave", "fail")}
    return {name: members for name, members in fates.items() if members}


def present_and_absent(**fields: Any) -> tuple[list[Any], Any]:
    """Two who wait, the time of the first of whom is up, and one who has not come."""
    first, second, absent = trio(**fields)
    return [waits(first, "ready", late=True), waits(second, "ready")], absent


# Each policy


@pytest.mark.parametrize(
    ("policy", "fate"), [("go_on", "release"), ("regroup", "regroup"), ("leave", "leave")], ids=POLICIES[:3]
)
def test_the_absent_fail_and_the_present_get_what_is_declared(policy, fate):
    present, absent = present_and_absent()
    decision = barrier(policy).decide(present)
    assert told(decision) == {fate: present, "fail": [absent]}
    assert (decision.fail_reason, decision.reason) == (KEPT_WAITING, INCOMPLETE)


def test_where_all_of_them_fail_they_do_so_because_the_group_is_incomplete():
    present, absent = present_and_absent()
    decision = barrier("fail").decide(present)
    assert told(decision) == {"fail": [absent, *present]}
    assert decision.fail_reason == INCOMPLETE


def test_where_nothing_is_declared_the_rule_says_nothing_of_the_absent():
    present, _ = present_and_absent()
    assert told(barrier(None).decide(present)) == {}


@pytest.mark.parametrize("policy", POLICIES)
def test_as_long_as_nobodys_time_is_up_nobody_is_told_anything(policy):
    first, second, _ = trio()
    assert told(barrier(policy).decide([waits(first, "ready"), waits(second, "ready")])) == {}


@pytest.mark.parametrize("policy", POLICIES)
def test_release_beats_the_end_of_the_time(policy):
    members = [waits(member, "ready", late=True) for member in trio()]
    assert told(barrier(policy).decide(members)) == {"release": members}


# Gone


@pytest.mark.parametrize("presence", [Presence.PRESENT, Presence.QUIET])
def test_who_is_here_and_not_gone_is_present(presence):
    present, absent = present_and_absent()
    present[1].presence = presence
    assert told(barrier("go_on").decide(present)) == {"release": present, "fail": [absent]}


@pytest.mark.parametrize(
    ("policy", "fate"), [("go_on", "release"), ("regroup", "regroup"), ("leave", "leave")], ids=POLICIES[:3]
)
def test_who_is_here_and_gone_is_absent(policy, fate):
    here, absent = present_and_absent(min_group_size=1)
    here[1].presence = Presence.GONE
    assert told(barrier(policy).decide(here)) == {fate: here[:1], "fail": [here[1], absent]}


def test_the_time_of_somebody_who_is_gone_is_up_for_the_others_too():
    here, absent = present_and_absent(min_group_size=1)
    here[0].presence = Presence.GONE
    assert told(barrier("go_on").decide(here)) == {"release": here[1:], "fail": [here[0], absent]}


@pytest.mark.parametrize("policy", POLICIES)
def test_of_people_who_are_all_gone_nobody_is_present_and_nothing_is_said(policy):
    here, _ = present_and_absent()
    for member in here:
        member.presence = Presence.GONE
    assert told(barrier(policy).decide(here)) == {}


def test_a_group_that_is_here_goes_also_with_one_who_is_gone():
    members = [waits(member, "ready", late=True) for member in trio()]
    members[2].presence = Presence.GONE
    assert told(barrier("go_on").decide(members)) == {"release": members}


# Held elsewhere


@pytest.mark.parametrize(
    ("policy", "fates"),
    [
        ("go_on", {"release": [0, 1], "leave": [2]}),
        ("regroup", {"regroup": [0, 1], "leave": [2]}),
        ("leave", {"leave": [2, 0, 1]}),
        ("fail", {"leave": [2], "fail": [0, 1]}),
    ],
    ids=POLICIES,
)
def test_who_is_held_at_another_barrier_is_not_at_fault_and_leaves(policy, fates):
    present, absent = present_and_absent()
    visit(absent, "elsewhere")
    everybody = [*present, absent]
    decision = barrier(policy).decide(present)
    assert told(decision) == {fate: [everybody[place] for place in places] for fate, places in fates.items()}
    assert decision.reason == INCOMPLETE


def test_of_two_absent_one_may_be_held_and_the_other_at_fault():
    first, absent, held = trio(min_group_size=1)
    visit(held, "elsewhere")
    decision = barrier("go_on").decide([waits(first, "ready", late=True)])
    assert told(decision) == {"release": [first], "leave": [held], "fail": [absent]}


# Too few of the present, to go on


@pytest.mark.parametrize(
    ("on_below_minimum", "fate"), [(None, "leave"), ("leave", "leave"), ("regroup", "regroup")], ids=repr
)
def test_too_few_to_go_on_get_what_a_group_below_its_minimum_gets_or_leave(on_below_minimum, fate):
    present, absent = present_and_absent(min_group_size=3)
    decision = barrier("go_on", on_below_minimum=on_below_minimum).decide(present)
    assert told(decision) == {fate: present, "fail": [absent]}


def test_exactly_the_minimum_is_enough_to_go_on():
    present, absent = present_and_absent(min_group_size=2)
    decision = barrier("go_on", on_below_minimum="leave").decide(present)
    assert told(decision) == {"release": present, "fail": [absent]}


def test_from_a_closer_any_number_goes_on():
    present, absent = present_and_absent(min_group_size=3)
    closer = GroupCloser("trio", "ready", on_member_timeout="go_on")
    assert told(closer.decide(present)) == {"release": present, "fail": [absent]}


# Newcomers who do not come


@pytest.mark.parametrize(
    ("policy", "fate"),
    [("go_on", "leave"), ("regroup", "regroup"), ("leave", "leave"), ("fail", "fail")],
    ids=POLICIES,
)
def test_those_who_wait_for_newcomers_in_vain_get_what_is_declared_too(policy, fate):
    """Catches: `on_timeout`, which fails by default, where it is nobody's fault."""
    members = [waits(member, "ready", late=True) for member in people(2)]
    group_of(*members, group_type="trio", initial_group_size=3, min_group_size=3, join_existing_groups=True)
    decision = barrier(policy).decide(members)
    assert told(decision) == {fate: members}
    assert (decision.fail_reason if policy == "fail" else decision.reason) == INCOMPLETE


@pytest.mark.parametrize("policy", POLICIES)
def test_until_their_time_is_up_they_wait_for_newcomers(policy):
    members = [waits(member, "ready") for member in people(2)]
    group_of(*members, group_type="trio", initial_group_size=3, min_group_size=3, join_existing_groups=True)
    assert told(barrier(policy).decide(members)) == {}


# A group below its minimum


@pytest.mark.parametrize("joinable", [False, True])
@pytest.mark.parametrize("on_below_minimum", ["regroup", "leave"])
def test_those_who_come_with_a_group_that_is_too_small_get_what_is_declared(on_below_minimum, joinable):
    here, elsewhere = people(2)
    group_of(here, elsewhere, group_type="trio", initial_group_size=3, min_group_size=3, join_existing_groups=joinable)
    decision = barrier(None, on_below_minimum=on_below_minimum).decide([waits(here, "ready")])
    assert told(decision) == {on_below_minimum: [here]}
    assert decision.reason == BELOW_MINIMUM


@pytest.mark.parametrize(("joinable", "failing"), [(False, True), (True, False)])
def test_where_nothing_is_declared_they_fail_unless_newcomers_may_come(joinable, failing):
    here, elsewhere = people(2)
    group_of(here, elsewhere, group_type="trio", initial_group_size=3, min_group_size=3, join_existing_groups=joinable)
    decision = barrier(None).decide([waits(here, "ready")])
    assert told(decision) == ({"fail": [here, elsewhere]} if failing else {})


def test_a_group_that_is_large_enough_is_not_too_small():
    here, elsewhere = people(2)
    group_of(here, elsewhere, group_type="trio")
    assert told(barrier(None, on_below_minimum="regroup").decide([waits(here, "ready")])) == {}


@pytest.mark.parametrize("on_below_minimum", ["regroup", "leave"])
def test_at_a_closer_no_group_is_too_small(on_below_minimum):
    [left_over] = people(1)
    group_of(left_over, group_type="trio", initial_group_size=3, min_group_size=3)
    closer = GroupCloser("trio", "ready", on_below_minimum=on_below_minimum)
    assert told(closer.decide([waits(left_over, "ready")])) == {"release": [left_over]}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, False),
        ({"on_member_timeout": "go_on"}, False),
        ({"on_member_timeout": "regroup"}, True),
        ({"on_below_minimum": "leave"}, False),
        ({"on_below_minimum": "regroup"}, True),
    ],
)
def test_a_barrier_says_whether_it_may_send_people_back(parameters, expected):
    assert GroupBarrier("ready", "trio", **parameters).may_regroup is expected

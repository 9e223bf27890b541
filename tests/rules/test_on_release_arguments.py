"""``on_release`` is called with what it names, and may name only what the engine can give."""

from __future__ import annotations

from typing import Any

import pytest

from syncgroups.barriers import ON_RELEASE_ARGUMENTS, GroupBarrier
from syncgroups.exceptions import ImpossibleDeclaration

from .world import group_of, people


def called(function):
    """What the function is called with."""
    one, other = people(2)
    group = group_of(other, one)
    barrier = GroupBarrier("ready", "pair", on_release=function)
    barrier.call_on_release(group, [one, other])
    return barrier, group, [one, other]


@pytest.mark.parametrize(
    "function",
    [
        lambda: None,
        lambda group: None,
        lambda group, participants, leader, barrier: None,
        lambda *, leader: None,
        lambda group, round=1: None,
        lambda **offer: None,
        lambda *rest, group: None,
    ],
    ids=["nothing", "one", "all", "keyword only", "a default", "any keyword", "any positional"],
)
def test_some_or_all_or_none_may_be_named(function):
    called(function)


def test_names_decide_and_not_positions():
    given: dict[str, Any] = {}

    def function(barrier, leader, participants, group):
        given.update(barrier=barrier, leader=leader, participants=participants, group=group)

    barrier, group, (one, other) = called(function)
    assert given == {"barrier": barrier, "leader": other, "participants": [one, other], "group": group}


def test_whoever_takes_any_keyword_is_given_everything():
    given = {}
    called(lambda **offer: given.update(offer))
    assert set(given) == set(ON_RELEASE_ARGUMENTS)


def test_the_leader_is_none_when_no_participant_leads():
    given = []
    (member,) = people(1)
    group = group_of(member)
    group.leader_id = None
    GroupBarrier("ready", "pair", on_release=lambda leader: given.append(leader)).call_on_release(group, [member])
    assert given == [None]


@pytest.mark.parametrize("name", ["round", "participant", "self"])
def test_what_the_engine_cannot_give_is_refused_at_declaration(name):
    function = eval(f"lambda group, {name}: None")
    with pytest.raises(ImpossibleDeclaration, match=f"GroupBarrier 'ready': on_release asks for '{name}'"):
        GroupBarrier("ready", "pair", on_release=function)


def takes_a_round(group, round):
    """What a dotted path leads to, below."""


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (f"{__name__}.takes_a_round", "on_release asks for 'round', which the engine cannot give"),
        (f"{__name__}.is_not_here", "cannot be imported"),
        ("nowhere.at_all", "cannot be imported"),
        ("score", "cannot be imported"),
    ],
)
def test_faults_behind_a_dotted_path_are_problems_of_the_barrier(path, sentence):
    ((problem, hint),) = GroupBarrier("ready", "pair", on_release=path).problems()
    assert sentence in problem
    assert hint


def test_a_barrier_without_faults_has_no_problems():
    assert list(GroupBarrier("ready", "pair", on_release=lambda group: None).problems()) == []
    assert list(GroupBarrier("ready", "pair", on_release=f"{__name__}.called_by_path").problems()) == []


def called_by_path(group):
    """What a dotted path leads to, above."""

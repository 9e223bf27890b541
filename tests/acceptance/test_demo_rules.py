"""What beats what, who gets points, and what a run of bots is said to have taken."""

import pytest

from project.demo.models import Choice, Move
from project.demo.outcomes import Waits
from project.demo.results import Game
from project.demo.scoring import score
from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper


@pytest.mark.parametrize("winner", Move)
def test_each_move_beats_exactly_one_other(winner):
    assert [loser for loser in Move if winner.beats(loser)] == [
        {"rock": Move.SCISSORS, "paper": Move.ROCK, "scissors": Move.PAPER}[winner]
    ]


@pytest.fixture
def three(db):
    """A group of three, and its members."""
    with testing.declared(SimpleGrouper("rps", initial_group_size=3), GroupBarrier("choice_made", "rps")):
        members = testing.make_participants(3)
        testing.arrive_all(members, "rps_grouper")
        testing.process("rps_grouper")
        yield members[0].sync_group, members


def choose(group, members, number, *moves):
    for member, move in zip(members, moves, strict=True):
        Choice.objects.create(participant=member, group=group, round=number, move=move)


def points(group, number):
    return list(Choice.objects.filter(group=group, round=number).order_by("pk").values_list("points", flat=True))


def test_in_a_larger_group_each_is_compared_with_each_other(three):
    group, members = three
    choose(group, members, 1, "rock", "scissors", "scissors")
    score(group=group, participants=members)
    assert points(group, 1) == [2, 0, 0]
    outcomes = [Game(member, group).results[0].outcome for member in members]
    assert outcomes == ["won", "lost", "lost"]


def test_only_those_who_are_still_there_are_compared(three):
    group, members = three
    choose(group, members, 1, "rock", "scissors", "paper")
    score(group=group, participants=members[:2])
    assert points(group, 1) == [1, 0, None]


def test_scoring_again_changes_nothing(three):
    group, members = three
    choose(group, members, 1, "rock", "scissors", "paper")
    for _ in range(2):
        score(group=group, participants=members)
        group.refresh_from_db()
    assert points(group, 1) == [1, 1, 1]
    assert group.details == {"rounds_scored": [1]}


def test_somebody_alone_is_compared_with_nobody(three):
    group, members = three
    choose(group, members, 1, "rock", "scissors", "paper")
    score(group=group, participants=members[:1])
    assert points(group, 1) == [None] * 3


@pytest.mark.parametrize(
    ("seconds", "median", "percentile"),
    [([3.0], 3.0, 3.0), ([1.0, 3.0], 2.0, 2.9), ([float(n) for n in range(101)], 50.0, 95.0)],
)
def test_median_and_95th_percentile(seconds, median, percentile):
    waits = Waits("b", seconds)
    assert waits.median == median
    assert waits.percentile_95 == pytest.approx(percentile)

"""What is held by a researcher does not go with the next pass, and whoever asks is told so."""

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from tests.engine.explained import said
from tests.engine.scenes import fresh, make_group, members

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), GroupBarrier("choice", "rps")):
        yield


@pytest.fixture
def group():
    group = make_group()
    testing.arrive_all(members(group), "choice")
    return group


def everywhere(group):
    """What is said of the barrier, of the group and of one of its members."""
    return [said("choice"), said(group=fresh(group)), said(participant=members(group)[0])]


def test_a_group_that_could_go_is_said_to_go(group):
    """The proof of the proof: without a pause the sentence is there."""
    assert all("the next pass lets them go" in text for text in everywhere(group))


def test_a_paused_group_is_said_to_be_paused_and_not_to_go(group):
    """Catches: a barrier that promises the next pass for a group that is held, and does not say by whom."""
    processing.pause_group(group, by="ada")
    for text in everywhere(group):
        assert "aused by ada" in text
        assert "next pass" not in text
    assert f"Group {group} was paused by ada" in said("choice")


def test_a_paused_barrier_is_said_to_be_paused_and_nobody_to_go(group):
    arrivals.pause("choice", by="ada")
    for text in everywhere(group):
        assert "Paused by ada" in text
        assert "next pass" not in text


def test_the_rule_of_a_paused_grouper_is_not_said_to_be_asked():
    """Catches: the promise of a pass that does not come."""
    testing.arrive_all(testing.make_participants(2), "rps_grouper")
    assert "asked by the next pass" in said("rps_grouper")
    arrivals.pause("rps_grouper", by="ada")
    assert "Paused by ada" in said("rps_grouper")
    assert "The rule" not in said("rps_grouper")


def test_calls_for_a_paused_group_are_nobodys_neglect(group):
    """Catches: the advice to start a worker, because a call for a group that is held has been due for long."""
    testing.let_time_pass(60)
    assert "No worker" in said("choice")
    processing.pause_group(group, by="ada")
    for text in everywhere(group):
        assert "No worker" not in text

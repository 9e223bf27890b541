"""Why is nobody moving? The rarer sentences: each situation that has one of its own."""

import re

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.decisions import Missing
from syncgroups.explaining import explain
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup, WakeUp, all_participants
from tests.engine.explained import Never, said, silent
from tests.engine.scenes import fresh, make_group, members

pytestmark = pytest.mark.django_db


def test_a_rule_names_the_people_for_whom_it_waits():
    [host] = testing.make_participants(1)

    class Party(Never):
        def missing(self, waiting, group=None):
            return Missing(members=[host])

    with testing.declared(Party("hall", max_wait_time=600)):
        testing.arrive_all(testing.make_participants(1), "hall")
        assert f"Waits for {host} (not seen yet, at no barrier so far)." in said("hall")


def test_a_rule_that_needs_some_to_be_asked_at_all_says_how_many():
    class Many(Never):
        minimum_waiting = 3

    with testing.declared(Many("hall", max_wait_time=600)):
        testing.arrive_all(testing.make_participants(2), "hall")
        assert "The rule is asked once 3 wait." in said("hall")


def test_a_group_that_nobody_is_left_in_says_so():
    group = make_group()
    all_participants().in_groups([group.pk]).update(status="left")
    assert said(group=group) == "The group has no active members: the next pass closes it."


def test_somebody_who_gives_no_sign_is_told_that_nobody_is_matched_with_them():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, max_wait_time=600)):
        [person] = testing.make_participants(1)
        testing.arrive_all([person], "pair_grouper")
        silent(person, "gone", 90)
        text = said(participant=fresh(person))
    assert re.search(rf"{person} is gone, last seen 1 min 3\d s ago: groupers match only those who are present\.", text)


def test_waits_that_end_by_going_on_say_so():
    with testing.declared(Never("lobby", max_wait_time=600, on_timeout="release")):
        testing.arrive_all(testing.make_participants(1), "lobby")
        assert re.search(r"The next wait ends at [^,]+, by going on alone\.", said("lobby"))


def test_a_next_try_that_is_due_is_said_to_be():
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
        testing.arrive_all(members(group), "choice")
        SyncGroup.objects.update(last_error="on_release raised KeyError: x", error_count=1)
        assert WakeUp.objects.exists()
        assert "on_release raised KeyError once. The next try is due now." in said("choice")


def test_members_who_wait_where_nothing_is_declared_are_told():
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
        testing.arrive_all(members(group)[:1], "choice")
    explanation = explain(group=group)
    assert "Members wait at 'choice', which is not declared on this site." in str(explanation)
    assert explanation.level == "error"


def test_a_pause_that_nobody_has_signed_is_told_all_the_same():
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
        testing.arrive_all(members(group)[:1], "choice")
        processing.pause_group(group)
        assert re.search(rf"Group {group} was paused at [\d:]+: it does not go on", said("choice"))
        arrivals.pause("choice")
        assert re.match(r"Paused at [\d:]+: nobody goes on, and no time runs\.", said("choice"))

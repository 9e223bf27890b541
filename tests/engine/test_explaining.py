"""Why is nobody moving? Each situation has its sentence, told from what is stored."""

import re

import pytest

from syncgroups import arrivals, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.decisions import Missing
from syncgroups.exceptions import BarrierNotRegistered
from syncgroups.explaining import Level, explain
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup
from tests.engine.explained import Never, said, silent
from tests.engine.scenes import crowd, make_groups, members, number_of_queries

pytestmark = pytest.mark.django_db


def decide_later(participant, link):
    return "leave"


# A barrier


def test_a_grouper_says_how_many_more_it_needs_who_is_quiet_and_how_the_wait_ends():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, max_wait_time=600)):
        [present, quiet] = testing.make_participants(2)
        testing.arrive_all([present, quiet], "pair_grouper")
        silent(quiet, "quiet", 40)
        testing.process("pair_grouper")
        text = said("pair_grouper")
    assert "Needs 1 more." in text
    assert re.search(r"2 wait, of them 1 quiet for 4\d s\.", text)
    assert re.search(r"The next wait ends at [^,]+, by failing\.", text)


def test_those_who_are_gone_are_told_apart_from_those_who_are_quiet():
    with testing.declared(SimpleGrouper("trio", initial_group_size=3, max_wait_time=600)):
        people = testing.make_participants(2)
        testing.arrive_all(people, "trio_grouper")
        silent(people[0], "quiet", 40)
        silent(people[1], "gone", 120)
        text = said("trio_grouper")
    assert re.search(r"2 wait, of them 1 quiet and 1 gone, for up to 2 min \d s\.", text)
    assert "Needs 3 more." in text


@pytest.mark.parametrize(
    ("policy", "ending"),
    [("leave", "by leaving with the credit earned"), (decide_later, "as the barrier's on_timeout() decides")],
)
def test_the_end_of_a_wait_is_told_as_it_is_declared(policy, ending):
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, max_wait_time=600, on_timeout=policy)):
        testing.arrive_all(testing.make_participants(1), "pair_grouper")
        assert ending in said("pair_grouper")


def test_a_batch_that_is_not_full_is_told():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, batch_size=8, max_wait_time=600)):
        testing.arrive_all(testing.make_participants(5), "pair_grouper")
        text = said("pair_grouper")
    assert "Needs 3 more." in text
    assert "Groups of 2 are formed once 8 who are present wait: batch_size is not reached." in text


def test_a_rule_that_lets_nobody_go_is_told_with_the_time_of_the_question():
    with testing.declared(Never("lobby", max_wait_time=600), Never("timed", max_wait_time=600, recheck_interval=30)):
        for barrier_id in ("lobby", "timed"):
            testing.arrive_all(testing.make_participants(2), barrier_id)
        assert "The rule is to be asked by the next pass." in said("lobby")
        for barrier_id in ("lobby", "timed"):
            testing.process(barrier_id)
        once, again = said("lobby"), said("timed")
        testing.arrive_all(testing.make_participants(1), "lobby")
        assert "The rule is to be asked by the next pass." in said("lobby")
    assert re.search(r"asked last at [^,]+, and let nobody go\. It is asked again when somebody comes or goes\.", once)
    assert "It is asked again every 30 s." in again


def test_a_rule_says_in_its_own_words_what_it_waits_for():
    class Doors(Never):
        def missing(self, waiting, group=None):
            return Missing(n=1, sentences=[f"The doors open once a host is among these {len(waiting)}."])

    with testing.declared(Doors("lobby", max_wait_time=600)):
        testing.arrive_all(testing.make_participants(2), "lobby")
        explanation = explain("lobby")
    assert explanation.codes == ["waiting", "needs", "rule", "ends"]
    assert "once a host is among these 2." in str(explanation)


def test_a_rule_that_cannot_say_it_hides_nothing_else():
    class Clumsy(Never):
        def missing(self, waiting, group=None):
            return Missing(n=SyncGroup.objects.count())

    with testing.declared(Clumsy("lobby", max_wait_time=600)):
        testing.arrive_all(testing.make_participants(2), "lobby")
        explanation = explain("lobby")
    assert explanation.codes == ["waiting", "missing_raised", "ends"]
    assert "missing() raised ImpureRule" in str(explanation)


def test_a_pause_is_told_with_who_and_when_and_no_deadline():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        testing.arrive_all(testing.make_participants(1), "pair_grouper")
        arrivals.pause("pair_grouper", by="ada")
        testing.let_time_pass(600)
        explanation = explain("pair_grouper")
    assert explanation.codes == ["paused", "waiting", "needs"]
    assert re.match(r"Paused by ada at [\d:]+", str(explanation))
    assert explanation.level == Level.ERROR


def test_a_barrier_that_is_no_longer_declared_is_told():
    with testing.declared(Never("lobby")):
        testing.arrive_all(testing.make_participants(1), "lobby")
        testing.process("lobby")
    testing.let_time_pass(15)
    explanation = explain("lobby")
    assert explanation.codes == ["undeclared", "waiting", "ends"], "whoever declares it is at work elsewhere"
    text = str(explanation)
    assert "'lobby' is not declared on this site" in text
    assert "a minute after the deadline" in text
    with pytest.raises(BarrierNotRegistered):
        explain("lobbby")


def test_nobody_at_work_is_told_by_what_has_been_due_for_long():
    with testing.declared(Never("lobby", max_wait_time=600)):
        testing.arrive_all(testing.make_participants(1), "lobby")
        assert "nobody_at_work" not in explain("lobby").codes
        testing.let_time_pass(90)
        text = said("lobby")
        testing.process("lobby")
        assert "nobody_at_work" not in explain("lobby").codes
    assert re.search(r"No worker and no sweep seems to run: what has been due since [^(]+ \(1 min 3\d s\)", text)


def test_a_deadline_that_nobody_serves_is_told():
    with testing.declared(Never("lobby", max_wait_time=20)):
        testing.arrive_all(testing.make_participants(1), "lobby")
        testing.process("lobby")
        testing.let_time_pass(60)
        assert explain("lobby").codes[-2:] == ["nobody_at_work", "overdue"]


def test_an_empty_barrier_says_so():
    with testing.declared(Never("lobby")):
        assert said("lobby") == "Nobody waits here."


def test_the_headline_is_what_is_most_urgent_or_else_says_most():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, max_wait_time=600)):
        testing.arrive_all(testing.make_participants(1), "pair_grouper")
        testing.process("pair_grouper")
        assert explain("pair_grouper").headline == "Needs 1 more."
        arrivals.pause("pair_grouper", by="ada")
        assert explain("pair_grouper").headline.startswith("Paused by ada")


# What it costs


def test_a_pool_costs_as_much_with_2_waiting_as_with_200():
    with testing.declared(SimpleGrouper("pair", initial_group_size=400)):
        crowd(2, "pair_grouper")
        few = number_of_queries(explain, "pair_grouper")
        crowd(198, "pair_grouper")
        assert few == number_of_queries(explain, "pair_grouper") > 0


def test_a_group_barrier_costs_as_much_with_2_groups_as_with_40():
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
        counts = []
        for n in (2, 38):
            groups = make_groups(n)
            with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
                testing.arrive_all([members(group)[0] for group in groups], "choice")
            counts.append(number_of_queries(explain, "choice"))
    assert counts[0] == counts[1] > 0

"""Why is a group not moving, or a person? Each situation has its sentence, told from what is stored."""

import re
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from syncgroups import operating, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.explaining import explain
from syncgroups.explaining.times import moment
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from syncgroups.monitoring import overview_of
from syncgroups.processing.results import told
from syncgroups.processing.unreturned import CallUnreturned
from tests.engine.explained import Never, said, silent
from tests.engine.scenes import fresh, make_group, make_groups, members

pytestmark = pytest.mark.django_db


def test_a_group_says_for_whom_it_waits_when_they_were_seen_and_where():
    group = make_group()
    [here, away] = members(group)
    with testing.declared(Never("feedback"), GroupBarrier("choice", "rps", max_wait_time=600)):
        [visit] = testing.arrive_all([away], "feedback")
        visit.release()
        silent(away, "gone", 185)
        testing.arrive_all([here], "choice")
        testing.process("choice")
        texts = [said("choice"), said(group=group), said("choice", participant=here)]
    where = r"gone, last seen 3 min \d+ s ago, last at 'feedback'"
    held = rf"'choice' is held by group rps {group.pk}: waits for {away} \({where}\)"
    assert all(re.search(held, text) for text in texts), texts


def test_an_on_release_that_raises_is_told_with_how_often_and_the_next_try():
    group = make_group()

    def score(group):
        return 1 / 0

    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600, on_release=score)):
        testing.arrive_all(members(group), "choice")
        for _ in range(4):
            testing.process("choice")
            text = said("choice")
            testing.let_time_pass(20)
    assert "on_release raised ZeroDivisionError 4 times in a row." in text
    assert re.search(r"The next try is in [678] s\.", text)


def test_an_on_release_that_never_returns_is_told():
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600, on_release=print)):
        testing.arrive_all(members(group), "choice")
        told_of = told(CallUnreturned("choice"))
        SyncGroup.objects.update(last_error=told_of, last_error_at=Now(), error_count=1)
        assert "has not returned: it hangs, or ends its process." in said("choice")


def test_a_rule_that_raises_is_not_taken_for_on_release():
    class Broken(GroupBarrier):
        def choose_who_to_release(self, waiting_participants):
            raise KeyError("score")

    group = make_group()
    with testing.declared(Broken("choice", "rps", max_wait_time=600, on_release=print)):
        testing.arrive_all(members(group), "choice")
        testing.process("choice")
        text = said("choice")
    assert "The last pass failed with KeyError." in text
    assert "on_release" not in text


def test_a_group_below_its_minimum_says_what_it_waits_for():
    for newcomers, code in ((True, "waits for newcomers from the grouper"), (False, "its members are failed")):
        group = make_group(3, join_existing_groups=newcomers, max_group_size=3, min_group_size=3)
        people = members(group)
        with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
            people[0].leave()
            testing.arrive_all(people[1:], "choice")
            text = said(group=group)
        assert "The group has 2 active members" in text
        assert code in text


@pytest.mark.parametrize("parameter", ["on_below_minimum", "on_member_timeout"])
@pytest.mark.parametrize("policy", ["regroup", "leave"])
def test_what_is_declared_for_groups_below_the_minimum_is_told(parameter, policy):
    group = make_group(3, min_group_size=3)
    people = members(group)
    grouper = SimpleGrouper("rps", initial_group_size=3)
    with testing.declared(grouper, GroupBarrier("choice", "rps", max_wait_time=600, **{parameter: policy})):
        people[0].leave()
        testing.arrive_all(people[1:], "choice")
        text = said(group=group)
    assert {"regroup": "is sent back to the grouper", "leave": "leaves with the credit earned"}[policy] in text


def test_members_who_wait_for_one_another_at_different_barriers_are_told():
    group = make_group()
    [one, two] = members(group)
    with testing.declared(*(GroupBarrier(name, "rps", max_wait_time=600) for name in ("left", "right"))):
        testing.arrive_all([one], "left")
        testing.arrive_all([two], "right")
        explanation = explain(group=group)
        assert "waits at 'right'" in said("left")
    assert explanation.codes[-1] == "apart"
    assert f"{one} at 'left'; {two} at 'right'" in str(explanation)


@pytest.mark.parametrize("policy", ["go_on", "regroup", "leave", "fail"])
def test_what_happens_to_the_absent_is_told(policy):
    group = make_group(min_group_size=1)
    with testing.declared(
        SimpleGrouper("rps", initial_group_size=2),
        GroupBarrier("choice", "rps", max_wait_time=600, on_member_timeout=policy),
    ):
        testing.arrive_all(members(group)[:1], "choice")
        text = said("choice")
    ends = {"go_on": "go on without", "regroup": "back to the grouper", "leave": "leave with", "fail": "whole group"}
    assert ends[policy] in text


@pytest.mark.parametrize(
    ("declared", "told", "status"),
    [({}, "leave with their credit", "left"), ({"on_below_minimum": "regroup"}, "go back to the grouper", "working")],
)
def test_those_who_are_too_few_to_go_on_are_told_what_they_get(declared, told, status):
    """Catches: a promise to a pair that one of them goes on without the other."""
    [one, _] = members(make_group())
    with testing.declared(
        SimpleGrouper("rps", initial_group_size=2, max_wait_time=600),
        GroupBarrier("choice", "rps", max_wait_time=60, on_member_timeout="go_on", **declared),
    ):
        testing.arrive_all([one], "choice")
        testing.process("choice")
        assert f"and the present {told}" in said("choice")
        testing.let_time_pass(61)
        testing.sweep()
        assert fresh(one).status == status
        assert list(fresh(one).active_barriers) == (["rps_grouper"] if declared else [])


@pytest.mark.parametrize("policy", [{}, {"on_member_timeout": "fail"}])
def test_nobody_is_told_to_fail_who_cannot_go_because_of_an_error(policy):
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=60, on_release=lambda group: 1 / 0, **policy)):
        people = members(group)
        testing.arrive_all(people, "choice")
        testing.process("choice")
        texts = [said("choice"), said(group=fresh(group)), said(participant=people[0])]
        assert all("by leaving with the credit earned" in text for text in texts), texts
        testing.let_time_pass(61)
        testing.sweep()
        assert [fresh(person).status for person in people] == ["left", "left"]


def test_a_group_that_waits_for_newcomers_is_told_until_when():
    sizes = {"min_group_size": 3, "initial_group_size": 3, "max_group_size": 5, "join_existing_groups": True}
    people = members(make_group(**sizes))
    with testing.declared(
        SimpleGrouper("rps", initial_group_size=3, max_group_size=5, join_existing_groups=True),
        GroupBarrier("choice", "rps", max_wait_time=60, on_member_timeout="leave"),
    ):
        testing.arrive_all(people, "choice")
        testing.process("choice")
        explanation = explain("choice")
        assert explanation.codes[-1] == "ends"
        assert "the present leave with their credit" in str(explanation)
        testing.let_time_pass(61)
        testing.sweep()
        assert [fresh(person).status for person in people] == ["left", "left"]


def test_nothing_is_told_of_the_absent_where_nobody_is():
    """Catches: a threat to nobody while on_release raises; one that names another group's time, or none."""
    full, half = make_groups(2)
    with testing.declared(
        GroupBarrier("choice", "rps", max_wait_time=600, on_member_timeout="go_on", on_release=lambda group: 1 / 0)
    ):
        testing.arrive_all(members(full), "choice")
        testing.process("choice")
        asked = ({"group": full}, {"participant": members(full)[0]}, {"barrier_id": "choice"})
        assert not [question for question in asked if "absent" in said(**question)]
        ParticipantLinkBarrier.objects.update(deadline=Now() + timedelta(seconds=60))
        [visit] = testing.arrive_all(members(half)[:1], "choice")
        told = f"At {moment(visit.deadline)} who is absent is failed"
        texts = [said(group=half), said(participant=members(half)[0])]
        assert all(told in text for text in texts), texts
        assert "absent" not in said("choice"), "the time of those who cannot go is up first"
        ParticipantLinkBarrier.objects.filter(sync_group=full).update(deadline=Now() + timedelta(seconds=6000))
        assert told in said("choice")
        processing.pause_group(half, by="ada")
        assert "absent" not in said("choice")


def test_who_waits_in_no_group_is_told():
    group = make_group()
    [one, _] = members(group)
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
        testing.arrive_all([one], "choice")
        ParticipantLinkSyncGroup.objects.filter(participant=one).end("by hand")
        texts = [said("choice"), said("choice", participant=one)]
    assert all("in no active group of type 'rps'" in text.lower() for text in texts), texts


def test_a_complete_group_and_one_that_waits_nowhere():
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
        assert "No member waits" in said(group=group)
        testing.arrive_all(members(group), "choice")
        told = f"Every active member of group rps {group.pk} is at 'choice'"
        assert f"{told}: the next pass lets them go." in said("choice")


def test_a_complete_group_that_a_rule_of_the_sites_own_holds_is_not_said_to_go():
    """Catches: "the next pass lets them go", for ever."""

    class Holding(GroupBarrier):
        def choose_who_to_release(self, waiting_participants):
            return []

    group = make_group()
    with testing.declared(Holding("choice", "rps", max_wait_time=600)):
        testing.arrive_all(members(group), "choice")
        testing.process("choice")
        assert "Its rule was asked, and let nobody go." in said("choice")


def test_a_group_that_is_paused_is_told_and_no_deadline():
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=60)):
        testing.arrive_all(members(group)[:1], "choice")
        testing.process("choice")
        processing.pause_group(group, by="ada")
        testing.let_time_pass(90)
        explanation, at_barrier = explain(group=fresh(group)), explain("choice")
    assert explanation.codes == ["paused", "held"]
    assert "Paused by ada" in str(explanation)
    assert {"overdue", "nobody_at_work"}.isdisjoint(at_barrier.codes)
    assert not overview_of("").health.late


def test_a_closed_group_says_when_by_whom_and_why():
    group = make_group()
    group.close("the session is over", by="ada")
    text = said(group=fresh(group))
    assert re.fullmatch(rf"Group rps {group.pk} was closed at .+ by ada\. The reason: the session is over\.", text)


def test_more_groups_than_can_be_named_are_counted():
    groups = make_groups(12)
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=600)):
        testing.arrive_all([members(group)[0] for group in groups], "choice")
        explanation = explain("choice")
    assert explanation.codes.count("held") == 10
    assert "2 more groups wait here." in str(explanation)


# A person


def test_a_person_may_ask_for_more_time():
    with testing.declared(Never("lobby", max_wait_time=300, extensions=2)):
        [person] = testing.make_participants(1)
        testing.arrive_all([person], "lobby")
        text = said(participant=person)
    assert f"{person} has waited at 'lobby' for" in text
    assert f"{person} may ask 2 more times for 5 min 0 s more each." in text


def test_a_person_who_waits_nowhere_or_elsewhere():
    with testing.declared(Never("lobby"), Never("hall")):
        [person] = testing.make_participants(1)
        assert said(participant=person) == f"{person} waits nowhere: not seen yet, at no barrier so far."
        testing.arrive_all([person], "lobby")
        assert said("hall", participant=person) == f"{person} does not wait at 'hall': not seen yet, waits at 'lobby'."


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        ("fail", "{} has failed. At [^ ]+ The reason: too fast. By ada."),
        ("leave", "{} has left. The reason: too fast. By ada."),
        ("finish", "{} has finished. By ada."),
    ],
)
def test_a_person_whose_participation_is_over(end, sentence):
    with testing.declared(Never("lobby")):
        [person] = testing.make_participants(1)
        testing.arrive_all([person], "lobby")
        getattr(person, end)("too fast", by="ada")
        text = said("lobby", participant=fresh(person))
    assert re.fullmatch(sentence.format(person), text), text


def test_why_somebody_left_is_not_why_they_had_gone_on_before():
    """Catches: the reason of the last visit, however that ended."""
    with testing.declared(SimpleGrouper("pair", initial_group_size=3, max_wait_time=600)):
        people = testing.make_participants(2)
        testing.arrive_all(people, "pair_grouper")
        operating.form_group("pair_grouper", "", people, reason="they are two", by="ada")
        people[0].leave()
        assert said(participant=fresh(people[0])) == f"{people[0]} has left."

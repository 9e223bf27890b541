"""Back to the grouper: ahead of newcomers, with the credit and under the name of before."""

from __future__ import annotations

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.decisions import Decision
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, SyncGroup
from syncgroups.states import LinkState, ParticipantStatus, PassOutcome
from tests.engine.scenes import fresh, groups_of, make_groups, members, states, visits

pytestmark = pytest.mark.django_db

LONGEST = 30


def grouper(id_=None, **parameters):
    return SimpleGrouper("rps", id_=id_, **{"initial_group_size": 2, "max_wait_time": 600, **parameters})


def barrier(**parameters):
    return GroupBarrier("choice", "rps", max_wait_time=LONGEST, on_member_timeout="regroup", **parameters)


def form_pair(at="rps_grouper"):
    """Two who come to the grouper, as pages let them, and are grouped."""
    pair = testing.make_participants(2)
    testing.arrive_all(pair, at, visit="")
    testing.process(at)
    assert groups_of(pair[0]) == groups_of(pair[1])
    return pair


def wait_in_vain(*people):
    """They wait for those who do not come, until their time is up."""
    links = testing.arrive_all(people, "choice", visit="")
    testing.let_time_pass(LONGEST + 1)
    processing.process_barrier("choice")
    return links


def queue(at="rps_grouper"):
    """Who waits at the grouper, in the order in which they are grouped."""
    return [link.participant for link in visits(at) if link.state == LinkState.WAITING]


@pytest.fixture
def declared():
    with testing.declared(grouper(), barrier()):
        yield


@pytest.mark.usefixtures("declared")
def test_who_is_sent_back_waits_at_the_grouper_and_is_in_no_group_any_longer():
    first, absent = form_pair()
    group = groups_of(first)[0]
    [link] = wait_in_vain(first)
    assert states([link]) == [LinkState.REGROUPED]
    assert queue() == [first]
    assert groups_of(first) == []
    assert not fresh(group).active, "it is put right by the same pass"
    membership = group.participant_links.get(participant=first)
    assert membership.reason == fresh(link).reason != ""
    assert fresh(absent).failed


@pytest.mark.usefixtures("declared")
def test_they_are_ahead_of_everybody_who_came_after_they_had_first_come():
    """Catches: a place at the end, because the new visit has only just begun."""
    first, _ = form_pair()
    testing.let_time_pass(5)
    newcomers = testing.make_participants(1)
    testing.arrive_all(newcomers, "rps_grouper")
    wait_in_vain(first)
    assert queue() == [first, *newcomers]
    late = testing.make_participants(1)
    testing.arrive_all(late, "rps_grouper")
    testing.process("rps_grouper")
    assert groups_of(first) == groups_of(newcomers[0]) != []


@pytest.mark.usefixtures("declared")
def test_of_several_who_are_sent_back_the_one_who_first_came_first_is_first():
    first_pair, second_pair = form_pair(), form_pair()
    wait_in_vain(second_pair[0], first_pair[0])
    assert queue() == [first_pair[0], second_pair[0]]


@pytest.mark.usefixtures("declared")
def test_their_credit_is_kept_and_the_new_wait_earns_its_own():
    first, _ = form_pair()
    [link] = wait_in_vain(first)
    kept = fresh(first).time_credit
    assert LONGEST - 1 < fresh(link).time_credit <= kept < LONGEST + 2
    testing.let_time_pass(20)
    newcomers = testing.make_participants(1)
    testing.arrive_all(newcomers, "rps_grouper")
    testing.process("rps_grouper")
    *_, again = visits("rps_grouper", first)
    assert 19 < again.time_credit < 25, "counted from the new wait, not from the place in the queue"
    assert fresh(first).time_credit == pytest.approx(kept + again.time_credit)


@pytest.mark.usefixtures("declared")
def test_they_have_the_whole_time_of_a_new_wait():
    first, _ = form_pair()
    wait_in_vain(first)
    [again] = [link for link in visits("rps_grouper", first) if link.state == LinkState.WAITING]
    assert (again.deadline - again.arrival_time).total_seconds() == pytest.approx(600)
    testing.let_time_pass(590)
    testing.sweep()
    assert states([again]) == [LinkState.WAITING]
    testing.let_time_pass(15)
    testing.sweep()
    assert states([again]) == [LinkState.TIMED_OUT]


@pytest.mark.usefixtures("declared")
def test_the_page_of_before_shows_the_wait_that_goes_on():
    """Catches: a name that stands for the visit that has ended, so that the page leads on without a group."""
    first, _ = form_pair()
    wait_in_vain(first)
    found = arrivals.arrive(first, "rps_grouper", visit="")
    assert found.state == LinkState.WAITING
    assert visits("rps_grouper", first)[0].visit is None, "a name is borne by one"


@pytest.mark.usefixtures("declared")
def test_sent_back_twice_they_have_the_place_of_the_first_time():
    first, _ = form_pair()
    [came] = visits("rps_grouper", first)
    wait_in_vain(first)
    testing.let_time_pass(10)
    partner = testing.make_participants(1)
    testing.arrive_all(partner, "rps_grouper", visit="")
    testing.process("rps_grouper")
    between = testing.make_participants(1)
    testing.arrive_all(between, "rps_grouper", visit="")
    testing.arrive_all([first], "choice", visit="2")
    testing.let_time_pass(LONGEST + 1)
    processing.process_barrier("choice")
    assert queue() == [first, *between]
    [again] = [link for link in visits("rps_grouper", first) if link.state == LinkState.WAITING]
    assert (again.arrival_time - again.place_since).total_seconds() > 2 * LONGEST
    assert again.visit == ""
    assert came.pk < again.pk


@pytest.mark.usefixtures("declared")
def test_a_later_part_of_the_experiment_begins_with_a_place_of_its_own():
    """Catches: seniority from a group that the participant has been through."""
    pair = form_pair()
    wait_in_vain(pair[0])
    others = testing.make_participants(1)
    testing.arrive_all(others, "rps_grouper", visit="")
    testing.process("rps_grouper")
    groups_of(pair[0])[0].close()
    testing.let_time_pass(100)
    partner = testing.make_participants(1)
    testing.arrive_all([pair[0], *partner], "rps_grouper", visit="part 2")
    testing.process("rps_grouper")
    [came] = [link for link in visits("rps_grouper", pair[0]) if link.visit == "part 2"]
    testing.arrive_all([pair[0]], "choice", visit="part 2")
    testing.let_time_pass(LONGEST + 1)
    processing.process_barrier("choice")
    [again] = [link for link in visits("rps_grouper", pair[0]) if link.state == LinkState.WAITING]
    assert again.place_since == fresh(came).arrival_time
    assert again.visit == "part 2"


# Where to


def test_of_several_groupers_the_one_that_is_named_takes_them():
    with testing.declared(grouper(), grouper("second_chance"), barrier(regroup_at="second_chance")):
        first, _ = form_pair()
        waiting = testing.make_participants(1)
        testing.let_time_pass(5)
        testing.arrive_all(waiting, "second_chance")
        wait_in_vain(first)
        assert queue() == []
        assert queue("second_chance") == [first, *waiting], "with the place that led into the group"
        testing.sweep()
    assert groups_of(first) == groups_of(waiting[0]) != []


def test_at_a_grouper_where_they_have_not_been_the_page_takes_up_the_wait_and_goes_on_after_it():
    """Catches: a visit that has no name, which no page finds once it has ended."""
    with testing.declared(grouper(), grouper("second_chance"), barrier(regroup_at="second_chance")):
        first, _ = form_pair()
        wait_in_vain(first)
        found = arrivals.arrive(first, "second_chance", visit="again")
        assert (found.state, found.visit) == (LinkState.WAITING, "again")
        assert fresh(found).visit == "again"
        testing.arrive_all(testing.make_participants(1), "second_chance", visit="again")
        testing.process("second_chance")
        assert arrivals.arrive(first, "second_chance", visit="again") == found
    assert states([found]) == [LinkState.RELEASED]


def test_sent_back_twice_to_another_grouper_the_wait_there_goes_on_under_its_name():
    with testing.declared(grouper(), grouper("second_chance"), barrier(regroup_at="second_chance")):
        first, _ = form_pair()
        wait_in_vain(first)
        arrivals.arrive(first, "second_chance", visit="again")
        testing.arrive_all(testing.make_participants(1), "second_chance")
        testing.process("second_chance")
        testing.arrive_all([first], "choice", visit="2")
        testing.let_time_pass(LONGEST + 1)
        processing.process_barrier("choice")
        found = arrivals.arrive(first, "second_chance", visit="again")
        assert found.state == LinkState.WAITING
        assert found.place_since == visits("rps_grouper", first)[0].arrival_time


def test_the_place_is_the_one_of_the_visit_that_led_into_the_group_wherever_that_was():
    """Catches: the place at the grouper that was visited first, or that is the one to go back to."""
    with testing.declared(grouper(), grouper("second_chance"), barrier()):
        [person] = testing.make_participants(1)
        for round_, at in enumerate(["rps_grouper", "second_chance", "rps_grouper"]):
            testing.arrive_all([person, *testing.make_participants(1)], at, visit=str(round_))
            testing.process(at)
            testing.let_time_pass(100)
            if round_ < 2:
                groups_of(person)[0].close()
        wait_in_vain(person)
        *_, last = (link for link in visits("rps_grouper", person) if link.state == LinkState.RELEASED)
        [again] = [link for link in visits("rps_grouper", person) if link.state == LinkState.WAITING]
    assert (again.place_since, again.visit) == (last.arrival_time, "2")


def test_a_visit_keeps_the_name_that_it_has():
    with testing.declared(grouper()):
        [person] = testing.make_participants(1)
        [link] = testing.arrive_all([person], "rps_grouper", visit="one")
        assert arrivals.arrive(person, "rps_grouper", visit="other") == link
        assert arrivals.arrive(person, "rps_grouper") == link
        stored = type(link).objects.filter(pk=link.pk)
        assert stored.name("other") == 0, "also where it has just got one"
        stored.update(visit=None)
        link.release()
        assert stored.name("other") == 0, "also where it has just ended"


def test_who_came_into_the_group_by_hand_has_a_place_from_when_it_was_formed():
    with testing.declared(grouper(), barrier()):
        [group] = make_groups(1, join_existing_groups=True, max_group_size=3, min_group_size=1)
        newcomers = testing.make_participants(1)
        testing.arrive_all(newcomers, "rps_grouper")
        by_hand = testing.make_participants(1)
        group.add(by_hand[0])
        wait_in_vain(*by_hand)
        assert queue() == [*by_hand, *newcomers]


def test_a_paused_grouper_takes_them_in_and_groups_them_once_it_goes_on():
    with testing.declared(grouper(), barrier()):
        first, _ = form_pair()
        arrivals.pause("rps_grouper")
        testing.let_time_pass(50)
        wait_in_vain(first)
        [again] = [link for link in visits("rps_grouper", first) if link.state == LinkState.WAITING]
        newcomers = testing.make_participants(1)
        testing.arrive_all(newcomers, "rps_grouper")
        testing.let_time_pass(700)
        testing.sweep()
        assert queue() == [first, *newcomers]
        arrivals.resume("rps_grouper")
        again.refresh_from_db()
        assert (again.deadline - again.arrival_time).total_seconds() == pytest.approx(600 + 700, abs=9)
        testing.sweep()
    assert groups_of(first) == groups_of(newcomers[0]) != []
    assert fresh(again).paused_for == pytest.approx(700, abs=9)


def test_without_a_grouper_the_error_is_shown_the_others_go_and_nobody_is_stuck():
    with testing.declared(grouper()):
        stuck, fine = form_pair(), form_pair()
    with testing.declared(barrier(on_timeout="fail")):
        links = testing.arrive_all([stuck[0], *fine], "choice")
        testing.let_time_pass(LONGEST + 1)
        assert processing.process_barrier("choice").outcome == PassOutcome.FAILED
        assert states(links) == [LinkState.TIMED_OUT, LinkState.RELEASED, LinkState.RELEASED]
        group = stuck[0].sync_groups.get()
        assert "NoGrouper" in group.last_error
        assert "'rps'" in group.last_error
        assert "NoGrouper" in BarrierRecord.objects.get(barrier_id="choice").last_error
    assert (fresh(stuck[0]).status, fresh(stuck[0]).failed) == (ParticipantStatus.LEFT, False)
    assert not fresh(stuck[1]).failed, "nothing of what could not be carried out was"


def test_too_few_without_a_grouper_wait_until_their_time_is_up():
    group_barrier = GroupBarrier("choice", "rps", max_wait_time=LONGEST, on_below_minimum="regroup")
    with testing.declared(grouper()):
        first, other = form_pair()
    with testing.declared(group_barrier):
        [link] = testing.arrive_all([first], "choice")
        testing.process("choice")
        other.fail()
        testing.sweep()
        assert states([link]) == [LinkState.WAITING]
        testing.let_time_pass(LONGEST + 1)
        testing.sweep()
    assert states([link]) == [LinkState.TIMED_OUT]
    assert not fresh(first).failed


class Sending(Barrier):
    """Sends people back from where no group waits."""

    def decide(self, waiting, joinable=()):
        return Decision(regroup=waiting)


def test_nobody_is_sent_back_from_where_no_group_waits():
    with testing.declared(Sending("lobby")):
        [link] = testing.arrive_all(testing.make_participants(1), "lobby")
        assert testing.process("lobby") == PassOutcome.FAILED
        assert "cannot be sent back" in BarrierRecord.objects.get().last_error
    assert states([link]) == [LinkState.WAITING]


# Whom they meet


def test_survivors_and_newcomers_form_groups_together_at_once():
    """Without anybody having to ring: the grouper looks because of them."""
    with testing.declared(grouper(), barrier()):
        first, _ = form_pair()
        newcomers = testing.make_participants(1)
        testing.arrive_all(newcomers, "rps_grouper")
        testing.process("rps_grouper")
        testing.arrive_all([first], "choice")
        testing.let_time_pass(LONGEST + 1)
        testing.process("choice")
    assert groups_of(first) == groups_of(newcomers[0]) != []


def test_survivors_may_fill_a_free_place():
    with testing.declared(grouper()):
        first, _ = form_pair()
    [others] = make_groups(1, join_existing_groups=True, max_group_size=3)
    with testing.declared(grouper(max_group_size=3, join_existing_groups=True), barrier()):
        wait_in_vain(first)
        testing.sweep()
    assert members(others)[2:] == [first]


def test_several_of_one_group_may_be_grouped_with_each_other_again():
    with testing.declared(
        grouper(initial_group_size=3, min_group_size=2, batch_size=3), grouper("pairs"), barrier(regroup_at="pairs")
    ):
        trio = testing.make_participants(3)
        testing.arrive_all(trio, "rps_grouper", visit="")
        testing.process("rps_grouper")
        wait_in_vain(*trio[:2])
        testing.sweep()
    assert groups_of(trio[0]) == groups_of(trio[1]) != []
    assert SyncGroup.objects.active().count() == 1

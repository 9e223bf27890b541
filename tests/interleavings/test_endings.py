"""Visits and participations that end while something else happens to them: one outcome each, and no deadlock."""

import pytest
from django.db import transaction

from syncgroups import arrivals, processing, signals, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, groups_of, make_group, members, states, visits

from .gated import GatedDoor, GatedGroupBarrier, GatedGrouper, GatedPool

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


class GatedHeld(GatedPool):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return list(super().choose_who_to_release(waiting_participants))[:0]


def test_somebody_who_fails_while_a_grouper_decides_does_not_wait_and_is_not_grouped(elsewhere, gate):
    """Laws 1 and 2. Catches: locking those who wait while the rule runs; acting without looking again."""
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2)):
        fails, stays, third = testing.make_participants(3)
        testing.arrive_all([fails, stays], "rps_grouper")
        running = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        elsewhere(fails.fail, "closed the tab").result()
        gate.open()
        assert running.result().error is None
        assert groups_of(fails) == groups_of(stays) == []
        testing.arrive_all([third], "rps_grouper")
        testing.process("rps_grouper")
    assert groups_of(stays) == groups_of(third) != []
    assert states(visits("rps_grouper", fails)) == [LinkState.FAILED]


def test_somebody_whom_the_site_fails_behind_our_back_while_a_grouper_decides_is_not_grouped(elsewhere, gate):
    """Law 2. Catches: acting on who was active before the participants were locked."""
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2)):
        fails, stays = testing.make_participants(2)
        links = testing.arrive_all([fails, stays], "rps_grouper")
        running = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        type(fails)._default_manager.filter(pk=fails.pk).update(failed=True, failed_reason="by the site")
        gate.open()
        assert running.result().error is None
    assert states(links) == [LinkState.FAILED, LinkState.WAITING]
    assert groups_of(fails) == groups_of(stays) == []


def test_a_member_who_fails_while_the_group_is_decided_about_fails_after_it(elsewhere, gate):
    """Law 11. Catches: a failure that does not lock the groups, or locks them after the participant."""
    group = make_group()
    fails, stays = members(group)
    with testing.declared(GatedGroupBarrier("choice", "rps", gate)):
        links = testing.arrive_all([fails, stays], "choice")
        running = elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        failing = elsewhere(fails.fail, "closed the tab").until_held()
        gate.open()
        running.result()
        assert failing.result() is True
    assert states(links) == [LinkState.RELEASED] * 2
    assert fresh(fails).failed
    assert members(group) == [stays]
    assert fresh(group).leader_id == stays.pk


def test_two_mates_who_fail_at_once_leave_a_closed_group(elsewhere):
    """Law 11. Catches: locking participants before their groups; counting outside the lock."""
    group = make_group()
    one, two = members(group)
    with transaction.atomic():
        SyncGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
        failing = [elsewhere(member.fail, "closed the tab").until_held() for member in (one, two)]
    assert [thread.result() for thread in failing] == [True, True]
    group = fresh(group)
    assert (group.active, group.n_active_participants, group.leader_id is None) == (False, 0, True)


def test_one_person_who_fails_twice_at_once_fails_once(elsewhere):
    """Law 10. Catches: an ending that does not restate that the participation goes on."""
    one, _ = members(make_group())
    ended = []
    signals.participant_ended.connect(receiver := lambda **facts: ended.append(facts["reason"]))
    with transaction.atomic():
        SyncGroup.objects.select_for_update(no_key=True).get()
        failing = [elsewhere(one.fail, reason).until_held() for reason in ("first", "second")]
    assert sorted(thread.result() for thread in failing) == [False, True]
    signals.participant_ended.disconnect(receiver)
    assert [fresh(one).failed_reason] == ended


@pytest.mark.parametrize(
    ("verb", "outcome"), [("leave", LinkState.WITHDRAWN), ("fail", LinkState.FAILED), ("finish", LinkState.WITHDRAWN)]
)
def test_a_visit_that_ends_by_itself_while_its_time_is_up_does_not_time_out(elsewhere, gate, verb, outcome):
    """Laws 2 and 10. Catches: ending visits without restating that they are open."""
    with testing.declared(GatedHeld("held", gate, max_wait_time=10)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        testing.let_time_pass(11)
        running = elsewhere(processing.process_barrier, "held")
        gate.until_reached()
        elsewhere(getattr(link.participant, verb), "by themselves").result()
        gate.open()
        assert running.result().error is None
    assert states([link]) == [outcome]
    assert fresh(link).reason == "by themselves"
    assert fresh(link.participant).failed is (verb == "fail")


@pytest.mark.parametrize("barrier", [GatedHeld, GatedPool])
def test_a_visit_that_a_researcher_ends_while_the_rule_decides_keeps_that_outcome(elsewhere, gate, barrier):
    """Laws 2 and 10. Catches: ending visits without restating that they are open; failing somebody let through."""
    with testing.declared(barrier("held", gate, max_wait_time=10)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        testing.let_time_pass(11)
        running = elsewhere(processing.process_barrier, "held")
        gate.until_reached()
        elsewhere(link.release, "waited enough", by="ann").result()
        gate.open()
        assert running.result().error is None
    link = fresh(link)
    assert (link.state, link.reason, link.ended_by) == (LinkState.RELEASED, "waited enough", "ann")
    assert not link.participant.failed
    assert link.participant.time_credit == link.time_credit


def test_arriving_twice_at_once_gives_one_visit_and_one_announcement(elsewhere):
    """Law 8. Catches: looking for an open visit in Python and then storing another one."""
    [person] = testing.make_participants(1)
    announced = []
    signals.arrived.connect(receiver := lambda **facts: announced.append(facts["link"]))
    with testing.declared(Barrier("lobby")):
        with transaction.atomic():
            first = arrivals.arrive(person, "lobby")
            second_tab = elsewhere(arrivals.arrive, fresh(person), "lobby").until_held()
        assert second_tab.result() == first
    signals.arrived.disconnect(receiver)
    assert ParticipantLinkBarrier.objects.count() == 1
    assert announced == [first]


def test_a_page_opened_twice_at_once_is_one_visit_even_if_it_ends_in_between(elsewhere):
    """Law 8. Catches: a visit that is named but not unique."""
    [person] = testing.make_participants(1)
    with testing.declared(Barrier("lobby")):
        with transaction.atomic():
            first = arrivals.arrive(person, "lobby", visit="round 1")
            second_tab = elsewhere(arrivals.arrive, fresh(person), "lobby", visit="round 1").until_held()
            first.release()
        assert second_tab.result() == first
    assert states(visits("lobby")) == [LinkState.RELEASED]


def test_two_pages_of_different_visits_opened_at_once_are_one_open_visit(elsewhere):
    """Law 8. Catches: looking for the open visit under the name of one's own only."""
    [person] = testing.make_participants(1)
    with testing.declared(Barrier("lobby")):
        with transaction.atomic():
            first = arrivals.arrive(person, "lobby", visit="round 1")
            second_tab = elsewhere(arrivals.arrive, fresh(person), "lobby", visit="round 2").until_held()
        assert second_tab.result() == first


def test_somebody_who_fails_as_they_arrive_does_not_stay_at_the_barrier(elsewhere, gate):
    """Promise 1. Catches: a pass that leaves alone the visits of people who take part no longer."""
    group = make_group(min_group_size=1)
    fails, stays = members(group)
    with testing.declared(GatedDoor("choice", "rps", gate)):
        arriving = elsewhere(arrivals.arrive, fails, "choice")
        gate.until_reached()
        fresh(fails).fail("closed the tab")
        gate.open()
        link = arriving.result()
        [waits] = testing.arrive_all([stays], "choice")
        testing.sweep()
    assert states([link, waits]) == [LinkState.FAILED, LinkState.RELEASED]


def test_somebody_whose_group_is_closed_as_they_arrive_is_let_through(elsewhere, gate):
    """Promise 1. Catches: a visit with a group that nobody will ever look at again."""
    group = make_group()
    with testing.declared(GatedDoor("choice", "rps", gate)):
        arriving = elsewhere(arrivals.arrive, members(group)[0], "choice")
        gate.until_reached()
        group.close("over")
        gate.open()
        link = arriving.result()
        testing.sweep()
    assert states([link]) == [LinkState.RELEASED]


def test_a_group_that_is_closed_while_on_release_runs_is_closed_after_it(elsewhere, gate):
    """Law 11. Catches: closing a group without its lock."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", on_release=gate.pass_by)):
        links = testing.arrive_all(members(group), "choice")
        running = elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        closing = elsewhere(group.close, "over").until_held()
        gate.open()
        running.result()
        assert closing.result() is True
    assert states(links) == [LinkState.RELEASED] * 2

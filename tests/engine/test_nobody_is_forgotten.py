"""Whoever has a reason to be looked at is looked at, without waiting for a deadline."""

import pytest
from django.utils import timezone

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    BarrierRecord,
    ParticipantLinkSyncGroup,
)
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, make_group, make_groups, members, states

pytestmark = pytest.mark.django_db(transaction=True)


class Broken(Barrier):
    def choose_who_to_release(self, waiting):
        raise RuntimeError("bug")


def test_adding_somebody_who_waits_at_the_grouper_lets_them_through():
    group = make_group(max_group_size=3)
    (late,) = testing.make_participants(1)
    with testing.declared(SimpleGrouper("rps", initial_group_size=2, max_wait_time=120)):
        (link,) = testing.arrive_all([late], "rps_grouper")
        testing.process("rps_grouper")
        group.add(late)
        testing.sweep()
        testing.let_time_pass(100)
        testing.sweep()
    assert fresh(link).state == LinkState.RELEASED


def test_leftover_is_offered_the_place_in_a_group_just_formed():
    with testing.declared(
        SimpleGrouper("rps", initial_group_size=2, max_group_size=3, join_existing_groups=True, max_wait_time=120)
    ):
        links = testing.arrive_all(testing.make_participants(3), "rps_grouper")
        testing.process("rps_grouper")
        testing.sweep()
        testing.let_time_pass(100)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 3


class NobodySlow(Barrier):
    def choose_who_to_release(self, waiting):
        return [] if any(p.details.get("slow") for p in waiting) else waiting


def test_departure_wakes_a_pool():
    slow, quick = testing.make_participants(2)
    slow.details = {"slow": True}
    slow.save()
    with testing.declared(NobodySlow("b", max_wait_time=120)):
        links = testing.arrive_all([slow, quick], "b")
        testing.process("b")
        slow.leave()
        testing.sweep()
        testing.let_time_pass(60)
        testing.sweep()
    assert fresh(links[1]).state == LinkState.RELEASED


def test_leave_policy_is_no_failure():
    with testing.declared(Broken("b", max_wait_time=10, on_timeout="leave")):
        (link,) = testing.arrive_all(testing.make_participants(1), "b")
        testing.let_time_pass(11)
        testing.sweep()
    link = fresh(link)
    assert not link.participant.failed
    assert not link.failed


def test_by_is_kept():
    group = make_group(size=2)
    a, _ = members(group)
    a.fail("rude", by="anna")
    m = ParticipantLinkSyncGroup.objects.get(participant=a)
    assert "anna" in str(vars(m)) or "anna" in str(vars(fresh(a)))


@pytest.mark.parametrize("n", [7, 8, 12])
def test_people_in_two_groups_each_time_out_together(n):
    groups = make_groups(n)
    with testing.declared(SimpleGrouper("other", initial_group_size=1)):
        testing.arrive_all(members(*groups), "other_grouper")
        testing.process("other_grouper")
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=10)):
        links = testing.arrive_all([members(g)[0] for g in groups], "choice")
        testing.let_time_pass(11)
        outcomes = [str(processing.sweep().outcome) for _ in range(10)]
        testing.let_time_pass(1000)
        processing.sweep()
    assert set(states(links)) == {"timed_out"}, (states(links), outcomes)


@pytest.mark.parametrize("n", [7, 8, 12])
def test_below_minimum(n):
    groups = make_groups(n, size=3, min_group_size=3)
    with testing.declared(SimpleGrouper("other", initial_group_size=1)):
        testing.arrive_all(members(*groups), "other_grouper")
        testing.process("other_grouper")
    for g in groups:
        members(g)[0].leave()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=100)):
        links = testing.arrive_all([members(g)[0] for g in groups], "choice")
        for _ in range(10):
            processing.sweep()
        testing.let_time_pass(1000)
        processing.sweep()
    assert set(states(links)) == {"failed"}, states(links)


def test_many_paused_records_do_not_stop_the_sweep():
    BarrierRecord.objects.bulk_create(
        BarrierRecord(barrier_id="x", cohort=f"c{n}", paused_at=timezone.now()) for n in range(1200)
    )
    processing.due_units()


def test_recheck_kept_when_paused_and_resumed():
    class R(Barrier):
        def choose_who_to_release(self, w):
            return [p for p in w if p.active_barriers[self.id].time_waited > 5]

    with testing.declared(R("b", max_wait_time=100, recheck_interval=1)):
        (link,) = testing.arrive_all(testing.make_participants(1), "b")
        testing.process("b")
        arrivals.pause("b")
        testing.let_time_pass(10)
        testing.sweep()
        assert fresh(link).state == "waiting"
        arrivals.resume("b")
        testing.let_time_pass(6)
        testing.sweep()
    assert fresh(link).state == LinkState.RELEASED


class Door(SimpleGrouper):
    """Something happens to those who arrive, after it has been looked at them and before anything is stored."""

    def meanwhile(self):
        pass

    def deadline(self, arrival_time):
        self.meanwhile()
        return super().deadline(arrival_time)


@pytest.fixture
def door():
    with testing.declared(grouper := Door("rps", initial_group_size=3, max_wait_time=600)):
        yield grouper


def test_who_ends_as_they_arrive_is_not_paid_for_a_wait_that_goes_on_without_them(door):
    """Catches: leaving alone, where too few wait for the rule to be asked, somebody who takes part no longer."""
    [person] = testing.make_participants(1)
    door.meanwhile = lambda: fresh(person).leave("closed the tab")
    [link] = testing.arrive_all([person], door.id)
    testing.sweep()
    assert fresh(link).state == LinkState.WITHDRAWN
    testing.let_time_pass(601)
    testing.sweep()
    assert fresh(person).time_credit < 1


def test_who_comes_into_a_group_as_they_arrive_at_the_grouper_goes_on(door):
    [person] = testing.make_participants(1)
    group = make_group(max_group_size=3)
    door.meanwhile = lambda: group.add(fresh(person))
    [link] = testing.arrive_all([person], door.id)
    testing.sweep()
    assert fresh(link).state == LinkState.RELEASED

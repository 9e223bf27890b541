"""What the site changed behind the engine's back, rows or declarations, is put right by the sweep."""

import logging

import pytest
from django.db.models import F

from syncgroups import processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.models import BarrierRecord, SyncGroup, WakeUp, get_participant_model
from syncgroups.processing import sweeping
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, make_group, make_groups, members, states, visits

pytestmark = pytest.mark.django_db


class Open(Barrier):
    """Lets everybody through."""

    def choose_who_to_release(self, waiting_participants):
        return waiting_participants


class Broken(Barrier):
    """Raises."""

    def choose_who_to_release(self, waiting_participants):
        raise RuntimeError("a mistake in the rule")


def test_a_barrier_that_is_no_longer_declared_is_reported_and_stops_no_other(caplog, monkeypatch):
    """Catches: a crash; silence; a wait that never ends."""
    group = make_group(min_group_size=1)
    with testing.declared(Open("open"), Open("old", max_wait_time=10), GroupBarrier("older", "rps", max_wait_time=10)):
        testing.arrive_all(testing.make_participants(1), "open")
        links = testing.arrive_all(testing.make_participants(1), "old")
        links += testing.arrive_all(members(group)[:1], "older")
        processing.process_barrier("older")
        BarrierRecord.objects.create(barrier_id="old")
    with testing.declared(Open("open")), caplog.at_level(logging.WARNING):
        monkeypatch.setattr(sweeping, "_sweeps", iter([0, 1, 2, 3, 4]))
        testing.sweep()
        assert "'old'" in caplog.text
        assert "'older'" in caplog.text
        assert states(visits("open")) == [LinkState.RELEASED]
        assert states(links) == [LinkState.WAITING] * 2
        assert processing.process_barrier("old").outcome == PassOutcome.IDLE, "a late message does no harm"
        testing.let_time_pass(71)
        testing.sweep()
    assert states(links) == [LinkState.TIMED_OUT] * 2
    assert "waited too long" in fresh(links[0]).reason


def test_a_visit_from_before_a_barrier_became_a_group_barrier_ends_at_its_deadline():
    """Promise 1. Catches: a sweep that finds such a visit and does nothing about it, for ever."""
    with testing.declared(Broken("place", max_wait_time=10)):
        links = testing.arrive_all(testing.make_participants(1), "place")
    with testing.declared(GroupBarrier("place", "rps")):
        testing.let_time_pass(11)
        testing.sweep()
    assert states(links) == [LinkState.TIMED_OUT]


def test_a_visit_from_before_a_group_barrier_became_another_kind_is_served():
    """Catches: calls for groups at a barrier that goes by cohort."""
    with testing.declared(GroupBarrier("place", "rps")):
        links = testing.arrive_all(members(make_group())[:1], "place")
    with testing.declared(Open("place")):
        testing.sweep()
    assert states(links) == [LinkState.RELEASED]
    assert not WakeUp.objects.exists()


def test_groups_that_drifted_are_recounted_led_and_closed():
    """Catches: a stored count, leader or membership that is wrong for ever because the site wrote past us."""
    drifted, leaderless, empty, fine = make_groups(4, size=3, min_group_size=1)
    SyncGroup.objects.filter(pk=drifted.pk).update(n_active_participants=7)
    people = get_participant_model()._default_manager
    people.filter(pk=leaderless.leader_id).update(failed=True)
    people.filter(pk__in=[member.pk for member in members(empty)]).update(status="left")
    with testing.declared():
        testing.sweep()
    assert [fresh(group).n_active_participants for group in (drifted, leaderless, empty, fine)] == [3, 2, 0, 3]
    assert fresh(leaderless).leader in members(leaderless)
    assert fresh(leaderless).leader_id != leaderless.leader_id
    assert not fresh(empty).active
    assert [fresh(fine).leader_id, fresh(drifted).leader_id] == [fine.leader_id, drifted.leader_id]


def test_a_recount_wakes_those_whom_it_concerns():
    """Promise 1. Catches: mates who wait for somebody whom the site has failed without telling us."""
    group = make_group(3, min_group_size=1)
    gone, *rest = members(group)
    with testing.declared(GroupBarrier("choice", "rps")):
        links = testing.arrive_all(rest, "choice")
        testing.sweep()
        get_participant_model()._default_manager.filter(pk=gone.pk).update(failed=True)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_every_group_is_recounted_in_turn(settings, monkeypatch):
    """Catches: recounting the first so many for ever."""
    monkeypatch.setattr(sweeping, "_recounted_up_to", 0)
    settings.SYNCGROUPS_RECOUNT_LIMIT = 2
    make_groups(5)
    with testing.declared():
        for _ in range(2):
            SyncGroup.objects.update(n_active_participants=F("n_active_participants") + 1)
            for _ in range(3):
                processing.sweep()
            assert not SyncGroup.objects.exclude(n_active_participants=2).exists()

"""What the site changed behind the engine's back, rows or declarations, is put right by the sweep."""

import logging

import pytest
from django.db.models import F

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    PresenceInterval,
    SyncGroup,
    WakeUp,
    get_participant_model,
)
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


def test_a_visit_from_before_a_barrier_went_by_groups_ends_without_those_of_a_paused_group():
    """Catches: waits that end in a pause, because somebody else's at the same place is over."""
    group = make_group()
    with testing.declared(Broken("place", max_wait_time=10)):
        [old] = testing.arrive_all(testing.make_participants(1), "place")
    with testing.declared(GroupBarrier("place", "rps", max_wait_time=10)):
        links = testing.arrive_all(members(group), "place")
        processing.pause_group(group)
        testing.let_time_pass(11)
        testing.sweep()
    assert states([old]) == [LinkState.TIMED_OUT]
    assert states(links) == [LinkState.WAITING] * 2


def test_who_waits_with_a_paused_group_at_a_barrier_that_is_not_declared_goes_on_waiting():
    """Catches: waits that end in a pause, because somebody else's at the same place is over."""
    held, other = make_groups(2)
    with testing.declared(GroupBarrier("place", "rps", max_wait_time=10)):
        links = testing.arrive_all(members(held), "place")
        late = testing.arrive_all(members(other)[:1], "place")
    processing.pause_group(held)
    with testing.declared():
        testing.let_time_pass(71)
        testing.sweep()
        assert states(late) == [LinkState.TIMED_OUT]
        assert states(links) == [LinkState.WAITING] * 2
        processing.resume_group(held)
        testing.let_time_pass(71)
        testing.sweep()
    assert states(links) == [LinkState.TIMED_OUT] * 2


@pytest.mark.parametrize("where", ["waiting there", "through there"])
def test_who_has_gone_on_where_a_barrier_has_another_id_takes_part_once_the_old_wait_is_over(where):
    """Catches: a deploy that renames a barrier, as is advised, and ends the participation of those who waited there
    minutes after they have been grouped under the new name."""
    people = testing.make_participants(2)
    with testing.declared(SimpleGrouper("rps", id_="old", initial_group_size=2, max_wait_time=30)):
        [old] = testing.arrive_all(people[:1], "old")
    with testing.declared(SimpleGrouper("rps", id_="new", initial_group_size=2, max_wait_time=600)):
        new = testing.arrive_all(people if where == "through there" else people[:1], "new")
        # The clock of SQLite has ticked only once meanwhile.
        ParticipantLinkBarrier.objects.filter(pk=new[0].pk).update(arrival_time=fresh(old).arrival_time)
        testing.sweep()
        testing.let_time_pass(91)
        testing.sweep()
    outcome = LinkState.RELEASED if where == "through there" else LinkState.WAITING
    assert states([old, new[0]]) == [LinkState.RELEASED, outcome]
    assert fresh(people[0]).is_active


@pytest.mark.parametrize("silence", [0, 100])
@pytest.mark.parametrize("end", [{"failed": True}, {"status": "left"}])
def test_presence_ends_of_those_whom_the_site_ended_behind_our_back(end, silence):
    """Fails when somebody who takes part no longer is present, quiet or gone for ever, or becomes so."""
    people = testing.make_participants(3)
    for person in people:
        arrivals.note_presence(person)
    testing.let_time_pass(silence)
    testing.sweep()
    written = get_participant_model()._default_manager.filter(pk__in=[person.pk for person in people[:2]])
    written.update(**end)
    testing.let_time_pass(1)
    testing.sweep()
    testing.let_time_pass(100)
    testing.sweep()
    going_on = PresenceInterval.objects.filter(ended_at=None).values_list("participant", "state")
    assert list(going_on) == [(people[2].pk, "gone")]
    assert PresenceInterval.objects.filter(participant=people[0].pk).count() == (3 if silence else 1)
    assert not written.exclude(quiet_at=None, gone_at=None).exists()


def test_who_is_to_fall_silent_and_has_ended_behind_our_back_does_not_become_quiet(monkeypatch):
    """Fails when absence is put down of somebody whom nobody looks for."""
    monkeypatch.setattr(sweeping, "recount", lambda limit: set())
    [person] = testing.make_participants(1)
    arrivals.note_presence(person)
    get_participant_model()._default_manager.update(status="finished")
    testing.let_time_pass(100)
    testing.sweep()
    assert [(i.state, i.ended_at is None) for i in PresenceInterval.objects.all()] == [("present", False)]


def test_presence_is_put_right_bit_by_bit(settings):
    """Fails when a sweep looks at everybody, or never gets beyond the first."""
    settings.SYNCGROUPS_RECOUNT_LIMIT = 2
    people = testing.make_participants(5)
    for person in people:
        arrivals.note_presence(person)
    get_participant_model()._default_manager.update(failed=True)
    left = []
    for _ in range(3):
        testing.sweep()
        left.append(PresenceInterval.objects.filter(ended_at=None).count())
    assert left == [3, 1, 0]


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


def test_a_sweep_that_is_to_recount_none_recounts_none(settings):
    """Catches: taking "none" for "all", each second."""
    settings.SYNCGROUPS_RECOUNT_LIMIT = 0
    make_groups(3)
    SyncGroup.objects.update(n_active_participants=7)
    testing.sweep()
    assert set(SyncGroup.objects.values_list("n_active_participants", flat=True)) == {7}
    processing.recount()
    assert set(SyncGroup.objects.values_list("n_active_participants", flat=True)) == {2}


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


def test_a_count_that_is_too_high_holds_up_nobody_who_may_join():
    """Catches: an error, and nobody grouped at all, because a place is free that is stored as taken."""
    grouper = SimpleGrouper("rps", initial_group_size=3, max_group_size=4, join_existing_groups=True)
    with testing.declared(grouper):
        first = testing.make_participants(3)
        testing.arrive_all(first, "rps_grouper")
        testing.process("rps_grouper")
        get_participant_model().objects.filter(pk=first[0].pk).update(failed=True)
        links = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        testing.process("rps_grouper")
    assert states(links) == [LinkState.RELEASED] * 2
    assert BarrierRecord.objects.get(barrier_id="rps_grouper").last_error == ""
    assert SyncGroup.objects.get().n_active_participants == 4

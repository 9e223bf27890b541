"""Law 10: whatever ends, ends once and with everything that follows, in one transaction; nothing is deleted."""

import pytest
from django.db import connection

from syncgroups import processing, signals, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import NotWaiting, ParticipantNotActive
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
    get_participant_model,
)
from syncgroups.states import LinkState, ParticipantStatus
from tests.engine.scenes import fresh, make_group, members, states

pytestmark = pytest.mark.django_db


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


ENDINGS = [
    ("fail", LinkState.FAILED, ParticipantStatus.WORKING, True),
    ("leave", LinkState.WITHDRAWN, ParticipantStatus.LEFT, False),
    ("finish", LinkState.WITHDRAWN, ParticipantStatus.FINISHED, False),
]


@pytest.mark.parametrize(("verb", "outcome", "status", "failed"), ENDINGS)
def test_visits_memberships_count_and_leader_follow_the_participant(verb, outcome, status, failed):
    """Catches: leaving out any one of them."""
    group = make_group(3, min_group_size=1)
    leader = group.leader
    rest = [member for member in members(group) if member != leader]
    with testing.declared(Held("held"), Held("hall"), GroupBarrier("choice", "rps")):
        links = testing.arrive_all([leader], "held") + testing.arrive_all([leader], "hall")
        mates = testing.arrive_all(rest, "choice")
        testing.sweep()
        assert getattr(leader, verb)("tired", by="ann") is True
        assert states(links) == [outcome] * 2
        assert {(fresh(link).reason, fresh(link).ended_by) for link in links} == {("tired", "ann")}
        assert all(fresh(link).departure_time for link in links)
        testing.sweep()
    person, group = fresh(leader), fresh(group)
    assert (person.status, person.failed, person.failed_reason) == (status, failed, "tired" if failed else "")
    assert (person.time_of_death is not None) is failed
    assert (leader.status, leader.failed) == (status, failed), "the caller's object is up to date"
    membership = ParticipantLinkSyncGroup.objects.get(participant=leader)
    assert (membership.active, membership.reason, membership.failed) == (False, "tired", failed)
    assert (group.active, group.n_active_participants, group.leader) == (True, 2, rest[0])
    assert states(mates) == [LinkState.RELEASED] * 2, "those who waited for the one who went are woken"


@pytest.mark.parametrize(("verb", "outcome", "status", "failed"), ENDINGS)
def test_an_ending_happens_as_a_whole_or_not_at_all(verb, outcome, status, failed, monkeypatch):
    """Catches: several transactions."""
    group = make_group()
    person = members(group)[0]

    def crash(groups):
        raise RuntimeError("power cut")

    with testing.declared(Held("held")):
        [link] = testing.arrive_all([person], "held")
        monkeypatch.setattr(processing.endings, "settle_locked", crash)
        with pytest.raises(RuntimeError, match="power cut"):
            getattr(person, verb)()
    assert states([link]) == [LinkState.WAITING]
    assert fresh(person).is_active
    assert members(group)[0] == person


def test_ending_twice_is_ending_once():
    """Catches: an ending that does not restate that the participation goes on."""
    [person] = testing.make_participants(1)
    assert person.leave("bored") is True
    assert person.fail("too late") is False
    assert person.finish() is False
    assert (fresh(person).status, fresh(person).failed) == (ParticipantStatus.LEFT, False)


def test_the_groupers_that_could_fill_the_place_are_woken():
    """Catches: waking the barriers where mates wait, and no others."""
    group = make_group(2, join_existing_groups=True, max_group_size=2)
    with testing.declared(SimpleGrouper("rps", initial_group_size=2, join_existing_groups=True)):
        members(group)[0].fail("closed the tab")
        assert [wake_up.barrier_id for wake_up in WakeUp.objects.all()] == ["rps_grouper"]


def test_an_empty_group_is_closed_and_says_why():
    """Catches: a group that stays open without members."""
    group = make_group()
    for member in members(group):
        member.finish()
    group = fresh(group)
    assert (group.active, group.n_active_participants, group.leader) == (False, 0, None)
    assert group.end_time is not None
    assert "no members" in group.end_reason


def test_a_follower_who_goes_does_not_change_who_leads():
    """Catches: electing anew each time."""
    group = make_group(3)
    [follower, _] = group.active_followers
    follower.leave()
    assert fresh(group).leader == group.leader


def test_the_member_who_joined_first_leads_next():
    """Catches: electing at random, or the lowest primary key."""
    group = make_group(3)
    leader, first, second = group.leader, *group.active_followers
    joined = ParticipantLinkSyncGroup.objects.filter(sync_group=group)
    earlier = joined.get(participant=first).arrival_time
    joined.filter(participant=second).update(arrival_time=earlier.replace(year=2020))
    leader.fail("closed the tab")
    assert fresh(group).leader == second


def test_somebody_who_has_gone_cannot_arrive():
    """Catches: arriving on the strength of a stale object."""
    [person] = testing.make_participants(1)
    stale = fresh(person)
    person.leave()
    with testing.declared(Held("held")), pytest.raises(ParticipantNotActive):
        testing.arrive_all([stale], "held")
    assert not ParticipantLinkBarrier.objects.exists()


def test_a_visit_that_has_ended_cannot_be_ended_again():
    """Catches: an ending that does not restate that the visit is open."""
    with testing.declared(Held("held")):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        link.release("enough", by="ann")
        departed = fresh(link).departure_time
        with pytest.raises(NotWaiting):
            link.release("again", by="bob")
    link = fresh(link)
    assert (link.reason, link.ended_by, link.departure_time) == ("enough", "ann", departed)


def test_closing_a_group_ends_its_memberships_and_lets_through_who_waits_with_it():
    """Promise 1. Catches: people who wait for a group that is closed."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps")):
        [link] = testing.arrive_all(members(group)[:1], "choice")
        testing.sweep()
        assert group.close("over", by="ann") is True
        assert group.close("again") is False
        testing.sweep()
    assert states([link]) == [LinkState.RELEASED]
    assert "over" in fresh(group).end_reason
    assert fresh(group).ended_by == "ann"
    assert not ParticipantLinkSyncGroup.objects.active().exists()


def test_nothing_is_ever_deleted_but_the_wake_ups_that_were_served():
    """Catches: a DELETE of anything else."""
    group, deleted = make_group(3, min_group_size=1), []

    def note(execute, sql, params, many, context):
        if sql.startswith("DELETE"):
            deleted.append(sql)
        return execute(sql, params, many, context)

    one, two, _three = members(group)
    with connection.execute_wrapper(note), testing.declared(Held("held"), GroupBarrier("choice", "rps")):
        testing.arrive_all(members(group), "held")
        one.fail("x")
        testing.arrive_all([two], "choice")
        two.leave()
        testing.let_time_pass(30)
        testing.sweep()
        group.close()
        testing.sweep()
    assert deleted
    assert all('DELETE FROM "syncgroups_wakeup"' in sql for sql in deleted)
    assert ParticipantLinkBarrier.objects.count() == 4 + 3
    assert get_participant_model()._default_manager.count() == 3
    assert SyncGroup.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("verb", "outcome", "status", "failed"), ENDINGS)
def test_an_ending_is_announced_after_it_is_committed(verb, outcome, status, failed):
    """Law 7. Catches: sending inside the transaction; telling of a participant as they were before."""
    [person], seen = testing.make_participants(1), []

    def listen(participant, reason, **facts):
        told, stored = participant.is_active, fresh(participant).is_active
        seen.append((participant, reason, connection.in_atomic_block, told, stored))

    signals.participant_ended.connect(listen)
    try:
        getattr(person, verb)("tired")
    finally:
        signals.participant_ended.disconnect(listen)
    assert seen == [(person, "tired", False, False, False)]

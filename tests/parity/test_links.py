"""Links: one visit to a barrier, one membership of a group."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import BarrierNotRegistered
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkSyncGroup

from .journeys import form_group, reloaded

pytestmark = pytest.mark.django_db

PLAIN = Barrier("b")


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(PLAIN, SimpleGrouper("pair", initial_group_size=2), GroupBarrier("ready", "pair")):
        yield


def visits(n, barrier_id="b"):
    return testing.arrive_all(testing.make_participants(n), barrier_id)


def test_link_get_barrier_is_the_declaration():
    (link,) = visits(1)
    assert link.get_barrier() is PLAIN


def test_link_get_barrier_raises_for_a_barrier_that_is_declared_no_longer():
    (link,) = visits(1)
    with testing.declared(), pytest.raises(BarrierNotRegistered, match="No barrier 'b'"):
        link.get_barrier()


def test_link_release_ends_the_visit_with_a_departure_time():
    (link,) = visits(1)
    link.release()
    stored = reloaded(link)
    assert stored.released
    assert stored.departure_time is not None


def test_released_is_false_while_waiting_and_after_a_failure():
    one, other = visits(2)
    assert not one.released
    other.participant.fail("went away")
    assert not reloaded(other).released


def test_link_get_waiting_participants_are_those_at_the_same_barrier():
    one, other = visits(2)
    visits(1, "pair_grouper")
    people = [one.participant, other.participant]
    assert one.get_waiting_participants() == people
    assert one.get_waiting_participants(for_update=True) == people


def test_link_get_waiting_participants_excludes_failed_and_released():
    one, failed, released = visits(3)
    failed.participant.fail("went away")
    released.release()
    assert one.get_waiting_participants() == [one.participant]


def test_a_visit_to_a_group_barrier_knows_the_group():
    group, (member, _) = form_group()
    (link,) = testing.arrive_all([member], "ready")
    assert link.sync_group == group


def test_a_membership_links_participant_and_group_since_a_time():
    group, members = form_group()
    links = ParticipantLinkSyncGroup.objects.all()
    assert {link.participant for link in links} == set(members)
    assert {link.sync_group for link in links} == {group}
    assert all(link.arrival_time is not None and link.active for link in links)


def test_memberships_end_with_the_group():
    group, _ = form_group()
    group.close()
    for link in ParticipantLinkSyncGroup.objects.all():
        assert not link.active
        assert link.departure_time is not None


def test_a_membership_that_ended_because_its_participant_failed_says_so():
    _, (gone, staying) = form_group()
    gone.fail("went away")
    ended = gone.sync_group_links.get()
    assert (ended.failed, ended.failed_reason) == (True, "went away")
    assert ended.time_of_death == ended.departure_time is not None
    kept = staying.sync_group_links.get()
    assert (kept.failed, kept.failed_reason, kept.time_of_death) == (False, "", None)


def test_a_visit_that_ended_because_its_participant_failed_says_so():
    link, kept = visits(2)
    link.participant.fail("went away")
    ended = reloaded(link)
    assert (ended.failed, ended.failed_reason) == (True, "went away")
    assert ended.time_of_death == ended.departure_time is not None
    assert (kept.failed, kept.failed_reason, kept.time_of_death) == (False, "", None)

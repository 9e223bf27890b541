"""SyncGroup: members, a leader, followers, and an end."""

from __future__ import annotations

import pytest

from syncgroups import arrivals, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.exceptions import AlreadyInGroup, GroupFull, GroupNotActive, NotInGroup
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup

from .journeys import form_group, reloaded

pytestmark = pytest.mark.django_db

TRIOS = SimpleGrouper("pair", initial_group_size=3, min_group_size=1)


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(TRIOS, GroupBarrier("ready", "pair")):
        yield


def lead(group, member):
    group.leader = member
    group.save(update_fields=["leader"])


def test_participants_are_all_who_were_ever_members():
    group, (gone, *staying) = form_group(3)
    gone.fail("went away")
    assert set(group.participants.all()) == {gone, *staying}


def test_active_participants_are_members_who_work_and_have_not_failed():
    group, (failed, left, staying) = form_group(3)
    failed.fail("went away")
    left.leave()
    assert reloaded(group).active_participants == [staying]


def test_active_followers_are_the_active_members_but_for_the_leader():
    group, members = form_group(3)
    lead(group, members[1])
    assert set(group.active_followers) == {members[0], members[2]}


def test_the_leader_can_be_reassigned():
    group, members = form_group(3)
    for member in members:
        lead(group, member)
        assert reloaded(group).leader == member


def test_a_leader_is_elected_from_among_the_active_members():
    group, members = form_group(3)
    for member in members:
        arrivals.elect_leader(group, member)
        assert reloaded(group).leader == member


def test_nobody_from_outside_can_be_elected():
    group, (gone, *_) = form_group(3)
    gone.leave()
    _, (stranger, *_) = form_group(3)
    for outsider in (gone, stranger):
        with pytest.raises(NotInGroup):
            arrivals.elect_leader(group, outsider)


def test_check_leader_keeps_an_active_leader():
    group, members = form_group(3)
    for member in members:
        lead(group, member)
        group.check_leader()
        assert reloaded(group).leader == member


def test_check_leader_replaces_a_leader_who_takes_part_no_longer():
    group, members = form_group(3)
    lead(group, members[0])
    type(members[0])._default_manager.filter(pk=members[0].pk).update(failed=True)
    group.check_leader()
    assert reloaded(group).leader == reloaded(group).active_participants[0] != members[0]


def test_check_leader_elects_one_where_nobody_leads():
    group, members = form_group(3)
    lead(group, None)
    assert group.check_leader() in members


def test_check_leader_of_a_group_without_members_is_no_error():
    group, members = form_group(3)
    type(members[0])._default_manager.update(failed=True)
    assert group.check_leader() is None
    assert not reloaded(group).active


def test_the_failing_of_the_leader_elects_another_one():
    group, _ = form_group(3)
    leader = group.leader
    leader.fail("went away")
    assert reloaded(group).leader in reloaded(group).active_participants


def test_check_numbers_counts_the_active_members_anew():
    group, members = form_group(3)
    type(members[0])._default_manager.filter(pk=members[0].pk).update(failed=True)
    assert reloaded(group).n_active_participants == 3
    assert group.check_numbers() == 2
    assert reloaded(group).n_active_participants == 2


def test_close_ends_the_group_with_a_time():
    group, _ = form_group(3)
    assert (group.active, group.end_time) == (True, None)
    group.close()
    stored = reloaded(group)
    assert stored.active is False
    assert stored.end_time is not None


def test_closing_twice_is_closing_once():
    group, _ = form_group(3)
    assert group.close()
    ended = reloaded(group).end_time
    assert not group.close()
    assert reloaded(group).end_time == ended


def test_get_active_group_finds_the_group_of_that_type():
    group, (member, *_) = form_group(3)
    assert SyncGroup.get_active_group(member, "pair") == group


def test_get_active_group_finds_no_closed_group():
    group, (member, *_) = form_group(3)
    group.close()
    with pytest.raises(KeyError):
        SyncGroup.get_active_group(member, "pair")


def test_a_participant_can_be_added():
    group, members = form_group(3)
    SyncGroup.objects.update(max_group_size=4)
    (newcomer,) = testing.make_participants(1)
    group.add(newcomer)
    assert newcomer.sync_group == group
    assert set(reloaded(group).active_participants) == {*members, newcomer}
    assert reloaded(group).n_active_participants == 4


def test_nobody_is_added_to_a_full_group():
    group, _ = form_group(3)
    (newcomer,) = testing.make_participants(1)
    with pytest.raises(GroupFull):
        group.add(newcomer)


def test_nobody_is_added_to_a_closed_group():
    group, _ = form_group(3)
    group.close()
    (newcomer,) = testing.make_participants(1)
    with pytest.raises(GroupNotActive):
        group.add(newcomer)


def test_nobody_is_added_who_is_in_a_group_of_the_type():
    group, _ = form_group(3)
    _, (member, *_) = form_group(3)
    with pytest.raises(AlreadyInGroup):
        group.add(member)


def test_members_who_fail_or_leave_or_finish_are_counted_no_longer():
    group, members = form_group(3)
    ends = [members[0].fail, members[1].leave, members[2].finish]
    counts = []
    for end in ends:
        end("gone")
        counts.append(reloaded(group).n_active_participants)
    assert counts == [2, 1, 0]
    assert not reloaded(group).active

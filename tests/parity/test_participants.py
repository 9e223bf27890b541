"""A participant's groups and barriers."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier
from syncgroups.exceptions import AmbiguousGroup, NotInGroup
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier

from .journeys import form_group, reloaded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared():
    pairs, trios = SimpleGrouper("pair", initial_group_size=2), SimpleGrouper("trio", initial_group_size=2)
    with testing.declared(pairs, trios, Barrier("b"), Barrier("c")):
        yield


def regroup(members):
    testing.arrive_all(members, "trio_grouper")
    testing.process("trio_grouper")


def test_active_sync_groups_are_found_by_their_type():
    group, members = form_group()
    regroup(members)
    groups = members[0].active_sync_groups
    assert set(groups) == {"pair", "trio"}
    assert groups["pair"] == group


def test_active_sync_groups_exclude_closed_groups():
    group, members = form_group()
    regroup(members)
    group.close()
    assert set(members[0].active_sync_groups) == {"trio"}


def test_sync_groups_are_all_groups_ever():
    group, members = form_group()
    regroup(members)
    group.close()
    assert [found.group_type for found in members[0].sync_groups] == ["pair", "trio"]


def test_sync_group_is_the_only_active_group():
    group, (member, _) = form_group()
    assert member.sync_group == group


def test_sync_group_raises_for_none_and_for_several():
    (alone,) = testing.make_participants(1)
    with pytest.raises(NotInGroup, match="in no active group"):
        _ = alone.sync_group
    _, members = form_group()
    regroup(members)
    with pytest.raises(AmbiguousGroup, match=r"pair, trio.*active_sync_groups"):
        _ = members[0].sync_group


def test_active_barriers_are_the_open_visits_by_barrier():
    (person,) = testing.make_participants(1)
    (at_b,) = testing.arrive_all([person], "b")
    (at_c,) = testing.arrive_all([person], "c")
    assert person.active_barriers == {"b": at_b, "c": at_c}
    at_b.release()
    assert person.active_barriers == {"c": at_c}


def test_barrier_links_are_all_visits_ever():
    (person,) = testing.make_participants(1)
    (first,) = testing.arrive_all([person], "b")
    first.release()
    (second,) = testing.arrive_all([person], "b")
    assert list(first.participant.barrier_links.order_by("pk")) == [first, second]


def test_failing_is_stored_with_its_reason_and_time():
    (person,) = testing.make_participants(1)
    assert person.fail("went away")
    stored = reloaded(person)
    assert (stored.failed, stored.failed_reason) == (True, "went away")
    assert stored.time_of_death is not None


def test_failing_ends_the_wait():
    (person,) = testing.make_participants(1)
    testing.arrive_all([person], "b")
    person.fail("went away")
    assert person.active_barriers == {}
    (visit,) = ParticipantLinkBarrier.objects.all()
    assert (visit.failed, visit.released, visit.reason) == (True, False, "went away")


def test_failing_twice_is_failing_once():
    (person,) = testing.make_participants(1)
    person.fail("first")
    assert not person.fail("second")
    assert reloaded(person).failed_reason == "first"


@pytest.mark.parametrize("end", ["finish", "leave"])
def test_who_finishes_or_leaves_has_not_failed(end):
    (person,) = testing.make_participants(1)
    assert getattr(person, end)()
    stored = reloaded(person)
    assert not stored.failed
    assert not stored.is_active
    assert stored.time_of_death is None

"""A group that a researcher forms by hand costs nobody time that stood still, and nobody is forgotten for it."""

import pytest

from syncgroups import arrivals, operating, processing, registry, tasks, testing
from syncgroups.exceptions import AlreadyInGroup
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import AuditEntry, ParticipantLinkSyncGroup
from syncgroups.processing import Unit
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, groups_of, make_group, states

pytestmark = pytest.mark.django_db

ORDER = {"reason": "late", "by": "ada"}


@pytest.fixture(autouse=True)
def _declared():
    others = SimpleGrouper("rps", id_="second_grouper", initial_group_size=9)
    with testing.declared(SimpleGrouper("rps", initial_group_size=9), others):
        yield


@pytest.fixture
def people():
    return testing.make_participants(2)


@pytest.mark.parametrize("paused", ["rps_grouper", "second_grouper"])
def test_a_pause_is_nobodys_waiting_time(people, paused):
    """Catches: a visit that ends in a pause, and counts the pause as waiting."""
    links = [*testing.arrive_all(people, "rps_grouper"), *testing.arrive_all(people, "second_grouper")]
    arrivals.pause(paused)
    testing.let_time_pass(100)
    operating.form_group("rps_grouper", "", people, **ORDER)
    for link in map(fresh, links):
        held = link.barrier_id == paused
        assert link.state == LinkState.RELEASED
        assert (link.paused_for, link.waited_for_match) == pytest.approx((100, 0) if held else (0, 100), abs=5)


def test_nobody_is_put_into_two_groups_of_a_type(people):
    """Catches: leaving it to the database, whose error nobody can read, that one of them is in a group already."""
    group = make_group(max_group_size=None)
    links = testing.arrive_all(people, "rps_grouper")
    ParticipantLinkSyncGroup.objects.create(participant=people[0], sync_group=group, group_type="rps")
    with pytest.raises(AlreadyInGroup):
        operating.form_group("rps_grouper", "", people, **ORDER)
    with pytest.raises(AlreadyInGroup):
        processing.form_group(registry.get("rps_grouper"), "", people)
    assert (groups_of(people[0]), groups_of(people[1])) == ([group], [])
    assert states(links) == [LinkState.WAITING] * 2
    assert not AuditEntry.objects.exists()


def test_whoever_is_left_behind_is_looked_at_again_at_once(people, monkeypatch, django_capture_on_commit_callbacks):
    """Catches: a doorbell that is not rung, so that those who are left wait for the next sweep."""
    rung = []
    testing.arrive_all([*people, *testing.make_participants(1)], "rps_grouper")
    testing.arrive_all(people, "second_grouper")
    monkeypatch.setattr(tasks.process_barrier, "apply_async", lambda unit, **how: rung.append(Unit(*unit)))
    with django_capture_on_commit_callbacks(execute=True):
        operating.form_group("rps_grouper", "", people, **ORDER)
    assert {unit.barrier_id for unit in rung} == {"rps_grouper", "second_grouper"}

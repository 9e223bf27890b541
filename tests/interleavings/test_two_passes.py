"""Two passes at once: nobody is released, called for or grouped twice."""

import pytest

from syncgroups import processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, groups_of, make_group, members, states, visits

from .gated import GatedGrouper

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROOM = {"join_existing_groups": True, "max_group_size": 3}


def test_two_passes_over_one_group_call_on_release_once(elsewhere, gate):
    """Law 7. Catches: looking before locking; not locking the group."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", on_release=gate.pass_by)):
        links = testing.arrive_all(members(group), "choice")
        first = elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        second = elsewhere(processing.process_barrier, "choice").until_held()
        gate.open()
        assert first.result().outcome == PassOutcome.DONE
        assert second.result().outcome == PassOutcome.IDLE
    assert gate.passed == 1
    assert states(links) == [LinkState.RELEASED] * 2


def test_two_passes_at_one_grouper_form_the_groups_once(elsewhere, gate):
    """Law 2. Catches: looking before locking; not locking the barrier's record."""
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2)):
        links = testing.arrive_all(testing.make_participants(4), "rps_grouper")
        first = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        second = elsewhere(processing.process_barrier, "rps_grouper").until_held()
        gate.open()
        first.result()
        second.result()
    assert SyncGroup.objects.count() == 2
    assert [len(groups_of(link.participant)) for link in links] == [1] * 4


def test_two_groupers_of_one_type_group_somebody_who_waits_at_both_once(elsewhere, gate):
    """Law 2. Catches: acting on what was seen before the participants were locked."""
    both, here, there = testing.make_participants(3)
    slow = GatedGrouper("rps", gate, initial_group_size=2)
    quick = SimpleGrouper("rps", id_="other", initial_group_size=2)
    with testing.declared(slow, quick):
        testing.arrive_all([both, here], slow.id)
        testing.arrive_all([both, there], quick.id)
        running = elsewhere(processing.process_barrier, slow.id)
        gate.until_reached()
        elsewhere(processing.process_barrier, quick.id).result()
        gate.open()
        assert running.result().error is None
    assert groups_of(both) == groups_of(there)
    assert groups_of(here) == []
    assert states(visits(slow.id, both, here)) == [LinkState.RELEASED, LinkState.WAITING]


def test_two_top_ups_fill_one_place_once(elsewhere, gate):
    """Law 2. Catches: a top-up that does not lock the group, or does not look again once it has."""
    group = make_group(2, **ROOM)
    first, second = testing.make_participants(2)
    slow = GatedGrouper("rps", gate, initial_group_size=3, join_existing_groups=True)
    quick = SimpleGrouper("rps", id_="other", initial_group_size=3, join_existing_groups=True)
    with testing.declared(slow, quick):
        testing.arrive_all([first], slow.id)
        testing.arrive_all([second], quick.id)
        running = elsewhere(processing.process_barrier, slow.id)
        gate.until_reached()
        elsewhere(processing.process_barrier, quick.id).result()
        gate.open()
        assert running.result().error is None
    assert groups_of(second) == [group]
    assert groups_of(first) == []
    assert len(members(group)) == fresh(group).n_active_participants == 3


def test_nobody_is_put_into_a_group_that_is_closed_meanwhile(elsewhere, gate):
    """Law 2. Catches: a top-up that trusts what it saw before it locked the group."""
    group = make_group(2, **ROOM)
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=3, join_existing_groups=True)):
        [newcomer] = testing.make_participants(1)
        [link] = testing.arrive_all([newcomer], "rps_grouper")
        running = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        elsewhere(group.close).result()
        gate.open()
        assert running.result().error is None
    assert groups_of(newcomer) == []
    assert states([link]) == [LinkState.WAITING]


def test_a_place_that_a_researcher_gives_away_meanwhile_is_not_given_twice(elsewhere, gate):
    """Law 2. Catches: adding by hand without a lock; a top-up that trusts what it saw before it locked."""
    group = make_group(2, **ROOM)
    waits, chosen = testing.make_participants(2)
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=3, join_existing_groups=True)):
        [link] = testing.arrive_all([waits], "rps_grouper")
        running = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        elsewhere(group.add, chosen).result()
        gate.open()
        running.result()
    assert groups_of(chosen) == [group]
    assert groups_of(waits) == []
    assert states([link]) == [LinkState.WAITING]

"""Once `pause` has returned, nothing moves."""

import pytest
from django.db import transaction

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.models import SyncGroup
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import make_group, members, states

from .gated import GatedPool

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_pausing_waits_for_the_pass_under_way_at_a_pool(elsewhere, gate):
    """Catches: setting the switch without the record's lock."""
    with testing.declared(GatedPool("pool", gate)):
        links = testing.arrive_all(testing.make_participants(1), "pool")
        running = elsewhere(processing.process_barrier, "pool")
        gate.until_reached()
        pausing = elsewhere(arrivals.pause, "pool").until_held()
        gate.open()
        running.result()
        assert pausing.result() is True
        assert states(links) == [LinkState.RELEASED]
        links = testing.arrive_all(testing.make_participants(1), "pool")
        assert testing.process("pool") == PassOutcome.PAUSED
    assert states(links) == [LinkState.WAITING]


def test_pausing_waits_for_the_groups_that_are_on_their_way(elsewhere, gate):
    """Catches: pausing a group barrier without waiting for the locks of its groups."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", on_release=gate.pass_by)):
        links = testing.arrive_all(members(group), "choice")
        running = elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        pausing = elsewhere(arrivals.pause, "choice").until_held()
        gate.open()
        running.result()
        assert pausing.result() is True
    assert states(links) == [LinkState.RELEASED] * 2


def test_pausing_waits_for_a_group_that_arrived_while_it_waited_for_another(elsewhere, gate):
    """Catches: a switch that passes under way cannot see until all of those that were known have ended."""
    first, late = make_group(), make_group()
    second_gate = type(gate)()

    def score(group):
        (gate if group == first else second_gate).pass_by()

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        testing.arrive_all(members(first), "choice")
        slow = elsewhere(processing.process_barrier, "choice", "", first.pk)
        gate.until_reached()
        pausing = elsewhere(arrivals.pause, "choice").until_held()
        links = testing.arrive_all(members(late), "choice")
        passing = elsewhere(processing.process_barrier, "choice", "", late.pk)
        try:
            if passing.stands_at(second_gate):
                gate.open()
                slow.result()
                pausing.until_held()
        finally:
            second_gate.open()
            gate.open()
        passing.result()
        assert pausing.result() is True
        seen = states(links)
        testing.process("choice")
        assert states(links) == seen


def test_a_pass_that_began_before_the_pause_and_comes_to_its_turn_after_it_lets_nobody_through(elsewhere):
    """Catches: asking for the switch before the lock only."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps")):
        links = testing.arrive_all(members(group), "choice")
        with transaction.atomic():
            SyncGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
            passing = elsewhere(processing.process_barrier, "choice").until_held()
            pausing = elsewhere(arrivals.pause, "choice").until_held()
        assert passing.result().outcome == PassOutcome.PAUSED
        assert pausing.result() is True
    assert states(links) == [LinkState.WAITING] * 2

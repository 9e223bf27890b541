"""GroupBarrier: a group goes on when all of its active members are here, and are enough."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.barriers import BELOW_MINIMUM, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState

from .journeys import form_group, reloaded, state_at, waits

pytestmark = pytest.mark.django_db

PAIRS = SimpleGrouper("pair", initial_group_size=2)
SHRINKING = SimpleGrouper("pair", initial_group_size=3, min_group_size=2)
OPEN = SimpleGrouper("pair", initial_group_size=2, join_existing_groups=True)


def test_a_group_barrier_waits_for_every_active_member():
    with testing.declared(PAIRS, GroupBarrier("ready", "pair")):
        _, (early, late) = form_group()
        testing.arrive_all([early], "ready")
        testing.process("ready")
        assert waits(early, "ready")
        testing.arrive_all([late], "ready")
        testing.process("ready")
        assert [state_at(person, "ready") for person in (early, late)] == [LinkState.RELEASED] * 2


def test_a_group_barrier_does_not_wait_for_members_who_have_gone():
    with testing.declared(SHRINKING, GroupBarrier("ready", "pair")):
        _, (gone, *staying) = form_group(3)
        gone.fail("went away")
        testing.arrive_all(staying, "ready")
        testing.process("ready")
        assert [state_at(person, "ready") for person in staying] == [LinkState.RELEASED] * 2


def test_the_departure_of_the_absent_member_sets_the_others_free():
    with testing.declared(SHRINKING, GroupBarrier("ready", "pair")):
        _, (gone, *staying) = form_group(3)
        testing.arrive_all(staying, "ready")
        testing.process("ready")
        gone.fail("went away")
        testing.process("ready")
        assert [state_at(person, "ready") for person in staying] == [LinkState.RELEASED] * 2


def test_each_group_goes_on_its_own():
    with testing.declared(PAIRS, GroupBarrier("ready", "pair")):
        _, complete = form_group()
        _, (early, _) = form_group()
        testing.arrive_all([*complete, early], "ready")
        testing.process("ready")
        assert [state_at(person, "ready") for person in complete] == [LinkState.RELEASED] * 2
        assert waits(early, "ready")


def test_a_group_below_its_minimum_that_takes_no_newcomers_is_failed():
    with testing.declared(PAIRS, GroupBarrier("ready", "pair")):
        _, (gone, staying) = form_group()
        testing.arrive_all([staying], "ready")
        gone.fail("went away")
        testing.process("ready")
        stored = reloaded(staying)
        assert (stored.failed, stored.failed_reason) == (True, BELOW_MINIMUM)
        assert state_at(staying, "ready") == LinkState.FAILED


def test_the_reason_for_failing_is_that_of_psynet():
    assert BELOW_MINIMUM == "sync group below minimum size"


def test_members_of_a_group_below_its_minimum_are_failed_wherever_they_are():
    with testing.declared(SimpleGrouper("pair", initial_group_size=3), GroupBarrier("ready", "pair")):
        _, (gone, waiting, elsewhere) = form_group(3)
        testing.arrive_all([waiting], "ready")
        gone.fail("went away")
        testing.process("ready")
        assert reloaded(waiting).failed
        assert reloaded(elsewhere).failed_reason == BELOW_MINIMUM


def test_a_group_below_its_minimum_that_takes_newcomers_waits_for_them():
    with testing.declared(OPEN, GroupBarrier("ready", "pair")):
        _, (gone, staying) = form_group()
        testing.arrive_all([staying], "ready")
        gone.fail("went away")
        testing.process("ready")
        assert waits(staying, "ready")
        assert not reloaded(staying).failed


def test_a_group_that_was_filled_up_goes_on_when_the_newcomer_is_here():
    with testing.declared(OPEN, GroupBarrier("ready", "pair")):
        _, (gone, staying) = form_group()
        testing.arrive_all([staying], "ready")
        gone.fail("went away")
        (newcomer,) = testing.make_participants(1)
        testing.arrive_all([newcomer], "pair_grouper")
        testing.process("pair_grouper")
        testing.process("ready")
        assert waits(staying, "ready")
        testing.arrive_all([newcomer], "ready")
        testing.process("ready")
        assert state_at(staying, "ready") == state_at(newcomer, "ready") == LinkState.RELEASED


def test_a_group_at_its_minimum_goes_on_below_its_initial_size():
    with testing.declared(SHRINKING, GroupBarrier("ready", "pair")):
        group, (gone, *staying) = form_group(3)
        gone.leave()
        testing.arrive_all(staying, "ready")
        testing.process("ready")
        assert reloaded(group).active
        assert not any(reloaded(person).failed for person in staying)


def test_groups_of_another_type_do_not_count():
    trio = SimpleGrouper("trio", initial_group_size=3)
    with testing.declared(PAIRS, trio, GroupBarrier("ready", "pair")):
        pair = testing.make_participants(2)
        other = testing.make_participants(1)
        testing.arrive_all([*pair, *other], "trio_grouper")
        testing.process("trio_grouper")
        testing.arrive_all(pair, "pair_grouper")
        testing.process("pair_grouper")
        testing.arrive_all(pair, "ready")
        testing.process("ready")
        assert [state_at(person, "ready") for person in pair] == [LinkState.RELEASED] * 2

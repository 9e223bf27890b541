"""Whoever comes while a pass is under way is neither held up nor overlooked."""

import pytest
from django.db import transaction

from syncgroups import processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.models import BarrierRecord, SyncGroup, WakeUp
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import make_group, make_groups, members, states

from .gated import GatedGroupBarrier, GatedGrouper, GatedPool

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_pass_that_a_message_asks_for_waits_its_turn_at_a_group_and_sees_who_came_meanwhile(elsewhere, gate):
    """Law 3. Catches: SKIP LOCKED in the passes that doorbells ask for."""
    one, two = members(make_group())
    with testing.declared(GatedGroupBarrier("choice", "rps", gate)):
        links = testing.arrive_all([one], "choice")
        first = elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        links += testing.arrive_all([two], "choice")
        second = elsewhere(processing.process_barrier, "choice").until_held()
        gate.open()
        first.result()
        assert second.result().outcome == PassOutcome.DONE
    assert states(links) == [LinkState.RELEASED] * 2


def test_a_pass_that_a_message_asks_for_waits_its_turn_at_a_grouper_and_sees_who_came_meanwhile(elsewhere, gate):
    """Law 3. Catches: SKIP LOCKED in the passes that doorbells ask for; claiming wake-ups after the look."""
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2)):
        links = testing.arrive_all(testing.make_participants(3), "rps_grouper")
        first = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        links += testing.arrive_all(testing.make_participants(1), "rps_grouper")
        second = elsewhere(processing.process_barrier, "rps_grouper").until_held()
        gate.open()
        first.result()
        assert second.result().outcome == PassOutcome.DONE
    assert states(links) == [LinkState.RELEASED] * 4


def test_a_wake_up_that_comes_during_a_pass_outlives_it(elsewhere, gate):
    """Laws 3 and 12. Catches: a pass that deletes wake-ups which it has not looked after."""
    with testing.declared(GatedPool("pool", gate)):
        links = testing.arrive_all(testing.make_participants(1), "pool")
        running = elsewhere(processing.process_barrier, "pool")
        gate.until_reached()
        links += testing.arrive_all(testing.make_participants(1), "pool")
        gate.open()
        running.result()
        assert states(links) == [LinkState.RELEASED, LinkState.WAITING]
        assert WakeUp.objects.count() == 1
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_an_arrival_does_not_wait_for_a_pass_that_runs_a_slow_on_release(elsewhere, gate):
    """Law 4. Catches: FOR UPDATE instead of FOR NO KEY UPDATE; an arrival that locks or updates a shared row."""
    busy, other = make_groups(2)
    with testing.declared(GroupBarrier("choice", "rps", on_release=gate.pass_by), Barrier("next")):
        testing.arrive_all(members(busy), "choice")
        elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        elsewhere(testing.arrive_all, members(other), "choice").result()
        # Even the very people whom the pass holds may arrive elsewhere.
        elsewhere(testing.arrive_all, members(busy), "next").result()


def test_an_arrival_does_not_wait_for_a_pass_over_its_own_pool(elsewhere, gate):
    """Law 4. Catches: an arrival that locks the barrier's record."""
    with testing.declared(GatedPool("pool", gate)):
        testing.arrive_all(testing.make_participants(1), "pool")
        elsewhere(processing.process_barrier, "pool")
        gate.until_reached()
        [newcomer] = testing.make_participants(1)
        elsewhere(testing.arrive_all, [newcomer], "pool").result()


def test_a_pass_holds_back_its_own_group_only(elsewhere, gate):
    """Law 5. Catches: one lock for all groups of a barrier; one transaction for several on_release."""
    slow, quick = make_groups(2)

    def score(group):
        if group == slow:
            gate.pass_by()

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        held = testing.arrive_all(members(slow), "choice")
        elsewhere(processing.process_barrier, "choice", "", slow.pk)
        gate.until_reached()
        passed = testing.arrive_all(members(quick), "choice")
        result = elsewhere(processing.process_barrier, "choice", "", quick.pk).result()
        assert result.outcome == PassOutcome.DONE
        assert states(passed) == [LinkState.RELEASED] * 2
        assert states(held) == [LinkState.WAITING] * 2


def test_the_sweep_passes_over_what_others_are_at_work_on(elsewhere, gate):
    """Law 3. Catches: a sweep that waits behind a slow group or a slow pool."""
    slow, quick = make_groups(2)
    with testing.declared(GroupBarrier("choice", "rps"), GatedPool("pool", gate)):
        links = testing.arrive_all(members(slow) + members(quick), "choice")
        testing.process("pool")
        testing.arrive_all(testing.make_participants(1), "pool")
        with transaction.atomic():
            SyncGroup.objects.select_for_update().get(pk=slow.pk)
            BarrierRecord.objects.select_for_update().get(barrier_id="pool")
            elsewhere(processing.sweep).result()
            assert states(links) == [LinkState.WAITING] * 2 + [LinkState.RELEASED] * 2
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 4

"""During a deploy some processes declare a barrier that others do not know: nobody is lost by the latter's doing."""

from __future__ import annotations

import pytest

from syncgroups import processing, registry, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.processing.passes import process_pool
from syncgroups.states import LinkState, PassOutcome, TimeoutPolicy
from tests.engine.scenes import make_group, members, states

pytestmark = pytest.mark.django_db

PAIRS = SimpleGrouper("pair", initial_group_size=2)
READY = GroupBarrier("ready", "pair")


class Nobody(Barrier):
    def choose_who_to_release(self, waiting_participants):
        return []


def by_old_code(act, *args):
    """What a process does that knows none of the barriers."""
    with testing.declared():
        return act(*args)


def test_the_doorbell_of_a_grouper_that_a_worker_does_not_know_is_left_to_those_who_do():
    with testing.declared(PAIRS):
        links = testing.arrive_all(testing.make_participants(2), PAIRS.id)
        assert by_old_code(processing.process_barrier, PAIRS.id).outcome == PassOutcome.IDLE
        assert states(links) == [LinkState.WAITING] * 2
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_the_doorbell_of_a_group_barrier_that_a_worker_does_not_know_is_left_to_those_who_do():
    group = make_group(group_type="pair")
    with testing.declared(PAIRS, READY):
        links = testing.arrive_all(members(group), READY.id)
        assert by_old_code(processing.process_barrier, READY.id, "", group.pk).outcome == PassOutcome.IDLE
        assert states(links) == [LinkState.WAITING] * 2
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [(TimeoutPolicy.RELEASE, LinkState.RELEASED), (TimeoutPolicy.FAIL, LinkState.TIMED_OUT)],
)
def test_what_happens_at_a_deadline_is_said_by_those_who_know_the_barrier(policy, outcome):
    with testing.declared(Nobody("new", max_wait_time=30, on_timeout=policy)):
        (link,) = testing.arrive_all(testing.make_participants(1), "new")
        testing.let_time_pass(31)
        by_old_code(testing.sweep)
        by_old_code(testing.process, "new")
        assert states([link]) == [LinkState.WAITING]
        testing.sweep()
        assert states([link]) == [outcome]
    link.participant.refresh_from_db()
    assert link.participant.is_active == (policy == TimeoutPolicy.RELEASE)


def test_a_second_sweep_that_finds_nobody_overdue_any_more_leaves_the_calls_of_those_who_wait_on():
    with testing.declared(PAIRS):
        links = testing.arrive_all(testing.make_participants(2), PAIRS.id)
        by_old_code(process_pool, registry.Undeclared(PAIRS.id), "")
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2

"""Time that is granted while a pass, which has seen the time to be up, is about to say what follows from that."""

import pytest

from syncgroups import processing, testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, make_group, members, states

from .gated import GatedGroupBarrier, GatedGrouper

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ONCE = {"max_wait_time": 60, "extensions": 1}


@pytest.mark.parametrize("policy", ["go_on", "regroup", "leave", "fail", None])
def test_nobody_is_blamed_and_no_wait_ends_by_a_deadline_that_has_been_put_off(elsewhere, gate, policy):
    """Law 2. Catches: acting on the deadlines of the look."""
    group = make_group(2, min_group_size=1)
    here, absent = members(group)
    barrier = GatedGroupBarrier("choice", "rps", gate, on_member_timeout=policy, **ONCE)
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), barrier):
        [link] = testing.arrive_all([here], "choice")
        testing.let_time_pass(61)
        running = elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        elsewhere(link.extend).result()
        gate.open()
        assert running.result().error is None
    assert states([link]) == [LinkState.WAITING]
    assert not fresh(absent).failed
    assert fresh(group).n_active_participants == 2


@pytest.mark.parametrize("policy", ["fail", "leave", "release", lambda participant, link: "fail"])
def test_nobody_leaves_a_grouper_or_goes_on_alone_by_a_deadline_that_has_been_put_off(elsewhere, gate, policy):
    grouper = GatedGrouper("rps", gate, initial_group_size=2, min_group_size=1, on_timeout=policy, **ONCE)
    with testing.declared(grouper):
        [link] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.let_time_pass(61)
        running = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        elsewhere(link.extend).result()
        gate.open()
        assert running.result().error is None
    assert states([link]) == [LinkState.WAITING]
    assert link.participant.active_sync_groups == {}


def test_a_wait_that_is_being_ended_is_not_put_off(elsewhere, gate):
    """Catches: granting time to somebody who is told to leave; each has one outcome."""
    group = make_group(2, min_group_size=1)
    barrier = GatedGroupBarrier("choice", "rps", gate, on_member_timeout="go_on", **ONCE)
    with testing.declared(barrier):
        [link] = testing.arrive_all(members(group)[:1], "choice")
        testing.let_time_pass(61)
        running = elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        gate.open()
        running.result()
        with pytest.raises(Exception, match="no longer"):
            elsewhere(link.extend).result()
    assert states([link]) == [LinkState.RELEASED]

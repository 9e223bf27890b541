"""Faults that show only while somebody else is at work."""

from typing import Any

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, make_group, make_groups, members, states
from tests.interleavings.gated import GatedGrouper, GatedPool

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_an_arrival_does_not_wait_for_slow_callbacks(elsewhere, gate):
    slow, quick = make_groups(2)
    with testing.declared(GroupBarrier("choice", "rps", on_release=gate.pass_by)):
        testing.arrive_all(members(slow), "choice")
        elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        link = elsewhere(arrivals.arrive, members(quick)[0], "choice").result()
    assert states([link]) == [LinkState.WAITING]


def test_nobody_who_waits_is_locked_while_a_rule_of_the_site_decides(elsewhere, gate):
    with testing.declared(GatedPool("pool", gate)):
        links = testing.arrive_all(testing.make_participants(2), "pool")
        elsewhere(processing.process_barrier, "pool")
        gate.until_reached()
        assert elsewhere(links[0].participant.leave).result() is True
        elsewhere(links[1].release).result()
    assert states(links) == [LinkState.WITHDRAWN, LinkState.RELEASED]


def test_only_the_group_that_goes_is_locked_while_its_callback_runs(elsewhere, gate):
    slow, quick = make_groups(2)
    with testing.declared(GroupBarrier("choice", "rps", on_release=gate.pass_by)):
        testing.arrive_all(members(slow) + members(quick)[:1], "choice")
        elsewhere(processing.process_barrier, "choice", "", slow.pk)
        gate.until_reached()
        assert elsewhere(members(quick)[1].leave).result() is True


def test_two_top_ups_at_once_never_exceed_the_maximum(elsewhere, gate):
    group = make_group(2, max_group_size=3, join_existing_groups=True)
    sizes: dict[str, Any] = {"initial_group_size": 3, "join_existing_groups": True}
    with testing.declared(GatedGrouper("rps", gate, **sizes), SimpleGrouper("rps", id_="other", **sizes)):
        for place in ("rps_grouper", "other"):
            testing.arrive_all(testing.make_participants(1), place)
        running = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        elsewhere(processing.process_barrier, "other").result()
        gate.open()
        running.result()
    assert len(members(group)) == fresh(group).n_active_participants == 3

"""The shortest whole journey, without HTTP: arrive, be grouped, pass together, leave."""

import pytest

from syncgroups import testing
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState

pytestmark = pytest.mark.django_db


def test_two_people_are_grouped_scored_and_sent_on_their_ways():
    scored = []
    declarations = [
        SimpleGrouper("rps", initial_group_size=2),
        GroupBarrier("choice_made", "rps", on_release=lambda group, leader: scored.append((group, leader))),
        GroupCloser("rps"),
    ]
    with testing.declared(*declarations):
        pair = testing.make_participants(2)
        testing.arrive_all(pair, "rps_grouper")
        testing.process("rps_grouper")
        group = pair[0].sync_group
        assert pair[1].sync_group == group

        testing.arrive_all(pair, "choice_made")
        testing.process("choice_made")
        assert scored == [(group, group.leader)]

        closings = testing.arrive_all(pair, "closer_rps")
        testing.process("closer_rps")
        for closing in closings:
            closing.refresh_from_db()
            assert closing.state == LinkState.RELEASED
        group.refresh_from_db()
        assert not group.active
        assert all(person.finish() for person in pair)

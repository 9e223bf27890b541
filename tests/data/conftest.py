"""Fixtures of the tests of data out."""

import pytest

from syncgroups import arrivals, testing, verifying
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper


@pytest.fixture
def kept():
    """A pair, seen and present, of which one waits at the next barrier."""
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), GroupBarrier("choice", "rps")):
        pair = testing.make_participants(2, cohort="monday")
        for person in pair:
            arrivals.note_presence(person)
        testing.arrive_all(pair, "rps_grouper")
        testing.sweep()
        testing.arrive_all(pair[:1], "choice")
        testing.sweep()
        assert verifying.findings() == []
        yield pair

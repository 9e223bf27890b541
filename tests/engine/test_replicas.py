"""On a site whose router reads from a replica the engine looks where it writes: what it decides about is there only."""

import pytest
from django.test import override_settings

from syncgroups import arrivals, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState
from tests.engine.scenes import make_group, members, visits

pytestmark = pytest.mark.django_db


class ReadsElsewhere:
    """A router for reads from a database that is not there: whoever reads by it raises."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"


elsewhere = override_settings(DATABASE_ROUTERS=[f"{__name__}.{ReadsElsewhere.__name__}"])

VERBS = {
    "fail": lambda group, link: link.participant.fail("enough"),
    "finish": lambda group, link: link.participant.finish(),
    "leave": lambda group, link: arrivals.leave(link.participant, visit=link),
    "release": lambda group, link: link.release("enough"),
    "extend": lambda group, link: link.extend(),
    "close": lambda group, link: group.close("enough"),
    "settle": lambda group, link: group.check_numbers(),
    "elect": lambda group, link: arrivals.elect_leader(group),
    "pause": lambda group, link: arrivals.pause("meet"),
    "arrive": lambda group, link: testing.arrive_all([link.participant], "meet"),
}


@pytest.fixture
def declared():
    barrier = GroupBarrier("meet", "rps", max_wait_time=10, extensions=1, on_member_timeout="regroup")
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), barrier):
        yield


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_read_where_they_write(declared, verb):
    """Catches: a member who has ended, and for whom the others wait all the same: the replica did not know."""
    group = make_group(min_group_size=1)
    [link] = testing.arrive_all(members(group)[:1], "meet")
    assert link.participant
    with elsewhere:
        VERBS[verb](group, link)


def test_passes_read_where_they_write(declared):
    group = make_group()
    first, second = members(group)
    testing.arrive_all([first], "meet")
    testing.let_time_pass(11)
    with elsewhere:
        testing.process("meet")
        newcomers = testing.make_participants(1)
        testing.arrive_all(newcomers, "rps_grouper")
        testing.process("rps_grouper")
    assert [link.state for link in visits("meet")] == [LinkState.REGROUPED]
    assert set(first.sync_group.active_participants) == {first, *newcomers}
    second.refresh_from_db()
    assert second.failed

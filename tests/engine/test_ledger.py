"""For whom somebody waited, by name."""

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.ledger import waited_for
from tests.engine.scenes import fresh, make_group, members, number_of_queries

pytestmark = pytest.mark.django_db


class Held(Barrier):
    def choose_who_to_release(self, waiting_participants):
        return []


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=1000), Held("held")):
        yield


def told(visit):
    return [(person, round(seconds, -1)) for person, seconds in waited_for(fresh(visit))]


def test_each_who_comes_later_is_named_with_the_time_that_it_took():
    """Catches: naming who was there already, or counting from another moment than one's own arrival."""
    first, second, third = members(make_group(3))
    [early] = testing.arrive_all([first], "choice")
    testing.let_time_pass(30)
    [later] = testing.arrive_all([second], "choice")
    testing.let_time_pass(60)
    assert told(early) == [(third, 90), (second, 30)]
    assert told(later) == [(third, 60)]
    [last] = testing.arrive_all([third], "choice")
    testing.process("choice")
    testing.let_time_pass(500)
    assert told(early) == [(third, 90), (second, 30)]
    assert told(later) == [(third, 60)]
    assert told(last) == []


def test_who_left_the_group_was_waited_for_until_then():
    first, second, third = members(make_group(3, min_group_size=1))
    [link] = testing.arrive_all([first], "choice")
    testing.let_time_pass(40)
    second.fail("gone")
    testing.let_time_pass(40)
    assert told(link) == [(third, 80), (second, 40)]


def test_other_rounds_and_other_groups_do_not_count():
    """Catches: taking an earlier visit of a mate for this one."""
    first, second = members(make_group())
    testing.arrive_all([first, second], "choice", visit="1")
    testing.process("choice")
    testing.let_time_pass(100)
    [link] = testing.arrive_all([first], "choice", visit="2")
    testing.let_time_pass(20)
    testing.arrive_all(members(make_group()), "choice")
    assert told(link) == [(second, 20)]


def test_where_no_group_waits_nobody_is_named():
    [link] = testing.arrive_all(testing.make_participants(1), "held")
    assert told(link) == []


def test_it_takes_two_queries_however_many_there_are():
    counts = []
    for size in (2, 12):
        [link] = testing.arrive_all(members(make_group(size))[:1], "choice")
        counts.append(number_of_queries(waited_for, fresh(link)))
    assert counts == [2, 2]

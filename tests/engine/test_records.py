"""What passes and verbs leave on record, where nothing else would show it."""

import pytest

from syncgroups import arrivals, testing
from syncgroups.barriers import BELOW_MINIMUM, Barrier, GroupBarrier
from syncgroups.models import WakeUp
from tests.engine.scenes import fresh, make_group, members

pytestmark = pytest.mark.django_db


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


def test_a_group_that_fails_with_its_members_is_marked_as_failed():
    """Catches: a group that looks as if it had merely been closed."""
    group = make_group(size=3, min_group_size=3)
    members(group)[0].leave()
    with testing.declared(GroupBarrier("choice", "rps")):
        testing.arrive_all(members(group)[:1], "choice")
        testing.process("choice")
    group = fresh(group)
    assert (group.failed, group.failed_reason, group.active) == (True, BELOW_MINIMUM, False)
    assert group.time_of_death == group.end_time


def test_resuming_a_barrier_where_nobody_waits_says_that_it_was_paused():
    """Catches: telling a researcher that nothing was paused, because nobody has to be woken."""
    with testing.declared(Held("held")):
        assert arrivals.pause("held") is True
        assert arrivals.resume("held") is True
        assert arrivals.resume("held") is False


def test_looks_that_are_to_be_repeated_do_not_pile_up():
    """Catches: arranging the next look although one is arranged already."""
    with testing.declared(Held("held", recheck_interval=5)):
        for person in testing.make_participants(3):
            arrivals.arrive(person, "held")
            testing.process("held")
        assert WakeUp.objects.count() == 1

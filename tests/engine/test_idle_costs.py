"""Law 12: what has nothing to do costs the same however many wait."""

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.states import LinkState
from tests.engine.scenes import crowd, make_groups, number_of_queries, same_for_few_and_many

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_sweeps")]


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


@pytest.mark.parametrize("n", [10, 1000])
def test_an_idle_sweep_costs_eight_statements_at_most_however_many_wait(n):
    """Catches: a sweep that looks at who waits."""
    with testing.declared(Held("held"), SimpleGrouper("rps", initial_group_size=5000)):
        crowd(n // 2, "held")
        crowd(n // 2, "rps_grouper")
        testing.sweep()
        assert number_of_queries(processing.sweep) <= 7
    assert ParticipantLinkBarrier.objects.filter(state=LinkState.WAITING).count() == n


def test_an_idle_sweep_costs_the_same_with_ten_and_with_a_thousand_waiting():
    """Catches: a sweep that looks at who waits."""
    taken = []
    with testing.declared(Held("held")):
        for n in (10, 990):
            crowd(n, "held")
            taken.append(number_of_queries(processing.sweep))
    assert taken[0] == taken[1] > 0


def test_an_idle_sweep_costs_the_same_however_many_groups_there_are():
    """Catches: a recount of one group after the other."""

    def prepare(n):
        make_groups(n)
        return processing.sweep

    with testing.declared(GroupBarrier("choice", "rps")):
        same_for_few_and_many(prepare)


def test_a_pass_with_nothing_due_costs_the_same_however_many_wait():
    """Catches: looking before asking whether anything is due."""

    def prepare(n):
        crowd(n, "held")
        return lambda: processing.process_barrier("held")

    with testing.declared(Held("held")):
        processing.process_barrier("held")
        same_for_few_and_many(prepare)


def test_a_grouper_does_not_load_those_who_wait_while_they_are_too_few():
    """Catches: asking the rule, for which everybody is loaded, although it cannot say yes."""

    class Counting(SimpleGrouper):
        asked = 0
        minimum_waiting = 3

        def decide(self, waiting, joinable=()):
            self.asked += 1
            return super().decide(waiting, joinable)

    with testing.declared(grouper := Counting("rps", initial_group_size=3)):
        for asked in (0, 0, 1):
            testing.arrive_all(testing.make_participants(1), "rps_grouper")
            processing.process_barrier("rps_grouper")
            assert grouper.asked == asked


def test_one_arrival_at_a_grouper_that_cannot_group_costs_the_same_however_many_wait():
    """Catches: loading everybody who waits although too few do."""

    def prepare(n):
        crowd(n, "rps_grouper")
        [person] = testing.make_participants(1)

        def act():
            arrivals.arrive(person, "rps_grouper")
            processing.process_barrier("rps_grouper")

        return act

    with testing.declared(SimpleGrouper("rps", initial_group_size=100)):
        processing.process_barrier("rps_grouper")
        same_for_few_and_many(prepare)

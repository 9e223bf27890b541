"""Law 12: what the engine does costs the same number of statements for few and for many."""

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, get_participant_model
from syncgroups.states import TimeoutPolicy
from tests.engine.scenes import crowd, make_group, make_groups, members, same_for_few_and_many

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_sweeps")]


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


class Open(Barrier):
    """Lets everybody through."""

    def choose_who_to_release(self, waiting_participants):
        return waiting_participants


def forget_last_pass():
    """That a pass was made is stored once in a second."""
    BarrierRecord.objects.update(last_processed=None)


def test_arriving_costs_the_same_however_many_wait():
    """Catches: looking at the others in arrive()."""

    def prepare(n):
        crowd(n, "held")
        [person] = testing.make_participants(1)
        return lambda: arrivals.arrive(person, "held")

    with testing.declared(Held("held")):
        same_for_few_and_many(prepare)


def test_arriving_with_a_group_costs_the_same_however_large_it_is():
    """Catches: loading the members in arrive()."""

    def prepare(n):
        person = members(make_group(n))[0]
        return lambda: arrivals.arrive(person, "choice")

    with testing.declared(GroupBarrier("choice", "rps")):
        same_for_few_and_many(prepare)


@pytest.mark.parametrize("verb", ["fail", "leave", "finish"])
def test_ending_a_participation_costs_the_same_however_large_the_group(verb):
    """Catches: settling a group member by member."""

    def prepare(n):
        group = make_group(n + 1)
        testing.arrive_all(members(group), "choice")
        return getattr(members(group)[0], verb)

    with testing.declared(GroupBarrier("choice", "rps")):
        same_for_few_and_many(prepare)


@pytest.mark.parametrize("barrier", [GroupBarrier("choice", "rps"), GroupCloser("rps", id_="choice")])
def test_releasing_groups_costs_the_same_however_many_go(barrier):
    """Catches: one statement for each group, or for each member."""

    def prepare(n):
        groups = make_groups(n)
        testing.arrive_all(members(*groups), "choice")
        forget_last_pass()
        return lambda: processing.process_barrier("choice")

    with testing.declared(barrier):
        processing.process_barrier("choice")
        same_for_few_and_many(prepare)


@pytest.mark.parametrize("on_release", [None, lambda: None])
def test_releasing_a_group_costs_the_same_however_large_it_is(on_release):
    """Catches: one statement for each member."""

    def prepare(n):
        testing.arrive_all(members(make_group(n)), "choice")
        forget_last_pass()
        return lambda: processing.process_barrier("choice")

    with testing.declared(GroupBarrier("choice", "rps", on_release=on_release)):
        processing.process_barrier("choice")
        same_for_few_and_many(prepare)


def test_the_pass_of_one_group_costs_the_same_however_many_others_wait():
    """Catches: looking at every group that waits at the barrier."""

    def prepare(n):
        waiting = make_groups(n)
        testing.arrive_all([members(group)[0] for group in waiting], "choice")
        testing.process("choice")
        group = make_group()
        testing.arrive_all(members(group), "choice")
        return lambda: processing.process_barrier("choice", "", group.pk)

    with testing.declared(GroupBarrier("choice", "rps")):
        same_for_few_and_many(prepare)


def test_forming_groups_costs_the_same_however_many_are_formed():
    """Catches: one statement for each group, or for each member."""

    def prepare(n):
        testing.arrive_all(testing.make_participants(n), "rps_grouper")
        return lambda: processing.process_barrier("rps_grouper")

    with testing.declared(SimpleGrouper("rps", initial_group_size=2)):
        processing.process_barrier("rps_grouper")
        same_for_few_and_many(prepare)


def test_filling_places_costs_the_same_however_many_join():
    """Catches: one statement for each newcomer, or for each group with room."""

    def prepare(n):
        with testing.declared():
            groups = make_groups(n, join_existing_groups=True, max_group_size=3)
        testing.arrive_all(testing.make_participants(len(groups)), "rps_grouper")
        return lambda: processing.process_barrier("rps_grouper")

    grouper = SimpleGrouper("rps", initial_group_size=2, max_group_size=3, join_existing_groups=True, batch_size=99)
    with testing.declared(grouper):
        processing.process_barrier("rps_grouper")
        same_for_few_and_many(prepare)


def test_releasing_a_pool_costs_the_same_however_many_go():
    """Catches: one statement for each participant."""

    def prepare(n):
        testing.arrive_all(testing.make_participants(n), "open")
        return lambda: processing.process_barrier("open")

    with testing.declared(Open("open")):
        processing.process_barrier("open")
        same_for_few_and_many(prepare)


@pytest.mark.parametrize("policy", TimeoutPolicy.values)
def test_ending_waits_at_their_deadline_costs_the_same_however_many_end(policy):
    """Catches: one statement for each participant."""

    def prepare(n):
        testing.arrive_all(testing.make_participants(n), "held")
        processing.process_barrier("held")
        testing.let_time_pass(21)
        return processing.sweep

    with testing.declared(Held("held", max_wait_time=20, on_timeout=policy)):
        same_for_few_and_many(prepare)


def test_ending_the_visits_of_people_who_are_gone_costs_the_same_however_many_end():
    """Catches: one statement for each of them."""

    def prepare(n):
        links = testing.arrive_all(testing.make_participants(n), "held")
        people = get_participant_model()._default_manager
        people.filter(barrier_links__in=links).update(failed=True, failed_reason="by the site")
        return processing.sweep

    with testing.declared(Held("held")):
        processing.process_barrier("held")
        same_for_few_and_many(prepare)
    assert not ParticipantLinkBarrier.objects.waiting().exists()


def test_pausing_and_resuming_cost_the_same_however_many_wait():
    """Catches: putting off one deadline after the other."""

    def prepare(n):
        testing.arrive_all(members(*make_groups(n)), "choice")

        def act():
            arrivals.pause("choice")
            arrivals.resume("choice")

        return act

    with testing.declared(GroupBarrier("choice", "rps")):
        processing.process_barrier("choice")
        same_for_few_and_many(prepare)

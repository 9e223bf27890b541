"""Barrier: a waiting area, and a rule of the site's own that says who may go on."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier
from syncgroups.states import LinkState, PassOutcome

from .journeys import last_visit, reloaded, state_at, waits

pytestmark = pytest.mark.django_db


class FirstOnly(Barrier):
    """Lets go whoever has waited longest."""

    def choose_who_to_release(self, waiting_participants):
        return waiting_participants[:1] if len(waiting_participants) > 1 else []


class Nobody(Barrier):
    """Lets nobody go."""

    def choose_who_to_release(self, waiting_participants):
        return []


def test_a_barrier_of_ones_own_releases_whom_its_rule_names_and_nobody_else():
    with testing.declared(FirstOnly("b")):
        first, second = testing.make_participants(2)
        testing.arrive_all([first, second], "b")
        testing.process("b")
        assert state_at(first, "b") == LinkState.RELEASED
        assert waits(second, "b")


def test_the_rule_is_shown_those_who_wait_in_order_of_arrival():
    seen = []

    class Watching(Nobody):
        def choose_who_to_release(self, waiting_participants):
            seen.extend(waiting_participants)
            return []

    with testing.declared(Watching("b")):
        older, younger = testing.make_participants(2)
        testing.arrive_all([younger, older], "b")
        testing.process("b")
    assert seen == [younger, older]


def test_barriers_with_the_same_id_share_a_waiting_area():
    with testing.declared(Nobody("b")):
        here, there = testing.make_participants(2)
        testing.arrive_all([here], "b", visit="round 1")
        testing.arrive_all([there], "b", visit="round 7")
        assert Barrier("b").get_waiting_participants() == [here, there]


def test_get_waiting_participants_excludes_failed():
    with testing.declared(Nobody("b")):
        failed, staying = testing.make_participants(2)
        testing.arrive_all([failed, staying], "b")
        type(failed)._default_manager.filter(pk=failed.pk).update(failed=True)
        assert Barrier("b").get_waiting_participants() == [staying]


@pytest.mark.parametrize("status", ["finished", "left"])
def test_get_waiting_participants_excludes_who_is_not_working(status):
    with testing.declared(Nobody("b")):
        gone, staying = testing.make_participants(2)
        testing.arrive_all([gone, staying], "b")
        type(gone)._default_manager.filter(pk=gone.pk).update(status=status)
        assert Barrier("b").get_waiting_participants() == [staying]


def test_get_waiting_participants_excludes_who_was_released():
    with testing.declared(FirstOnly("b")):
        first, second = testing.make_participants(2)
        testing.arrive_all([first, second], "b")
        testing.process("b")
        assert Barrier("b").get_waiting_participants() == [second]


def test_get_waiting_participants_excludes_other_barriers():
    with testing.declared(Nobody("b"), Nobody("c")):
        here, there = testing.make_participants(2)
        testing.arrive_all([here], "b")
        testing.arrive_all([there], "c")
        assert Barrier("b").get_waiting_participants() == [here]


def test_waiting_participants_are_found_by_the_barriers_id_alone():
    with testing.declared(Nobody("b")):
        people = testing.make_participants(2)
        testing.arrive_all(people, "b")
        assert Barrier.get_waiting_participants_from_barrier_id("b") == people
        assert Barrier.get_waiting_participants_from_barrier_id("c") == []


def test_get_waiting_participants_for_update_finds_the_same_people():
    with testing.declared(Nobody("b")):
        people = testing.make_participants(2)
        testing.arrive_all(people, "b")
        assert Barrier("b").get_waiting_participants(for_update=True) == people


def test_a_participant_who_waits_cannot_exit_and_one_who_was_released_can():
    barrier = Nobody("b")
    with testing.declared(barrier):
        (person,) = testing.make_participants(1)
        assert barrier.can_participant_exit(person)
        barrier.receive_participant(person)
        assert not barrier.can_participant_exit(person)
        barrier.release(person)
        assert barrier.can_participant_exit(person)


def test_receiving_a_participant_opens_a_visit():
    barrier = Nobody("b")
    with testing.declared(barrier):
        (person,) = testing.make_participants(1)
        link = barrier.receive_participant(person)
        assert person.active_barriers == {"b": link}
        assert (link.barrier_id, link.participant, link.released) == ("b", person, False)


def test_the_visit_says_when_it_began_and_when_it_ended():
    barrier = Nobody("b")
    with testing.declared(barrier):
        (person,) = testing.make_participants(1)
        link = barrier.receive_participant(person)
        assert link.arrival_time is not None
        assert link.departure_time is None
        barrier.release(person)
        assert reloaded(link).departure_time >= link.arrival_time


def test_release_lets_go_of_one_participant_whatever_the_rule_says():
    barrier = Nobody("b")
    with testing.declared(barrier):
        person, other = testing.make_participants(2)
        testing.arrive_all([person, other], "b")
        barrier.release(person)
        assert state_at(person, "b") == LinkState.RELEASED
        assert waits(other, "b")


def test_process_potential_releases_asks_the_rule_at_once():
    barrier = FirstOnly("b")
    with testing.declared(barrier):
        people = testing.make_participants(3)
        testing.arrive_all(people, "b")
        assert barrier.process_potential_releases() == PassOutcome.DONE
        assert barrier.process_potential_releases() == PassOutcome.DONE
        assert [state_at(person, "b") for person in people] == [LinkState.RELEASED] * 2 + [LinkState.WAITING]


def test_who_waits_longer_than_the_limit_is_failed():
    with testing.declared(Nobody("b", max_wait_time=30)):
        (person,) = testing.make_participants(1)
        testing.arrive_all([person], "b")
        testing.let_time_pass(31)
        testing.sweep()
        stored = reloaded(person)
        assert stored.failed
        assert "b" in stored.failed_reason
        assert last_visit(person, "b").state == LinkState.TIMED_OUT


def test_who_waits_shorter_than_the_limit_is_not_failed():
    with testing.declared(Nobody("b", max_wait_time=30)):
        (person,) = testing.make_participants(1)
        testing.arrive_all([person], "b")
        testing.let_time_pass(29)
        testing.sweep()
        assert not reloaded(person).failed
        assert waits(person, "b")


def test_a_participant_may_come_again_after_being_released():
    barrier = Nobody("b")
    with testing.declared(barrier):
        (person,) = testing.make_participants(1)
        first = barrier.receive_participant(person)
        barrier.release(person)
        second = barrier.receive_participant(person)
        assert second != first
        assert waits(person, "b")

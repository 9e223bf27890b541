"""Whoever is let through is announced, wherever and for whatever reason: sites write down what comes next."""

import pytest

from syncgroups import arrivals, signals, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from tests.engine.scenes import make_group, members, states

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

PAIRS = SimpleGrouper("rps", id_="pairs", initial_group_size=2)
TRIOS = SimpleGrouper("rps", id_="trios", initial_group_size=3)
CHOICE = GroupBarrier("choice", "rps", max_wait_time=600)
LATER = GroupBarrier("later", "rps", max_wait_time=600)


@pytest.fixture
def released():
    """Who has been let through where, with which group."""
    told = []

    def note(sender, barrier_id, participants, group, **facts):
        told.extend((barrier_id, pk, group) for pk in participants)

    signals.released.connect(note)
    with testing.declared(PAIRS, TRIOS, CHOICE, LATER):
        yield told
    signals.released.disconnect(note)


def test_who_is_grouped_is_let_through_where_else_they_waited_for_it(released):
    people = testing.make_participants(2)
    [elsewhere] = testing.arrive_all(people[:1], "trios")
    testing.arrive_all(people, "pairs")
    testing.process("pairs")
    assert states([elsewhere]) == ["released"]
    assert sorted(released) == sorted([("trios", people[0].pk, None), *(("pairs", p.pk, None) for p in people)])


def test_who_is_added_to_a_group_by_hand(released):
    group = make_group(2, max_group_size=3)
    released.clear()
    [person] = testing.make_participants(1)
    testing.arrive_all([person], "trios")
    group.add(person)
    assert released == [("trios", person.pk, None)]


def test_who_waits_with_a_group_that_is_closed(released):
    group = make_group(2)
    released.clear()
    [person, _] = members(group)
    testing.arrive_all([person], "choice")
    group.close("it is over")
    testing.sweep()
    assert released == [("choice", person.pk, group.pk)]


def test_all_who_wait_with_a_group_are_let_through_by_hand(released):
    group = make_group(2)
    released.clear()
    links = testing.arrive_all(members(group)[:1], "choice") + testing.arrive_all(members(group)[1:], "later")
    assert arrivals.release_group(group, "go on", by="ann")
    assert states(links) == ["released"] * 2
    assert sorted(released) == sorted((link.barrier_id, link.participant_id, group.pk) for link in links)
    assert not arrivals.release_group(group, "again", by="ann")


def test_who_is_let_through_by_hand_with_a_group(released):
    group = make_group(2)
    released.clear()
    [link] = testing.arrive_all(members(group)[:1], "choice")
    link.release("go on", by="ann")
    assert released == [("choice", link.participant_id, group.pk)]

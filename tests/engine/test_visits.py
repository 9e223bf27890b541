"""Law 8: arriving twice is arriving once, and a page that is opened again never starts a new wait."""

import pytest

from syncgroups import signals, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import AlreadyInGroup, InvalidVisit, NotInGroup
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, make_group, members, states

pytestmark = pytest.mark.django_db


class Open(Barrier):
    """Lets everybody through."""

    def choose_who_to_release(self, waiting_participants):
        return waiting_participants


@pytest.fixture
def person():
    [person] = testing.make_participants(1)
    return person


@pytest.mark.parametrize("visit", [None, "", "round 1"])
def test_a_second_arrival_finds_the_open_visit_as_it_is(person, visit):
    """Catches: a second visit; a deadline or a place in the queue that begins anew."""
    with testing.declared(Open("lobby")):
        [first] = testing.arrive_all([person], "lobby", visit=visit)
        testing.let_time_pass(5)
        before = fresh(first)
        [second] = testing.arrive_all([person], "lobby", visit=visit)
    assert second == first
    assert (fresh(first).deadline, fresh(first).arrival_time) == (before.deadline, before.arrival_time)
    assert ParticipantLinkBarrier.objects.count() == 1


@pytest.mark.parametrize("visit", ["", "round 1"])
def test_a_page_that_is_opened_again_after_the_release_finds_it_and_waits_no_more(person, visit):
    """Catches: a refresh that strands a participant who was let through."""
    with testing.declared(Open("lobby")):
        [link] = testing.arrive_all([person], "lobby", visit=visit)
        testing.process("lobby")
        [again] = testing.arrive_all([person], "lobby", visit=visit)
    assert again == link
    assert again.state == LinkState.RELEASED


def test_another_visit_waits_anew(person):
    """Catches: one visit for all rounds."""
    with testing.declared(Open("lobby")):
        [first] = testing.arrive_all([person], "lobby", visit="round 1")
        testing.process("lobby")
        [second] = testing.arrive_all([person], "lobby", visit="round 2")
    assert states([first, second]) == [LinkState.RELEASED, LinkState.WAITING]


def test_an_unnamed_visit_that_has_ended_does_not_stand_for_the_next(person):
    """Catches: taking the absence of a name for a name."""
    with testing.declared(Open("lobby")):
        [first] = testing.arrive_all([person], "lobby")
        testing.process("lobby")
        [second] = testing.arrive_all([person], "lobby")
    assert states([first, second]) == [LinkState.RELEASED, LinkState.WAITING]


def test_while_a_visit_is_open_another_one_finds_it(person):
    """Catches: a violated constraint where a participant has two pages open."""
    with testing.declared(Open("lobby")):
        [first] = testing.arrive_all([person], "lobby", visit="round 1")
        [second] = testing.arrive_all([person], "lobby", visit="round 2")
    assert second == first


def test_somebody_who_failed_finds_the_visit_that_ended(person):
    """Catches: an error where the page wants to say how the wait ended."""
    with testing.declared(Open("lobby")):
        [link] = testing.arrive_all([person], "lobby", visit="round 1")
        person.fail("closed the tab")
        [again] = testing.arrive_all([person], "lobby", visit="round 1")
    assert again == link
    assert again.state == LinkState.FAILED


def test_arriving_at_a_grouper_with_a_group_of_its_type_is_refused():
    """Catches: two active groups of one type."""
    with testing.declared(SimpleGrouper("rps", initial_group_size=2)), pytest.raises(AlreadyInGroup, match="rps"):
        testing.arrive_all(members(make_group())[:1], "rps_grouper")
    assert ParticipantLinkBarrier.objects.at("rps_grouper").waiting().count() == 0


def test_arriving_at_a_group_barrier_without_a_group_is_refused(person):
    """Catches: a wait for nobody."""
    with testing.declared(GroupBarrier("choice", "rps")), pytest.raises(NotInGroup, match="rps"):
        testing.arrive_all([person], "choice")
    assert not ParticipantLinkBarrier.objects.exists()


def test_arriving_at_a_group_barrier_with_a_closed_group_is_refused():
    """Catches: counting groups that are over."""
    group = make_group()
    people = members(group)
    group.close()
    with testing.declared(GroupBarrier("choice", "rps")), pytest.raises(NotInGroup):
        testing.arrive_all(people[:1], "choice")


@pytest.mark.django_db(transaction=True)
def test_an_arrival_is_announced_once_and_after_it_is_committed(person):
    """Catches: announcing each refresh."""
    seen = []
    signals.arrived.connect(receiver := lambda link, **facts: seen.append(fresh(link)))
    with testing.declared(Open("lobby")):
        [link] = testing.arrive_all([person], "lobby")
        testing.arrive_all([person], "lobby")
    signals.arrived.disconnect(receiver)
    assert seen == [link]


@pytest.mark.parametrize("visit", ["x" * 101, "round\x001"], ids=["long", "NUL"])
def test_a_visit_whose_name_cannot_be_stored_is_refused(person, visit):
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)), pytest.raises(InvalidVisit):
        testing.arrive_all([person], "pair_grouper", visit=visit)
    assert not ParticipantLinkBarrier.objects.exists()

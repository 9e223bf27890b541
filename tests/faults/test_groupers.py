"""Faults that grouping had elsewhere."""

import pytest

from syncgroups import testing
from syncgroups.decisions import GroupProposal
from syncgroups.exceptions import ImpossibleDeclaration
from syncgroups.groupers import Grouper, SimpleGrouper
from syncgroups.models import BarrierRecord, SyncGroup
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, groups_of, make_group, members, states, visits

pytestmark = pytest.mark.django_db


def taking_newcomers(size=2, maximum=3, **kwargs):
    return SimpleGrouper("rps", initial_group_size=size, max_group_size=maximum, join_existing_groups=True, **kwargs)


def test_a_top_up_never_joins_a_closed_group():
    closed = make_group(2, max_group_size=3, join_existing_groups=True)
    closed.close()
    with testing.declared(taking_newcomers()):
        [newcomer] = testing.make_participants(1)
        testing.arrive_all([newcomer], "rps_grouper")
        testing.process("rps_grouper")
    assert groups_of(newcomer) == []
    assert states(visits("rps_grouper", newcomer)) == [LinkState.WAITING]


def test_a_top_up_never_exceeds_the_maximum():
    group = make_group(2, max_group_size=3, join_existing_groups=True)
    with testing.declared(taking_newcomers(size=3, maximum=3)):
        newcomers = testing.make_participants(2)
        testing.arrive_all(newcomers, "rps_grouper")
        testing.process("rps_grouper")
    assert len(members(group)) == 3
    assert [len(groups_of(newcomer)) for newcomer in newcomers] == [1, 0], "first come, first served"


@pytest.mark.parametrize("together", [True, False])
def test_a_top_up_chooses_the_smallest_then_oldest_where_several_groups_have_room(together):
    room = {"join_existing_groups": True, "max_group_size": 3}
    larger, older, younger = make_group(2, **room), make_group(2, **room), make_group(2, **room)
    for group in (older, younger):
        members(group)[0].leave()
    with testing.declared(taking_newcomers()):
        newcomers = testing.make_participants(3)
        for arriving in [newcomers] if together else [[newcomer] for newcomer in newcomers]:
            testing.arrive_all(arriving, "rps_grouper")
            testing.process("rps_grouper")
    assert [groups_of(newcomer) for newcomer in newcomers] == [[older], [younger], [larger]]


def test_people_who_wait_already_fill_a_place_that_becomes_free():
    grouper = taking_newcomers(size=2, maximum=2)
    with testing.declared(grouper):
        first = testing.make_participants(2)
        testing.arrive_all(first, grouper.id)
        testing.process(grouper.id)
        [patient] = testing.make_participants(1)
        testing.arrive_all([patient], grouper.id)
        testing.process(grouper.id)
        assert groups_of(patient) == []
        first[0].fail("closed the tab")
        testing.sweep()
    assert members(first[1].sync_group) == [first[1], patient]
    assert states(visits(grouper.id, patient)) == [LinkState.RELEASED]


def test_people_who_came_first_are_grouped_first():
    late, early, middle = testing.make_participants(3)
    with testing.declared(SimpleGrouper("rps", initial_group_size=2, batch_size=3)):
        for participant in (early, middle, late):
            testing.arrive_all([participant], "rps_grouper")
        testing.process("rps_grouper")
    assert groups_of(early) == groups_of(middle) != []
    assert groups_of(late) == [], "a lower id is no earlier place in the queue"


def test_a_batch_size_is_a_threshold_and_leftovers_keep_their_place():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2, batch_size=4)):
        people = testing.make_participants(7)
        testing.arrive_all(people[:3], "rps_grouper")
        testing.process("rps_grouper")
        assert not SyncGroup.objects.exists()
        testing.arrive_all(people[3:], "rps_grouper")
        testing.process("rps_grouper")
    assert SyncGroup.objects.count() == 3
    assert [bool(groups_of(person)) for person in people] == [True] * 6 + [False]


def test_a_batch_that_could_never_be_grouped_is_refused_at_declaration():
    with pytest.raises(ImpossibleDeclaration, match="batch_size"):
        SimpleGrouper("rps", initial_group_size=4, batch_size=3)


class Answers(Grouper):
    """Proposes whatever it was told to."""

    def __init__(self, answer):
        super().__init__("rps")
        self.answer = answer

    def ready_to_group(self, participants):
        return True

    def group(self, participants):
        return self.answer(participants)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (lambda people: people, "list of GroupProposal"),
        (lambda people: GroupProposal(members=people), "list of GroupProposal"),
        (lambda people: [GroupProposal(members=[people[0], people[0]])], "2 times"),
        (lambda people: [GroupProposal(people), GroupProposal(people)], "2 times"),
        (lambda people: [GroupProposal(members=[])], "no members"),
        (lambda people: [GroupProposal(people, min_group_size=3)], "1 <= min"),
        (lambda people: [GroupProposal(people, max_group_size=1)], "1 <= min"),
        (lambda people: [GroupProposal(people, initial_group_size=3, min_group_size=3)], "outside of its bounds"),
        (lambda people: [GroupProposal(people[:1], leader=people[1])], "not one of its members"),
        (lambda people: None, "list of GroupProposal"),
    ],
)
def test_a_proposal_that_cannot_be_stored_moves_nobody_and_says_what_is_wrong(answer, fault):
    with testing.declared(Answers(answer)):
        links = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        assert testing.process("rps_grouper") == PassOutcome.FAILED
    assert states(links) == [LinkState.WAITING] * 2
    assert not SyncGroup.objects.exists()
    error = BarrierRecord.objects.get().last_error
    assert "'rps_grouper'" in error
    assert fault in error


def test_a_proposal_of_somebody_who_does_not_wait_moves_nobody():
    [stranger] = testing.make_participants(1)
    with testing.declared(Answers(lambda people: [GroupProposal(members=[*people, stranger])])):
        links = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        assert testing.process("rps_grouper") == PassOutcome.FAILED
    assert states(links) == [LinkState.WAITING] * 2
    assert "not waiting here" in BarrierRecord.objects.get().last_error
    assert not fresh(stranger).active_sync_groups

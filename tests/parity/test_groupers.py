"""Grouper: a subclass says when groups are formed, of whom, and who leads."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.decisions import GroupProposal
from syncgroups.groupers import Grouper
from syncgroups.models import BarrierRecord, SyncGroup
from syncgroups.states import LinkState, PassOutcome

from .journeys import GROUPER, state_at, waits

pytestmark = pytest.mark.django_db


class Ends(Grouper):
    """Puts together who came first and who came last of at least three."""

    def ready_to_group(self, participants):
        return len(participants) >= 3

    def group(self, participants):
        return [GroupProposal([participants[0], participants[-1]])]


def arrived(n):
    people = testing.make_participants(n)
    testing.arrive_all(people, GROUPER)
    return people


def test_a_grouper_of_ones_own_forms_the_groups_it_proposes():
    with testing.declared(Ends("pair")):
        first, middle, last = arrived(3)
        testing.process(GROUPER)
        group = SyncGroup.objects.get()
        assert group.active_participants == [first, last]
        assert (group.group_type, group.type) == ("pair", "SyncGroup")
        assert waits(middle, GROUPER)


def test_whoever_is_grouped_is_released():
    with testing.declared(Ends("pair")):
        first, _, last = arrived(3)
        testing.process(GROUPER)
        assert state_at(first, GROUPER) == state_at(last, GROUPER) == LinkState.RELEASED


def test_nobody_is_grouped_while_the_grouper_is_not_ready():
    with testing.declared(Ends("pair")):
        people = arrived(2)
        testing.process(GROUPER)
        assert not SyncGroup.objects.exists()
        assert all(waits(person, GROUPER) for person in people)


def test_the_leader_is_one_of_the_members():
    with testing.declared(Ends("pair")):
        first, _, last = arrived(3)
        testing.process(GROUPER)
        assert SyncGroup.objects.get().leader in {first, last}


def test_select_leader_chooses_at_random():
    people = testing.make_participants(3)
    assert {Grouper("pair").select_leader(people) for _ in range(200)} == set(people)


def test_select_leader_can_be_overridden():
    class LastLeads(Ends):
        def select_leader(self, participants):
            return participants[-1]

    with testing.declared(LastLeads("pair")):
        *_, last = arrived(3)
        testing.process(GROUPER)
        assert SyncGroup.objects.get().leader == last


def test_a_proposal_may_name_the_leader_itself():
    class FirstLeads(Ends):
        def group(self, participants):
            return [GroupProposal(participants, leader=participants[0])]

    with testing.declared(FirstLeads("pair")):
        first, *_ = arrived(3)
        testing.process(GROUPER)
        assert SyncGroup.objects.get().leader == first


def test_a_proposal_may_bring_details_for_its_group():
    class Themed(Ends):
        def group(self, participants):
            return [GroupProposal(participants, details={"theme": "red"})]

    with testing.declared(Themed("pair")):
        arrived(3)
        testing.process(GROUPER)
        assert SyncGroup.objects.get().details == {"theme": "red"}


def test_one_pass_may_form_several_groups():
    class Alone(Ends):
        def group(self, participants):
            return [GroupProposal([participant]) for participant in participants]

    with testing.declared(Alone("pair")):
        people = arrived(3)
        testing.process(GROUPER)
        groups = SyncGroup.objects.order_by("pk")
        assert [group.active_participants for group in groups] == [[person] for person in people]


@pytest.mark.parametrize("answer", [None, "pair", (), [["a", "b"]]], ids=repr)
def test_group_must_return_a_list_of_groups(answer):
    class Wrong(Ends):
        def group(self, participants):
            return answer

    with testing.declared(Wrong("pair")):
        people = arrived(3)
        with pytest.raises(ValueError, match="must return a list of GroupProposal"):
            Wrong("pair").choose_who_to_release(people)
        assert testing.process(GROUPER) == PassOutcome.FAILED
        assert "must return a list" in BarrierRecord.objects.get().last_error
        assert all(waits(person, GROUPER) for person in people)


def test_choose_who_to_release_names_everybody_who_is_grouped():
    with testing.declared(Ends("pair")):
        first, middle, last = testing.make_participants(3)
        assert Ends("pair").choose_who_to_release([first, middle, last]) == [first, last]
        assert Ends("pair").choose_who_to_release([first, middle]) == []

"""What is done to somebody is found with them, and with their group: in the admin, by the API and in exports."""

import pytest

from syncgroups import operating, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import AuditEntry
from syncgroups.states import Verb
from tests.engine.scenes import make_groups, members, number_of_queries

pytestmark = pytest.mark.django_db

ORDER = {"reason": "fire alarm", "by": "ada"}


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), GroupBarrier("choice", "rps")):
        yield


@pytest.fixture
def group():
    return make_groups(1, size=3, max_group_size=None, min_group_size=1)[0]


@pytest.fixture
def newcomer():
    return testing.make_participants(1)[0]


def of_person(person):
    return [entry.verb for entry in AuditEntry.objects.filter(participant=person).order_by("pk")]


def of_group(group):
    return [entry.verb for entry in AuditEntry.objects.filter(sync_group=group).order_by("pk")]


def test_who_comes_in_and_who_goes_out_is_said(group, newcomer):
    """Catches: an entry that says by a short name only to whom something was done."""
    operating.add_member(group, newcomer, **ORDER)
    operating.elect_leader(group, newcomer, **ORDER)
    entry = operating.remove_member(group, newcomer, **ORDER)
    done = [Verb.ADD_MEMBER, Verb.ELECT_LEADER, Verb.REMOVE_MEMBER]
    assert of_person(newcomer) == of_group(group) == done
    assert entry.details["participant_ids"] == [str(newcomer.public_id)]
    assert entry.details["participants"] == [str(newcomer)]


def test_a_move_is_found_with_both_groups(group):
    [to] = make_groups(1, max_group_size=None)
    person = members(group)[0]
    entry = operating.move_member(person, group, to, **ORDER)
    assert of_person(person) == of_group(group) == of_group(to) == [Verb.MOVE_MEMBER]
    there = AuditEntry.objects.get(sync_group=to)
    assert str(person) in there.after["members"]
    assert str(person) not in there.before["members"]
    assert entry.details["to_id"] == str(to.public_id)


@pytest.mark.parametrize(("then", "ending"), [("working", []), ("left", [Verb.LEAVE]), ("failed", [Verb.FAIL])])
def test_a_replacement_is_found_with_both_and_its_end_with_whom_it_ends(group, newcomer, then, ending):
    """Catches: a participation that is ended without an entry that says so."""
    out = members(group)[0]
    operating.replace_member(group, out, newcomer, then=then, **ORDER)
    assert of_person(out) == [*ending, Verb.REPLACE_MEMBER]
    assert of_person(newcomer) == of_group(group) == [Verb.REPLACE_MEMBER]
    for entry in AuditEntry.objects.filter(verb__in=ending):
        assert entry.after["status"] == then
        assert entry.reason == "fire alarm"


def test_a_group_formed_by_hand_is_found_with_everybody_in_it():
    """Catches: an entry about the grouper alone, which has not changed."""
    people = testing.make_participants(2)
    testing.arrive_all(people, "rps_grouper")
    entry = operating.form_group("rps_grouper", "", people, **ORDER)
    assert [of_person(person) for person in people] == [[Verb.FORM_GROUP]] * 2
    assert of_group(entry.sync_group) == [Verb.FORM_GROUP]
    assert entry.after["members"] == ", ".join(map(str, people))
    assert not entry.before["members"]
    assert AuditEntry.objects.get(participant=people[0]).after["groups"] == str(entry.sync_group)


def test_writing_that_down_costs_the_same_for_2_and_for_20():
    """Catches: an entry at a time."""

    def form(n):
        people = testing.make_participants(n)
        testing.arrive_all(people, "rps_grouper")
        return number_of_queries(operating.form_group, "rps_grouper", "", people, **ORDER)

    form(2)
    assert form(2) == form(20)

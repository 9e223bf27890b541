"""Somebody whose group could not go on is grouped anew, and then waits at the same barriers as everybody else."""

import pytest

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def declared():
    grouper = SimpleGrouper("rps", initial_group_size=2, max_wait_time=600)
    with testing.declared(grouper, GroupBarrier("choice", "rps", max_wait_time=30, on_member_timeout="regroup")):
        yield


@pytest.fixture
def sent_back(declared):
    """The visit of somebody whose partner has not come."""
    people = testing.make_participants(2)
    testing.arrive_all(people, "rps_grouper", visit="")
    testing.process("rps_grouper")
    [link] = testing.arrive_all(people[:1], "choice", visit="1")
    testing.let_time_pass(31)
    testing.sweep()
    assert states([link]) == [LinkState.REGROUPED]
    return link


def group_anew(person):
    """Somebody new comes, and is the partner."""
    newcomers = testing.make_participants(1)
    testing.arrive_all(newcomers, "rps_grouper", visit="")
    testing.process("rps_grouper")
    assert person.active_sync_groups
    return newcomers


def test_the_same_visit_is_made_anew_with_the_new_group(sent_back):
    """Fails when the visit that ended stands for the new one: its page leads to the grouper's, which leads back."""
    person = sent_back.participant
    others = group_anew(person)
    [again] = testing.arrive_all([person], "choice", visit="1")
    assert again.pk != sent_back.pk
    assert (again.state, again.sync_group) == (LinkState.WAITING, person.sync_group)
    testing.arrive_all(others, "choice", visit="1")
    testing.process("choice")
    assert states([again, sent_back]) == [LinkState.RELEASED, LinkState.REGROUPED]


def test_until_there_is_a_new_group_the_visit_stays_the_one_that_ended(sent_back):
    """Fails when the page that was left behind, reloaded, answers with an error instead of leading to the grouper."""
    [again] = testing.arrive_all([sent_back.participant], "choice", visit="1")
    assert again == sent_back
    assert ParticipantLinkBarrier.objects.at("choice").count() == 1


def test_the_visit_made_anew_is_made_once(sent_back):
    person = sent_back.participant
    others = group_anew(person)
    visits = [testing.arrive_all([person], "choice", visit="1")[0] for _ in range(2)]
    assert visits[0] == visits[1]
    testing.arrive_all(others, "choice", visit="1")
    testing.process("choice")
    [afterwards] = testing.arrive_all([person], "choice", visit="1")
    assert afterwards == fresh(visits[0])
    assert afterwards.state == LinkState.RELEASED


def test_while_another_visit_is_open_that_one_is_found(sent_back):
    """Fails when a page of before, in a second tab, sends somebody who waits with a new group back to the grouper."""
    group_anew(sent_back.participant)
    [open_one] = testing.arrive_all([sent_back.participant], "choice", visit="2")
    [found] = testing.arrive_all([sent_back.participant], "choice", visit="1")
    assert found == open_one


def test_another_tab_that_came_as_they_were_sent_back_is_sent_back_too(sent_back):
    """Catches: a page that goes on without a group, since its arrival was stored a moment too late."""
    person = sent_back.participant
    late = ParticipantLinkBarrier.objects.create(
        participant=person, barrier_id="choice", sync_group=sent_back.sync_group, deadline=sent_back.deadline
    )
    testing.let_time_pass(31)
    testing.sweep()
    assert states([late, sent_back]) == [LinkState.REGROUPED] * 2
    assert fresh(late).reason == fresh(sent_back).reason
    assert fresh(person).is_active


def test_who_has_come_into_the_group_again_is_sent_back_no_longer(sent_back):
    """Catches: a page that leads to the grouper's, which leads on to this one, for they were sent back once."""
    person = sent_back.participant
    group_anew(person)
    group = person.sync_group
    # As if it were that group to which they had belonged before, and not another one.
    ParticipantLinkBarrier.objects.filter(pk=sent_back.pk).update(sync_group=group)
    testing.let_time_pass(1)
    [link] = testing.arrive_all([person], "choice", visit="2")
    group.close("over")
    testing.sweep()
    assert states([link]) == [LinkState.RELEASED]

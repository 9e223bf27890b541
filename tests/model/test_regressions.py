"""What the machine has found, as the steps that it took, and what it comes across too seldom to be relied upon."""

import pytest

from syncgroups import processing
from syncgroups.models import WakeUp
from syncgroups.processing import Unit

from .driver import Driver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site():
    site = Driver()
    yield site
    site.close()


def test_who_is_grouped_at_one_grouper_makes_the_others_ready_at_another(site):
    """Catches: ending visits at another grouper without waking it: its rule sees fewer people."""
    people = [site.newcomer("morning") for _ in range(4)]
    for person in people:
        site.arrive(person, "few_pair_grouper")
    site.sweep()
    for person in people[:2]:
        site.arrive(person, "pair_grouper")
    site.sweep()
    site.end_every_wait()


def test_who_is_added_to_a_group_makes_the_others_ready_at_a_grouper(site):
    """Catches: ending visits at groupers without waking them."""
    mate, gone, *people = (site.newcomer("morning") for _ in range(6))
    for person in (mate, gone):
        site.arrive(person, "pair_grouper")
    site.sweep()
    site.end(gone, "leave")
    for person in people:
        site.arrive(person, "few_pair_grouper")
    site.sweep()
    site.add(1, people[0])
    site.end_every_wait()


def test_who_times_out_makes_the_others_ready(site):
    """Catches: ending waits without waking the barrier: its rule sees fewer people."""
    first, *others = (site.newcomer("morning") for _ in range(4))
    site.arrive(first, "few_pair_grouper")
    site.sweep()
    site.pass_time(2)
    for person in others:
        site.arrive(person, "few_pair_grouper")
    site.sweep()
    site.check()
    site.pass_time(2)
    site.sweep()
    site.check()
    site.end_every_wait()


def test_who_falls_silent_makes_the_others_ready(site):
    """Catches: lapses that wake nobody: where only the present are matched, the rule sees fewer people."""
    people = [site.newcomer("morning") for _ in range(4)]
    for person in people:
        site.arrive(person, "few_pair_grouper")
    site.sign_of_life(people[0])
    site.answer_all()
    site.pass_time(1)
    site.sweep()
    assert len(site.model.groups) == 1
    site.end_every_wait()


@pytest.mark.parametrize("place", ["three", "pair_choice", "closer_team"])
def test_nobody_fails_for_an_error_of_the_site(site, place):
    """Catches: the declared policy where code of the site is at fault; not ending the wait at all."""
    people = [site.newcomer("morning") for _ in range(3)]
    grouper = {"pair_choice": "pair_grouper", "closer_team": "team_grouper"}.get(place)
    for person in people if grouper else ():
        site.arrive(person, grouper)
    site.sweep()
    site.break_site(place)
    for person in people:
        site.arrive(person, place)
    site.sweep()
    site.check()
    site.pass_time(3)
    site.sweep()
    site.check()
    assert "left" in {person.status for person in site.model.people.values()}
    site.end_every_wait()


def test_newcomers_fill_the_smallest_group_and_none_too_many(site):
    """Catches: another order of the groups to join; more newcomers than places."""
    people = [site.newcomer("morning") for _ in range(6)]
    for person in people:
        site.arrive(person, "team_grouper")
    site.sweep()
    smaller = site.model.groups[2].members
    site.end(smaller[0].key, "leave")
    for _ in range(6):
        site.arrive(site.newcomer("morning"), "team_grouper")
    site.sweep()
    site.check()
    site.end_every_wait()


def test_wake_ups_of_several_units_are_due_at_once():
    """Catches: storing the sum of a time and nothing, which SQLite puts after the millisecond in which it is stored."""
    for _ in range(50):
        WakeUp.objects.all().delete()
        processing.wake([Unit("one", ""), Unit("other", "")])
        assert WakeUp.objects.due().count() == 2


def test_who_comes_when_those_who_waited_have_been_sent_back_is_sent_back_too(site):
    """Catches: failing somebody who was held elsewhere, because the group has become too small without them."""
    people = [site.newcomer("morning") for _ in range(2)]
    for person in people:
        site.arrive(person, "pair_grouper")
    site.sweep()
    held = site.arrive(people[0], "patient")
    site.arrive(people[1], "pair_meeting")
    site.pass_time(1)
    site.release(held)
    site.pass_time(1)
    site.sweep()
    site.check()
    site.arrive(people[0], "pair_meeting")
    site.sweep()
    site.check()
    assert all(person.active for person in site.model.people.values())
    assert [visit.place for visit in site.model.waiting()] == ["few_pair_grouper"] * 2
    site.end_every_wait()

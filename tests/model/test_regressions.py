"""What the machine has found, as the steps that it took, shrunk."""

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


def test_wake_ups_of_several_units_are_due_at_once():
    """Catches: storing the sum of a time and nothing, which SQLite puts after the millisecond in which it is stored."""
    for _ in range(50):
        WakeUp.objects.all().delete()
        processing.wake([Unit("one", ""), Unit("other", "")])
        assert WakeUp.objects.due().count() == 2

"""`Among` is `__in` for lists of any length, in one statement."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from django.db import connection, models
from django.db.models import Case, Value, When
from django.test.utils import isolate_apps

from syncgroups import testing
from syncgroups.models import ParticipantLinkBarrier, get_participant_model
from syncgroups.prepared import Among, prepared
from tests.engine.forms import counting
from tests.engine.scenes import crowd, make_group, make_groups, members

pytestmark = pytest.mark.django_db

LINKS = ParticipantLinkBarrier.objects.order_by("pk")
TRICKY = 'it\'s 100% "so" \\ $1 %s {a,b} ["c"] NULL ä漢🎈'


def visits():
    """Visits to barriers with all sorts of names, half of them in a group."""
    crowd(2, TRICKY, sync_group=make_group())
    return [*crowd(2, "plain"), *crowd(2, ""), *crowd(2, "NULL")]


#: A column, and a value of which there is none.
COLUMNS = {
    "whole numbers": ("pk", 0),
    "texts": ("barrier_id", "nowhere"),
    "UUIDs": ("public_id", uuid.UUID(int=1)),
    "keys of others": ("participant", 0),
    "keys of others, by column": ("participant_id", 0),
    "columns of others": ("participant__public_id", uuid.UUID(int=1)),
    "moments": ("deadline", None),
    "booleans": ("participant__failed", True),
}


@pytest.mark.parametrize(("name", "absent"), COLUMNS.values(), ids=COLUMNS)
def test_it_finds_what_in_finds_and_leaves_what_in_leaves(name, absent):
    """Catches: values that are not made fit for their column; one parameter for each value."""
    visits()
    stored = list(LINKS.values_list(name, flat=True))
    among, runs = counting(lambda values: LINKS.filter(Among(name, values)))
    but, _ = counting(lambda values: LINKS.exclude(Among(name, values)))
    nobody = [] if absent is None else [absent]
    for values in ([], stored[:1], stored[1:4] + nobody, nobody * 5000, tuple(stored) * 1000, stored[::-1]):
        found, rest = list(LINKS.filter(**{f"{name}__in": values})), list(LINKS.exclude(**{f"{name}__in": values}))
        assert among(values) == list(LINKS.filter(Among(name, values))) == found
        assert but(values) == list(LINKS.exclude(Among(name, values))) == rest
        assert len(found) + len(rest) == len(stored)
    assert len(runs) == 1


def test_five_thousand_values_that_differ_are_one_parameter():
    """Catches: limits to the number of parameters; losing some of the values."""
    links = crowd(3, "here")
    values = [*range(-5000, 0), *(link.pk for link in links)]
    ask = prepared(lambda pks: LINKS.filter(Among("pk", pks)))
    assert ask(values) == list(LINKS.filter(Among("pk", values))) == links
    names = prepared(lambda names: LINKS.filter(Among("barrier_id", names)))
    assert names([*(f"barrier {n} 'ä%s" for n in range(5000)), "here"]) == links


def test_an_empty_list_is_asked_for_like_any_other():
    """Catches: an empty list whose type PostgreSQL does not know; one that everything is among."""
    links = crowd(2, "here")
    for name in ("pk", "barrier_id", "public_id", "sync_group"):
        assert list(LINKS.filter(Among(name, []))) == []
        assert list(LINKS.exclude(Among(name, []))) == links


def test_with_other_conditions_on_the_relation_it_is_about_the_same_row():
    """Catches: joining the memberships twice, so that a membership elsewhere counts."""
    first, second = make_groups(2, size=3)
    first.close()
    people = get_participant_model()._default_manager
    ask = prepared(lambda groups: people.in_groups(groups))
    assert ask([first.pk]) == list(people.in_groups([first.pk])) == []
    assert ask([first.pk, second.pk]) == members(second)
    assert Counter(person.in_group for person in ask([second.pk])) == {second.pk: 3}


def test_it_may_be_one_of_several_conditions():
    """Catches: slots that are filled with the list of another."""
    here, there = crowd(2, "here"), crowd(2, "there", cohort="other")
    ask = prepared(
        lambda pks, cohort, names: LINKS.filter(Among("pk", pks), cohort=cohort).exclude(Among("barrier_id", names))
    )
    everybody = [link.pk for link in here + there]
    assert ask(everybody, "", ["there"]) == here
    assert ask(everybody, "other", ["here"]) == there
    assert ask(everybody[1:3], "", []) == here[1:]


def test_it_may_be_told_of_rows():
    """Catches: a condition that can only filter."""
    one, two = crowd(2, "here")
    told = LINKS.annotate(chosen=Among("pk", [two.pk]), word=Case(When(Among("pk", [one.pk]), then=Value("yes"))))
    assert list(told.values_list("chosen", "word")) == [(False, "yes"), (True, None)]


def test_the_statement_is_the_same_for_every_length():
    """Catches: writing the values out."""
    compiled = [LINKS.filter(Among("pk", range(n))).query.sql_with_params() for n in (0, 1, 99)]
    assert len({sql for sql, _ in compiled}) == 1
    assert len({len(params) for _, params in compiled}) == 1, "one for all of them"


@pytest.fixture
def zoo(transactional_db):
    """Animals, whose keys are UUIDs, and their keepers, who point to them."""
    with isolate_apps("syncgroups"):

        class Animal(models.Model):  # noqa: DJ008
            id = models.UUIDField(primary_key=True, default=uuid.uuid4)

            class Meta:
                app_label = "syncgroups"

        class Keeper(models.Model):  # noqa: DJ008
            animal = models.ForeignKey(Animal, models.CASCADE, null=True)

            class Meta:
                app_label = "syncgroups"

        with connection.schema_editor() as editor:
            editor.create_model(Animal)
            editor.create_model(Keeper)
        yield Animal, Keeper
        with connection.schema_editor() as editor:
            editor.delete_model(Keeper)
            editor.delete_model(Animal)


def test_keys_may_be_uuids(zoo):
    """Catches: keys that SQLite is given with dashes and PostgreSQL as text, also of those who point to them."""
    animals, keepers = (model._default_manager for model in zoo)
    gnu, okapi = (animals.create() for _ in range(2))
    keeper = keepers.create(animal=gnu)
    kept = prepared(lambda pks: keepers.filter(Among("animal", pks)))
    found = prepared(lambda pks: animals.filter(Among("pk", pks)))
    for pk in (gnu.pk, str(gnu.pk)):
        assert kept([pk, okapi.pk]) == list(keepers.filter(Among("animal", [pk]))) == [keeper]
        assert found([pk]) == list(animals.filter(Among("pk", [pk]))) == [gnu]
    assert kept([okapi.pk]) == kept([]) == found([]) == []


def test_people_are_found_by_the_ids_that_pages_know():
    """Catches: UUIDs that SQLite is given with dashes."""
    some, others = testing.make_participants(2), testing.make_participants(2)
    people = get_participant_model()._default_manager.order_by("pk")
    ask = prepared(lambda ids: people.filter(Among("public_id", ids)))
    assert ask([person.public_id for person in some]) == some
    assert ask([str(person.public_id) for person in others]) == others

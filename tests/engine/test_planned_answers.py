"""A statement that is planned once for each session answers as one that is planned each time."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from syncgroups import arrivals, identity, standing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.models import ParticipantLinkBarrier, WakeUp
from syncgroups.prepared import Among, planned, prepared
from tests.engine.forms import FORMS, told
from tests.engine.scenes import crowd, fresh, make_group, members
from tests.engine.sessions import kept_by, verbs

pytestmark = pytest.mark.django_db(transaction=True)

LINKS = ParticipantLinkBarrier.objects


@pytest.fixture(autouse=True)
def new_session(transactional_db):
    """Begin with a session that has not been asked anything, and keep nothing for others."""
    connection.close()
    yield
    connection.close()


def asked_by_plan(ask, *values, **constants):
    """Whether a question is asked by its plan; elsewhere than on PostgreSQL, whether it is asked as it is."""
    return verbs(ask, *values, **constants) == (["EXECUTE"] if connection.vendor == "postgresql" else ["SELECT"])


def on_postgresql(n_plans):
    """Whether the session keeps so many plans; elsewhere there is none to keep."""
    return connection.vendor != "postgresql" or len(kept_by(connection)) == n_plans


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_it_answers_as_the_orm_does(form):
    """Catches: answers of a plan that are read as those of another statement."""
    crowd(3, "here", details={"a": [1, None]})
    crowd(4, "there", sync_group=make_group())
    ask = planned(lambda barrier_id: form(LINKS.filter(barrier_id=barrier_id).order_by("pk")))
    for barrier_id in ("here", "there", "there", "here", "nowhere"):
        expected = form(LINKS.filter(barrier_id=barrier_id).order_by("pk"))
        assert [told(row) for row in ask(barrier_id)] == [told(row) for row in expected]


SUSPICIOUS = ["it's", "'; DROP TABLE x; --", "$1", "%s", "5%", "%%", "%(name)s", "\\", "\\'", "ä漢🎈", '"', "", "NULL"]


@pytest.mark.parametrize("value", SUSPICIOUS)
def test_a_value_stays_a_value(value):
    """Catches: values and constants that become part of the statement."""
    for name in {*SUSPICIOUS, "other"}:
        WakeUp.objects.create(barrier_id=name, cohort=name)
    given = planned(
        lambda name, cohort: WakeUp.objects.filter(barrier_id=name, cohort=cohort).values_list("barrier_id", "cohort")
    )
    written = planned(
        lambda name, *, cohort: WakeUp.objects.filter(barrier_id=name, cohort=cohort).values_list("barrier_id")
    )
    for _ in range(3):
        assert given(value, value) == [(value, value)]
        assert given(value, "other") == []
        assert written(value, cohort=value) == [(value,)]
        assert written("other", cohort=value) == []
    assert asked_by_plan(written, value, cohort=value)
    assert asked_by_plan(given, value, value)


def test_values_of_every_kind_are_what_they_were():
    """Catches: lists, moments, UUIDs and truths whose types get lost on the way to a plan."""
    moment = now() + timedelta(microseconds=1)
    one, two = crowd(2, "here", deadline=moment, time_credit=0.1)
    for name in ("pk", "public_id", "deadline", "time_credit", "participant"):
        ask = planned(lambda value, *, name: LINKS.filter(**{name: value}).order_by("pk").values_list("pk", flat=True))
        rows = [ask(getattr(one, f"{name}_id" if name == "participant" else name), name=name)[0] for _ in range(3)]
        assert rows == [one.pk] * 3
    for name, absent in (("pk", -1), ("public_id", uuid.uuid4()), ("barrier_id", "it's"), ("participant", -1)):
        ask = planned(lambda values, *, name: LINKS.filter(Among(name, values)).order_by("pk"))
        stored = list(LINKS.values_list(name, flat=True))
        for values, expected in ((stored, [one, two]), ([], []), ([absent], []), ([absent] * 999 + stored, [one, two])):
            assert ask(values, name=name) == expected


def test_elsewhere_than_on_postgresql_nothing_is_planned():
    """Catches: PREPARE on a database that has none; changes that are planned."""
    write = prepared(lambda name: WakeUp.objects.filter(barrier_id=name).update(cohort=name))
    assert [verbs(write, "a") for _ in range(3)] == [["UPDATE"]] * 3
    ask = planned(lambda name: WakeUp.objects.filter(barrier_id=name))
    assert len(ask("a")) == len(ask("b")) == 0
    assert asked_by_plan(ask, "a")


@pytest.fixture
def site():
    with testing.declared(GroupBarrier("choice", "rps")):
        yield


def test_a_poll_is_answered_the_same_planned_and_not(site):
    """Catches: a poll whose plan is another statement's, or another participant's."""
    people = [fresh(person) for person in members(make_group(), make_group(3))]
    arrivals.arrive(people[0], "choice")
    arrivals.arrive(people[2], "choice")
    with transaction.atomic():
        plain = [standing.standing_of(person) for person in people]
    assert [len(one.waits) for one in plain] == [1, 0, 1, 0, 0]
    assert all(one.groups for one in plain)
    connection.close()
    for _ in range(3):
        assert [standing.standing_of(person) for person in people] == plain
        assert [identity._by_public_id(one.public_id, model=type(one))[0] for one in people] == people
    assert on_postgresql(2)
    assert asked_by_plan(standing.standing_of, people[0])


@pytest.mark.parametrize("visit", [None, "first"])
@pytest.mark.parametrize("block", [transaction.atomic, nullcontext], ids=["not planned", "planned"])
def test_an_arrival_is_the_same_planned_and_not(site, visit, block):
    """Catches: an arrival that is shown another's group, or another's visit."""
    with block():
        people = members(make_group(3), make_group())
        arrivals.arrive(people[2], "choice", visit="earlier")
        links = [arrivals.arrive(person, "choice", visit=visit) for person in people]
        assert [arrivals.arrive(person, "choice", visit=visit) for person in people] == links
        assert on_postgresql(0 if block is transaction.atomic else 1 if visit is None else 2)
        look, *_ = verbs(arrivals.arrive, people[0], "choice", visit=visit)
        assert (look == "EXECUTE") == (block is nullcontext and connection.vendor == "postgresql")
    assert [link.participant_id for link in links] == [person.pk for person in people]
    assert [link.sync_group for link in links] == [fresh(person).sync_group for person in people]
    assert [fresh(link).visit for link in links] == [visit, visit, "earlier", visit, visit]
    assert LINKS.at("choice").count() == 5

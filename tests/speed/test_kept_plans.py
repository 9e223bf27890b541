"""The plans that PostgreSQL keeps, which are made without knowing any value, are as good as those made for each.

Every test catches: a constant that became a value, so that the plan can no longer use an index of open visits only.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from syncgroups import arrivals, identity, standing
from syncgroups.models import ParticipantLinkBarrier, get_participant_model
from syncgroups.prepared.slots import filled
from tests.speed.test_indexes import OF_OPEN_VISITS, indexes_of, participant

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.usefixtures("long_history")]

OPEN_VISITS_ONLY = OF_OPEN_VISITS | {"syncgroups_one_open_visit"}


@pytest.fixture(autouse=True)
def whatever_the_values() -> Iterator[None]:
    """Plans that serve every value, from the first time that they are executed."""
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def indexes_of_plan(function: Any, *values: Any, **constants: Any) -> set[str | None]:
    """The indexes that the kept plan of a question uses, which may read no growing table whole."""
    expected = function(*values, **constants)
    statement = function.kept["default", *(value is None for value in values), *constants.items()]
    with connection.cursor() as cursor:
        cursor.execute(statement._preparation(connection))
    given = dict(zip(inspect.signature(function).parameters, values, strict=False))
    answer: list[Any] = []

    def ask() -> None:
        answer.extend(statement._ask(statement.execution, filled(statement.slots, given, connection), connection))

    used = indexes_of(ask)
    assert len(answer) == len(expected) > 0
    return used


def test_a_poll_finds_the_open_visits_of_its_participant_and_those_who_wait_along() -> None:
    person = participant(1)
    used = indexes_of_plan(standing._situation, person.public_id, model=type(person))
    assert "syncgroups_waiting_by_group" in used
    assert len(used & OPEN_VISITS_ONLY) > 1
    assert "syncgroups_one_active_group_per_type" in used


def test_a_poll_at_a_grouper_finds_those_who_wait_there() -> None:
    person = ParticipantLinkBarrier.objects.at("pairs_grouper").waiting().earliest("pk").participant
    used = indexes_of_plan(standing._situation, person.public_id, model=type(person))
    assert used & OPEN_VISITS_ONLY


@pytest.mark.parametrize("group_type", ["pairs", None])
def test_an_arrival_finds_its_open_visit_among_all_that_have_ended(group_type: str | None) -> None:
    used = indexes_of_plan(arrivals._look, 2, "meet", None, group_type)
    # Not one of all open visits: the plan may outlive the moment in which few people wait.
    assert used & (OPEN_VISITS_ONLY | {"syncgroups_visit_once"}) == {"syncgroups_one_open_visit"}
    assert "syncgroups_participant_pkey" in used
    assert "syncgroups_one_active_group_per_type" in used or group_type is None


@pytest.mark.parametrize("group_type", ["pairs", None])
@pytest.mark.parametrize("visit", ["3", "never"])
def test_an_arrival_whose_visit_is_named_finds_it_by_its_participant(visit: str, group_type: str | None) -> None:
    used = indexes_of_plan(arrivals._look, 2, "meet", visit, group_type)
    assert used & {"syncgroups_visit_once", "syncgroups_one_open_visit"}
    assert "syncgroups_participant_pkey" in used


def test_the_owner_of_a_token_is_found_by_what_it_says() -> None:
    model = get_participant_model()
    person = participant(1)
    used = indexes_of_plan(identity._by_public_id, person.public_id, model=model)
    assert len(used) == 1

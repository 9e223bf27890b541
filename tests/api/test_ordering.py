"""Lists in the orders that they offer: page by page each row once, however many are alike and whatever is added."""

from datetime import timedelta

import pytest
from django.db import models
from django.db.models import QuerySet
from django.test.utils import isolate_apps
from django.urls import reverse
from django.utils import timezone

from syncgroups.api import filters
from syncgroups.models import (
    AbstractParticipant,
    AuditEntry,
    BarrierRecord,
    Participant,
    ParticipantLinkBarrier,
    SyncGroup,
)
from tests.acceptance import researchers
from tests.acceptance.researchers import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]

NOW = timezone.now()
LISTS = {
    "participant": filters.ParticipantFilters,
    "group": filters.GroupFilters,
    "barrier": filters.BarrierFilters,
    "visit": filters.VisitFilters,
    "audit": filters.AuditFilters,
}
OFFERED = [
    (resource, order)
    for resource, parameters in LISTS.items()
    for order, _ in parameters.base_filters["ordering"].extra["choices"]
]


def at(number):
    return NOW + timedelta(microseconds=number % 3)


def participants(numbers):
    return Participant.objects.bulk_create(Participant(cohort=f"c{n % 3}", time_credit=n % 4 / 3) for n in numbers)


def groups(numbers):
    SyncGroup.objects.bulk_create(
        SyncGroup(
            group_type=f"t{n % 2}",
            cohort=f"c{n % 3}",
            n_active_participants=n % 4,
            error_count=n % 5,
            creation_time=at(n),
        )
        for n in numbers
    )


def visits(numbers):
    times = [{"arrival_time": at(n), "deadline": at(n + 1), "time_credit": n % 4 / 3} for n in numbers]
    ParticipantLinkBarrier.objects.bulk_create(
        ParticipantLinkBarrier(participant=person, barrier_id="lobby", cohort=person.cohort, **more)
        for person, more in zip(participants(numbers), times, strict=True)
    )


def barriers(numbers):
    BarrierRecord.objects.bulk_create(
        BarrierRecord(barrier_id=f"b{n % 7}", cohort=f"c{n}", error_count=n % 5) for n in numbers
    )
    people = Participant.objects.bulk_create(Participant(cohort=f"c{n}") for n in numbers if n % 3)
    ParticipantLinkBarrier.objects.bulk_create(
        ParticipantLinkBarrier(participant=p, barrier_id=f"b{int(p.cohort[1:]) % 7}", cohort=p.cohort, deadline=NOW)
        for p in people
    )


def entries(numbers):
    AuditEntry.objects.bulk_create(AuditEntry(by="ada", verb="pause", reason="x", time=at(n)) for n in numbers)


MAKE = {"participant": participants, "group": groups, "barrier": barriers, "visit": visits, "audit": entries}


@pytest.fixture
def ada():
    return signed_in(researchers.reader())


def url(resource):
    return reverse(f"syncgroups:{resource}-list")


def names(page):
    return [row.get("public_id") or (row["barrier_id"], row["cohort"]) for row in page["results"]]


def expected(resource, order):
    """Everything in this order, by a query of the test's own."""
    sign, column = ("-" if order[0] == "-" else ""), order.lstrip("-")
    rows = researchers.READABLE[resource].objects.all()
    if resource == "barrier":
        rows = rows.with_counts(ParticipantLinkBarrier.objects.all())
    ordered = rows.order_by(*([] if column == "created" else [order]), f"{sign}pk")
    return [(row.barrier_id, row.cohort) if resource == "barrier" else str(row.public_id) for row in ordered]


@pytest.mark.parametrize(("resource", "order"), OFFERED)
def test_each_row_is_shown_once_in_order_there_and_back(ada, resource, order):
    """Catches: a tie at the end of a page, rows that are added meanwhile, and a way back that is another one."""
    MAKE[resource](range(200))
    there = expected(resource, order)
    page = ada.get(url(resource), {"ordering": order, "page_size": 34}).json()
    shown = names(page)
    MAKE[resource](range(200, 206))
    while page["next"]:
        page = ada.get(page["next"]).json()
        shown += names(page)
    assert len(shown) == len(set(shown))
    assert [name for name in shown if name in set(there)] == there
    if order == "created":
        assert shown == expected(resource, order)
    back = names(page)
    while page["previous"]:
        page = ada.get(page["previous"]).json()
        back = names(page) + back
    # What has come in before the pages where one was is seen on the way back only.
    assert [name for name in back if name in set(shown)] == shown
    assert page["next"]


def test_a_row_that_changes_once_it_is_shown_hides_no_other_one(ada):
    """Catches: a cursor that counts rows which are alike."""
    people = {str(person.public_id) for person in Participant.objects.bulk_create(Participant() for _ in range(10))}
    page = ada.get(url("participant"), {"ordering": "time_credit", "page_size": 4}).json()
    shown = names(page)
    Participant.objects.filter(public_id__in=shown).update(time_credit=-1)
    while page["next"]:
        page = ada.get(page["next"]).json()
        shown += names(page)
    assert sorted(shown) == sorted(people)


@pytest.mark.parametrize("resource", LISTS)
def test_the_newest_come_first_unless_an_order_is_asked_for(ada, resource):
    MAKE[resource](range(9))
    assert names(ada.get(url(resource)).json()) == expected(resource, "-created")


@pytest.mark.parametrize(("resource", "order"), OFFERED)
def test_no_order_is_by_a_column_that_may_be_empty(ada, resource, order):
    """What is nowhere in an order would be on no page, or on each."""
    column = order.lstrip("-")
    if column not in {"created", "n_waiting"}:
        assert not researchers.READABLE[resource]._meta.get_field(column).null


@pytest.mark.parametrize("resource", LISTS)
@pytest.mark.parametrize("order", ["", "-", "sideways", "last_seen_at", "details", "pk", "--created", "null"])
def test_other_orders_are_refused_with_those_that_there_are(ada, resource, order):
    refused = ada.get(url(resource), {"ordering": order})
    assert refused.status_code == 400
    told = refused.json()["errors"]["ordering"]
    if order:
        known = [name for kind, name in OFFERED if kind == resource]
        assert told == [f"There is no such order. Known: {', '.join(known)}."]


def test_long_names_of_any_script_fit_into_a_cursor(ada):
    Participant.objects.bulk_create(Participant(cohort=100 * letter) for letter in "xü語😀")
    page, shown = ada.get(url("participant"), {"ordering": "cohort", "page_size": 1}).json(), []
    while page["results"]:
        shown += names(page)
        page = ada.get(page["next"]).json() if page["next"] else {"results": []}
    assert shown == expected("participant", "cohort")


def test_a_cursor_of_another_order_is_not_found(ada):
    participants(range(9))
    page = ada.get(url("participant"), {"ordering": "cohort", "page_size": 2}).json()
    for order in ("created", "time_credit"):
        answer = ada.get(page["next"].replace("ordering=cohort", f"ordering={order}"))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_page_that_has_become_empty_ends_the_list(ada):
    participants(range(9))
    page = ada.get(url("participant"), {"cohort": "c0", "page_size": 2}).json()
    Participant.objects.update(cohort="c1")
    assert ada.get(page["next"]).json() == {"next": None, "previous": None, "results": []}


@isolate_apps("syncgroups")
def test_people_whose_keys_are_no_numbers_are_in_order_of_their_creation():
    """Catches: an order by keys that tell nothing of age."""

    class Subject(AbstractParticipant):
        id = models.UUIDField(primary_key=True)

        class Meta:
            app_label = "syncgroups"

    by_age = filters.Ordering().filter
    assert by_age(QuerySet(Subject), "created").query.order_by == ("creation_time", "pk")
    assert by_age(QuerySet(Subject), "").query.order_by == ("-creation_time", "-pk")
    assert by_age(QuerySet(Participant), "").query.order_by == ("-pk",)


@pytest.mark.parametrize("order", ["time", "-time"])
def test_moments_that_the_database_wrote_are_passed_once(ada, order):
    """Catches: SQLite's clock, which writes fewer digits than a cursor that says where to go on."""
    AuditEntry.objects.bulk_create(AuditEntry(by="ada", verb="pause", reason="x") for _ in range(5))
    page = ada.get(url("audit"), {"ordering": order, "page_size": 2}).json()
    shown = names(page)
    while page["next"] and len(shown) < 9:
        page = ada.get(page["next"]).json()
        shown += names(page)
    assert shown == expected("audit", order)

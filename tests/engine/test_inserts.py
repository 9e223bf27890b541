"""What `insert` and `insert_all` store is what the ORM would."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, IntegrityError, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from syncgroups import testing
from syncgroups.models import ParticipantLinkBarrier, SyncGroup, WakeUp
from syncgroups.prepared import insert, insert_all
from tests.engine.scenes import number_of_queries
from tests.engine.sessions import second_connection, verbs

pytestmark = pytest.mark.django_db

TRICKY = 'it\'s 100% "so" %s %(x)s %% \\ \\n $1 {a,b} {} NULL \n ünï 漢字 🎈'
MOMENT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)


def group(n, **fields):
    """A group that differs from the next in most of its columns."""
    ended = n % 2 == 1
    details = {"n": n, "text": TRICKY, "nothing": None, "list": [1.5, "x", None, []], "deeper": {"true": True}}
    return SyncGroup(
        **{
            "kind": TRICKY[:50],
            "group_type": f"{TRICKY} {n}",
            "active": not ended,
            "end_time": MOMENT + timedelta(days=n, microseconds=n) if ended else None,
            "end_reason": TRICKY * n,
            "failed": n % 3 == 1,
            "max_group_size": None if n % 5 == 0 else 9,
            "details": [details, [n, TRICKY], {}, TRICKY, n][n % 5],
            "creation_time": MOMENT.astimezone(timezone(timedelta(hours=n % 9))),
            **fields,
        }
    )


def stored(groups, *but):
    """The rows of these groups, in their order, without what is different in any two rows."""
    rows = SyncGroup.objects.in_bulk([group.pk for group in groups])
    names = [field.attname for field in SyncGroup._meta.concrete_fields]
    return [
        {name: getattr(rows[group.pk], name) for name in names if name not in {"id", "public_id", *but}}
        for group in groups
    ]


@pytest.mark.parametrize("n", range(10))
def test_every_field_is_stored_as_the_orm_stores_it(n):
    """Catches: a column left away or mixed up; a value that is not made fit for its column."""
    [leader] = testing.make_participants(1)
    one, other = (group(n, leader_id=leader.pk if n % 2 else None) for _ in range(2))
    one.save()
    assert number_of_queries(insert, other) == 1
    assert stored([one]) == stored([other])
    assert SyncGroup.objects.get(pk=other.pk).public_id == other.public_id


def test_a_row_knows_its_key_and_that_it_is_stored():
    """Catches: rows that would be stored a second time."""
    group_ = group(0)
    assert group_._state.adding
    insert(group_)
    assert (group_._state.adding, group_._state.db) == (False, "default")
    group_.end_reason = "changed"
    group_.save()
    assert SyncGroup.objects.get() == group_
    assert SyncGroup.objects.get().end_reason == "changed"


@pytest.mark.parametrize("store", [insert, lambda call: insert_all([call]), lambda call: insert_all([call, WakeUp()])])
def test_what_is_not_given_is_left_to_the_database(store):
    """Catches: storing the default's name, or NULL; keeping one statement whatever is given."""
    before = now() - timedelta(days=1)
    calls = [WakeUp(), WakeUp(due_at=MOMENT), WakeUp()]
    store(calls[0])
    insert(calls[1])
    store(calls[2])
    due = [WakeUp.objects.get(pk=call.pk).due_at for call in calls]
    assert due[1] == MOMENT
    assert due[0] > before < due[2]
    assert WakeUp.objects.due().count() == WakeUp.objects.count()


@pytest.mark.parametrize("store", [insert, lambda visit: insert_all([visit])])
def test_a_row_that_must_not_be_is_refused_by_the_orms_error(store):
    """Catches: errors of the driver's own; a visit that takes itself for stored."""
    [person] = testing.make_participants(1)
    first, second = (
        ParticipantLinkBarrier(participant=person, barrier_id="here", deadline=MOMENT, public_id=uuid.uuid4())
        for _ in range(2)
    )
    store(first)
    with pytest.raises(IntegrityError, match=r"UNIQUE|syncgroups_one_open_visit"), transaction.atomic():
        store(second)
    assert ParticipantLinkBarrier.objects.get() == first
    assert second._state.adding
    assert second.pk is None


@pytest.mark.parametrize("n", [1, 2, 300])
def test_many_rows_are_stored_as_bulk_create_stores_them(n):
    """Catches: columns that are taken for shared; values in the rows of others; types that arrays lose."""
    leaders = [*testing.make_participants(2), None]
    ours, theirs = ([group(i, leader=leaders[i % 3]) for i in range(n)] for _ in range(2))
    insert_all(ours)
    SyncGroup.objects.bulk_create(theirs)
    assert stored(ours) == stored(theirs)
    assert SyncGroup.objects.count() == 2 * n


def test_columns_that_all_share_are_stored_for_each():
    """Catches: a value for the first row only; NULLs without a type; no rows where all columns are shared."""
    shared = {"details": {"text": TRICKY}, "public_id": None, "creation_time": MOMENT, "end_reason": TRICKY}
    for end in ({"active": True, "end_time": None}, {"active": False, "end_time": MOMENT, "max_group_size": 3}):
        fields = {**shared, **end, "group_type": TRICKY, "failed": True}
        ours, theirs = ([group(0, **{**fields, "public_id": uuid.uuid4()}) for _ in range(3)] for _ in range(2))
        insert_all(ours)
        SyncGroup.objects.bulk_create(theirs)
        assert stored(ours) == stored(theirs)
        assert len({row.pk for row in ours}) == 3
    calls = [WakeUp(barrier_id=TRICKY, due_at=MOMENT) for _ in range(3)]
    insert_all(calls)
    assert WakeUp.objects.filter(barrier_id=TRICKY, sync_group=None, due_at=MOMENT).count() == 3


@pytest.mark.parametrize("column", ["end_reason", "max_group_size", "details", "failed", "creation_time"])
@pytest.mark.parametrize("odd", [0, 1, 2])
def test_a_column_is_shared_only_if_all_rows_share_it(column, odd):
    """Catches: comparing with the first row only one other, or values by their truth."""
    usual, unusual = {
        "end_reason": ("", TRICKY),
        "max_group_size": (None, 7),
        "details": ({}, {"odd": odd}),
        "failed": (False, True),
        "creation_time": (MOMENT, MOMENT + timedelta(microseconds=1)),
    }[column]
    for value, other in ((usual, unusual), (unusual, usual)):
        groups = [group(0, **{column: other if n == odd else value}) for n in range(3)]
        insert_all(groups)
        rows = [row[column] for row in stored(groups)]
        assert rows == [other if n == odd else value for n in range(3)]


def test_keys_come_back_in_the_order_of_the_rows():
    """Catches: keys in the order of the table, of the names or of a set."""
    groups = [group(0, group_type=str((n * 7919) % 500)) for n in range(500)]
    insert_all(groups)
    names = dict(SyncGroup.objects.values_list("pk", "group_type"))
    assert [names[row.pk] for row in groups] == [row.group_type for row in groups]
    assert not any(row._state.adding for row in groups)
    assert {row._state.db for row in groups} == {"default"}


def test_no_rows_cost_nothing():
    """Catches: a statement without rows."""
    assert number_of_queries(insert_all, []) == 0


@pytest.mark.postgresql
def test_many_rows_are_one_statement():
    """Catches: batches."""
    assert verbs(insert_all, [group(n) for n in range(300)]) == ["INSERT"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store", [insert, lambda call, using: insert_all([call], using=using)])
def test_another_database_may_be_named(store):
    """Catches: storing in the default database, or saying so."""
    call = WakeUp(barrier_id="here")
    with second_connection() as second, CaptureQueriesContext(second) as there:
        assert number_of_queries(store, call, using="second") == 0
        assert any("INSERT" in query["sql"] for query in there)
    assert call._state.db == "second"
    assert WakeUp.objects.get().pk == call.pk


def insert_each(groups):
    for row in groups:
        insert(row)


@pytest.mark.postgresql
@pytest.mark.parametrize("store", [insert_each, insert_all])
@pytest.mark.parametrize("kinds", [["x" * 51], ["x" * 51] * 2, ["x", "x" * 51]], ids=["alone", "shared", "of one"])
def test_a_text_that_is_too_long_is_refused(store, kinds):
    """Catches: a cast that cuts it."""
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        store([group(0, kind=kind) for kind in kinds])
    assert not SyncGroup.objects.exists()

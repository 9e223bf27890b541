"""Statements that are kept treat their values, their model and their connection as the ORM would."""

from __future__ import annotations

import gc
import threading
import uuid
import weakref

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.utils.translation import gettext_lazy as _

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import Barrier
from syncgroups.exceptions import ParticipantNotActive
from syncgroups.models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup, get_participant_model
from syncgroups.prepared import planned, prepared
from syncgroups.prepared import writing as statements
from syncgroups.standing import standing_of

Person = get_participant_model()


class Never(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


@pytest.fixture
def site():
    with testing.declared(Never("held")):
        yield


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_locking_outside_of_a_transaction_is_refused_each_time(site):
    """Catches: a refusal that the ORM makes while it writes, and that is lost once the statement is kept."""
    arrivals.arrive(testing.make_participants(1)[0], "held")
    with transaction.atomic():
        arrivals.waiting_participants("held", for_update=True)
    with pytest.raises(TransactionManagementError):
        arrivals.waiting_participants("held", for_update=True)


@pytest.mark.parametrize("model", [ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup, Person])
def test_managers_do_not_delete(model):
    """Catches: an override of delete() that managers copy, as they do not with Django's own."""
    assert not hasattr(model._default_manager, "delete")


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [_("Too slow"), ValueError("Too slow")], ids=["lazy", "exception"])
def test_a_reason_may_be_what_a_text_field_takes(site, reason):
    """Catches: values that reach the driver without having been prepared by their field."""
    [person] = testing.make_participants(1)
    arrivals.arrive(person, "held")
    person.fail(reason)
    assert ParticipantLinkBarrier.objects.get().reason == "Too slow"


@pytest.mark.django_db
def test_a_release_may_have_a_translated_reason(site):
    """Catches: the same, where a visit ends."""
    arrivals.arrive(testing.make_participants(1)[0], "held").release(_("Go on"))
    assert ParticipantLinkBarrier.objects.get().reason == "Go on"


@pytest.mark.django_db
def test_a_visit_may_have_a_translated_name(site):
    """Catches: a lazy text that is compared and not stored."""
    [person] = testing.make_participants(1)
    first = arrivals.arrive(person, "held", visit=_("Round"))
    assert arrivals.arrive(person, "held", visit=_("Round")) == first
    assert first.visit == "Round"


@pytest.mark.django_db
def test_a_sweep_may_be_told_to_recount_no_particular_number_of_groups(settings, caplog):
    """Catches: a limit of zero that is written into the statement."""
    settings.SYNCGROUPS_RECOUNT_LIMIT = 0
    processing.sweep()
    assert not caplog.records


@pytest.mark.django_db
def test_nothing_is_said_about_a_participant_who_is_not_stored(site):
    """Catches: marking the caller's object before raising; a later save() would store that."""
    person = Person(cohort="monday")
    with pytest.raises(ParticipantNotActive, match="not stored"):
        arrivals.arrive(person, "held")
    assert (person.status, person.cohort) == ("working", "monday")


@pytest.mark.django_db
def test_a_public_id_may_be_text_until_it_is_loaded(site):
    """Catches: looking for the text where the database stores something else."""
    person = Person._default_manager.create(public_id=str(uuid.uuid4()))
    arrivals.arrive(person, "held")
    assert len(standing_of(person).waits) == 1


@pytest.mark.django_db
def test_arriving_works_where_an_insert_returns_no_columns(site, monkeypatch):
    """Catches: reading a key that SQLite before 3.35 does not return."""
    monkeypatch.setattr(connection.features, "can_return_columns_from_insert", connection.vendor == "postgresql")
    monkeypatch.setattr(statements, "_inserting", {})
    [person] = testing.make_participants(1)
    assert arrivals.arrive(person, "held").pk == ParticipantLinkBarrier.objects.get().pk


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_thread_that_ends_takes_its_connection_with_it():
    """Catches: a kept compiler that holds the connection of whoever asked first."""

    @prepared
    def everybody(cohort):
        return Person._default_manager.filter(cohort=cohort)

    def work():
        everybody("x")
        seen.append(weakref.ref(connections["default"]))

    seen: list[weakref.ref] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    del thread
    gc.collect()
    assert seen[0]() is None


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_plan_that_can_no_longer_be_used_is_given_up():
    """Catches: an error at every other question, once a migration has altered a column."""

    @planned
    def everybody(cohort):
        return Person._default_manager.filter(cohort=cohort)

    def alter(length):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {Person._meta.db_table} ALTER ended_by TYPE varchar({length})")

    def count(execute, *arguments):
        try:
            return execute(*arguments)
        except Exception as error:
            errors.append(str(error))
            raise

    errors: list[str] = []
    for _turn in range(3):
        everybody("x")
    alter(151)
    try:
        with connection.execute_wrapper(count):
            for _turn in range(12):
                everybody("x")
    finally:
        alter(150)
        connection.close()
    assert len(errors) == 1, errors


@pytest.mark.django_db
def test_a_queryset_that_is_known_to_be_empty_is_not_asked():
    """Catches: the ORM's way of saying so, while it writes, reaching the caller."""

    @prepared
    def first(cohort, *, n):
        return Person._default_manager.filter(cohort=cohort)[:n]

    assert first("x", n=0) == []

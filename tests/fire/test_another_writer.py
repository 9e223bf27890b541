"""Somebody else's transaction that does not end, on every kind of database."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from django.db import connection, connections, transaction

from syncgroups import testing
from syncgroups.exceptions import DatabaseBusy
from syncgroups.models import get_participant_model
from tests.engine.scenes import fresh

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def held_elsewhere(row):
    """Meanwhile another connection has the row; where the database has no row locks, everything."""
    held, done = Event(), Event()

    def hold():
        with transaction.atomic():
            type(row)._default_manager.select_for_update().get(pk=row.pk)
            held.set()
            done.wait(20)
        connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        holding = thread.submit(hold)
        assert held.wait(20)
        try:
            yield
        finally:
            done.set()
            holding.result()


@contextmanager
def impatient():
    """This connection does not wait for longer than a blink."""
    postgresql = connection.vendor == "postgresql"
    short, normal = ("50ms", "0") if postgresql else ("50", "20000")
    say = "SET lock_timeout = '{}'" if postgresql else "PRAGMA busy_timeout = {}"
    with connection.cursor() as cursor:
        cursor.execute(say.format(short))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(say.format(normal))


def test_who_may_not_wait_for_another_writer_any_longer_is_told_so_and_may_try_again():
    """Catches: an error of the database's, in the words of one of them."""
    [person] = testing.make_participants(1)
    with held_elsewhere(person), impatient(), pytest.raises(DatabaseBusy, match="try again"):
        person.fail("closed the tab")
    assert not fresh(person).failed
    assert person.fail("closed the tab")
    assert get_participant_model()._default_manager.get().failed

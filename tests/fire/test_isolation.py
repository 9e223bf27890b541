"""Law 2 needs READ COMMITTED: what is read under a lock has to be what is true under it. Anything else is refused."""

import pytest
from django.core import checks
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from syncgroups import testing
from syncgroups.models import ParticipantLinkSyncGroup
from tests.engine.scenes import fresh, make_group

from .sessions import within

STRICTER = [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE]


def found(options, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    return checks.run_checks(tags=["syncgroups"])


@pytest.mark.postgresql
@pytest.mark.parametrize("level", STRICTER)
def test_e004_a_stricter_isolation_level_is_an_error(level, monkeypatch):
    """Catches: a site whose passes decide about what was there before they had the lock."""
    (message,) = found({"isolation_level": level}, monkeypatch)
    assert (message.id, message.level) == ("syncgroups.E004", checks.ERROR)
    assert level.name.replace("_", " ") in message.msg
    assert "OPTIONS" in message.hint


@pytest.mark.postgresql
@pytest.mark.parametrize("told", [r"repeatable\ read", "serializable"])
def test_e004_so_it_is_when_the_server_is_told(told, monkeypatch):
    (message,) = found({"options": f"-c default_transaction_isolation={told} -c lock_timeout=5s"}, monkeypatch)
    assert message.id == "syncgroups.E004"
    assert told.replace("\\", "").upper() + "." in message.msg


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"isolation_level": IsolationLevel.READ_COMMITTED},
        {"isolation_level": IsolationLevel.READ_UNCOMMITTED},
        {"options": None},
        {"options": "-c lock_timeout=5s"},
        {"options": r"-c default_transaction_isolation=read\ committed -c lock_timeout=5s"},
    ],
)
def test_what_postgresql_does_by_itself_is_right(options, monkeypatch):
    assert found(options, monkeypatch) == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("level", "stays_a_member"), [("read committed", False), ("repeatable read", True)])
def test_the_reason_somebody_who_fails_while_they_are_added_to_a_group_has_to_see_that(
    elsewhere, level, stays_a_member
):
    """The proof of the check: at the stricter level, the lock is waited for, and then the past is read."""
    group = make_group(max_group_size=5)
    [person] = testing.make_participants(1)
    with transaction.atomic():
        group.add(person)
        failing = elsewhere(within, {"default_transaction_isolation": level}, person.fail, "left").until_held()
    assert failing.result() is True
    assert fresh(person).failed
    assert ParticipantLinkSyncGroup.objects.active().filter(participant=person).exists() is stays_a_member

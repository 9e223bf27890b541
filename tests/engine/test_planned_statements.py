"""A statement that is planned once for each session never fails where it would not have failed anyhow."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from syncgroups.exceptions import ImpureRule
from syncgroups.models import WakeUp
from syncgroups.prepared import planned
from syncgroups.processing.looking import no_queries
from tests.engine.sessions import Pooler, in_threads, kept_by, second_connection, verbs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

PLAIN, PLANNING, PLANNED = ["SELECT"], ["PREPARE", "EXECUTE"], ["EXECUTE"]


@pytest.fixture(autouse=True)
def new_session(transactional_db):
    """Begin with a session that has not been asked anything, and keep nothing for others."""
    connection.close()
    yield
    connection.close()


@pytest.fixture
def calls():
    """A question for the wake-ups of a barrier, of which "a" has one and "b" two."""
    WakeUp.objects.bulk_create(WakeUp(barrier_id=name) for name in "abb")
    return planned(lambda name: WakeUp.objects.filter(barrier_id=name).values_list("barrier_id", flat=True))


def execute(sql, on=connection):
    with on.cursor() as cursor:
        cursor.execute(sql)


def test_the_second_question_of_a_session_is_planned(calls):
    """Catches: planning for a session that asks once; planning anew each time; never planning."""
    assert [verbs(calls, name) for name in "abba"] == [PLAIN, PLANNING, PLANNED, PLANNED]
    assert len(kept_by(connection)) == 1
    assert [calls(name) for name in "abc"] == [["a"], ["b", "b"], []]


def test_it_has_one_name_in_every_session(calls):
    """Catches: names that a pooler's sessions would collect one by one."""
    with second_connection() as second:
        for _ in range(2):
            assert calls("b") == calls("b", using="second") == ["b", "b"]
        assert kept_by(connection) == kept_by(second) != set()


def test_statements_that_differ_in_what_is_written_out_have_plans_of_their_own():
    """Catches: naming it by its text alone, in which constants are not."""
    for name in "abb":
        WakeUp.objects.create(barrier_id=name, cohort="c")
    ask = planned(lambda cohort, *, name: WakeUp.objects.filter(barrier_id=name, cohort=cohort).values_list("pk"))
    turned = planned(lambda name, *, cohort: WakeUp.objects.filter(barrier_id=name, cohort=cohort).values_list("pk"))
    for _ in range(3):
        assert [len(ask("c", name=name)) for name in "abc"] == [1, 2, 0]
        assert [len(turned(name, cohort="c")) for name in "abc"] == [1, 2, 0]
    assert len(kept_by(connection)) == 4


@pytest.mark.parametrize("loss", ["DEALLOCATE ALL", "DISCARD ALL"])
def test_a_session_that_has_forgotten_is_asked_as_it_is_from_then_on(calls, loss):
    """Catches: an error for whoever asks first; one failure after the other where sessions change all the time."""
    assert [verbs(calls, "b") for _ in range(3)][1:] == [PLANNING, PLANNED]
    execute(loss)
    assert calls("b") == ["b", "b"]
    assert [verbs(calls, "a") for _ in range(4)] == [PLAIN] * 4
    assert calls("a") == ["a"]
    connection.close()
    assert [verbs(calls, "b") for _ in range(3)] == [PLAIN, PLANNING, PLANNED]


def test_a_new_session_is_asked_as_it_is_at_first(calls):
    """Catches: taking a connection for its session; a session too many before the first."""
    for _ in range(2):
        assert [verbs(calls, "b") for _ in range(3)] == [PLAIN, PLANNING, PLANNED]
        connection.close()


def test_in_a_transaction_it_is_asked_as_it_is(calls):
    """Catches: executing a plan where its failure would end the transaction; counting questions there."""
    with transaction.atomic():
        assert [verbs(calls, "b") for _ in range(3)] == [PLAIN] * 3
    assert [verbs(calls, "b") for _ in range(2)] == [PLAIN, PLANNING]
    with transaction.atomic():
        WakeUp.objects.create(barrier_id="b")
        execute("DEALLOCATE ALL")
        assert calls("b") == ["b", "b", "b"]
        with transaction.atomic():
            assert verbs(calls, "a") == PLAIN
    assert calls("b") == ["b", "b", "b"]


def test_without_autocommit_it_is_asked_as_it_is(calls):
    """Catches: looking for Django's blocks only."""
    calls("b")
    calls("b")
    connection.set_autocommit(False)
    try:
        execute("DEALLOCATE ALL")
        assert verbs(calls, "b") == PLAIN
        connection.rollback()
    finally:
        connection.set_autocommit(True)


def test_a_transaction_that_has_failed_says_so_as_ever(calls):
    """Catches: hiding the error of a transaction; a plan that is lost with it."""
    calls("b")
    calls("b")
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            execute("INSERT INTO syncgroups_wakeup (barrier_id) VALUES (NULL)")
        with pytest.raises(transaction.TransactionManagementError):
            calls("b")
    assert verbs(calls, "b") == PLANNED


def test_sessions_may_change_places(calls):
    """Catches: taking for granted that a connection keeps its session."""
    with second_connection() as second:
        for n in range(8):
            connection.connection, second.connection = second.connection, connection.connection
            for _ in range(n % 4):
                assert calls("b") == ["b", "b"]
                assert calls("a", using="second") == ["a"]


def test_nobody_has_to_know_which_session_comes_next(calls):
    """Catches: errors where the session knows nothing of a plan, or knows it already, for many who begin anew."""
    with second_connection("second") as second, second_connection("third") as third:
        own, sessions = connection.connection, [one.connection for one in (connection, second, third)]
        connection.connection = Pooler(*sessions)
        try:
            for n in range(300):
                assert calls("abc"[n % 3]) == [["a"], ["b", "b"], []][n % 3]
                if n % 5 == 0:
                    connection.syncgroups_session = None
                if n % 50 == 0:
                    execute("DEALLOCATE ALL", on=second)
            assert kept_by(second) | kept_by(third)
        finally:
            connection.connection = own


def test_a_column_may_change_under_it(calls):
    """Catches: the error of a plan that no longer fits, where the statement still does."""
    ask = planned(lambda name: WakeUp.objects.filter(barrier_id=name))
    everything = list(WakeUp.objects.filter(barrier_id="b").order_by("pk"))
    ask("b")
    ask("b")
    execute("ALTER TABLE syncgroups_wakeup ALTER cohort TYPE varchar(99)")
    try:
        for _ in range(4):
            assert sorted(ask("b"), key=lambda call: call.pk) == everything
    finally:
        execute("ALTER TABLE syncgroups_wakeup ALTER cohort TYPE varchar(100)")


def test_nobody_gets_what_another_thread_asked_for(calls):
    """Catches: plans or counts that threads share."""

    def repeatedly(name, expected):
        return all(calls(name) == expected for _ in range(300))

    assert in_threads(lambda: repeatedly("a", ["a"]), lambda: repeatedly("b", ["b", "b"])) == [True, True]


def test_rules_are_refused_it_however_often_it_was_asked(calls):
    """Catches: a refusal that is taken for a lost plan, so that it is asked another time."""
    for _ in range(3):
        with no_queries("here"), pytest.raises(ImpureRule):
            calls("a")
        calls("a")
    refused = []

    def refuse(execute, sql, *rest):
        refused.append(sql.split()[0])
        raise ImpureRule("No.")

    with connection.execute_wrapper(refuse), pytest.raises(ImpureRule):
        calls("a")
    assert refused == PLANNED

"""Law 5: an ``on_release`` that does whatever one can do to a transaction holds back its own group only."""

import contextlib

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from syncgroups import processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.models import BarrierRecord, WakeUp
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, make_groups, members, states

pytestmark = pytest.mark.django_db(transaction=True)


def raises(group):
    raise RuntimeError("as the site is")


def hides_an_error_of_the_orm(group):
    with contextlib.suppress(IntegrityError):
        BarrierRecord.objects.create(barrier_id="choice")


def hides_an_error_of_the_server(group):
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


def asks_for_a_rollback(group):
    transaction.set_rollback(True)


def rolls_back_by_hand(group):
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK")


def commits_through_django(group):
    transaction.commit()


def closes_the_connection(group):
    connection.connection.close()


def is_cut_off_by_the_server(group):
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


POISON = [
    raises,
    hides_an_error_of_the_orm,
    hides_an_error_of_the_server,
    asks_for_a_rollback,
    rolls_back_by_hand,
    commits_through_django,
    closes_the_connection,
    is_cut_off_by_the_server,
]


@pytest.mark.postgresql
@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("run", [processing.sweep, lambda: processing.process_barrier("choice")], ids=["sweep", "pass"])
def test_whatever_is_done_to_the_transaction_the_others_go_in_the_same_run(poison, run):
    """Catches: a transaction, or a connection, that is shared with the groups that come next."""
    odd, *others = make_groups(3)
    calls = []

    def score(group):
        if group == odd:
            calls.append(group.pk)
            poison(group)

    with testing.declared(GroupBarrier("choice", "rps", on_release=score, max_wait_time=600)):
        held = testing.arrive_all(members(odd), "choice")
        links = testing.arrive_all(members(*others), "choice")
        run()
        assert states(links) == [LinkState.RELEASED] * 4
        assert states(held) == [LinkState.WAITING] * 2
        assert (fresh(odd).error_count, len(calls)) == (1, 1)
        assert fresh(odd).last_error
        assert "has not returned" not in fresh(odd).last_error
        testing.let_time_pass(-60)  # So that the pause is not over before a slow machine looks.
        run()
        assert len(calls) == 1, "the next try comes after a pause"
        testing.let_time_pass(61)
        run()
        assert (fresh(odd).error_count, len(calls)) == (2, 2)
        assert WakeUp.objects.count() == 1


@pytest.mark.postgresql
def test_a_commit_by_hand_is_what_it_is_and_neither_hides_the_error_nor_calls_twice():
    """Catches: a group whose release has been committed and is tried again; one that is stuck behind it."""
    odd, *others = make_groups(3)
    calls = []

    def score(group):
        if group == odd:
            calls.append(group.pk)
            with connection.cursor() as cursor:
                cursor.execute("COMMIT")

    with testing.declared(GroupBarrier("choice", "rps", on_release=score, max_wait_time=600)):
        links = testing.arrive_all(members(odd, *others), "choice")
        testing.sweep()
        assert states(links) == [LinkState.RELEASED] * 6
        assert fresh(odd).last_error
        testing.let_time_pass(1)
        testing.sweep()
    assert len(calls) == 1
    assert fresh(odd).last_error == ""

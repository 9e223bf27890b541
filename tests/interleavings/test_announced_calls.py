"""Between the word of a sweep that it calls code of the site, and the call, nobody holds the group's lock."""

import pytest
from django.db import connection, transaction

from syncgroups import processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.models import SyncGroup
from syncgroups.processing import Unit
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, make_group, members, states

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def sweep_that_stops_before_it_calls(gate):
    """It locks the group to see that there is a call, to say so, and to make it."""
    locks = []

    def stop(execute, sql, *rest):
        if "SKIP LOCKED" in sql and SyncGroup._meta.db_table in sql:
            locks.append(sql)
            if len(locks) == 3:
                gate.pass_by()
        return execute(sql, *rest)

    with connection.execute_wrapper(stop):
        return processing.sweep()


def test_a_call_that_others_come_in_between_is_not_put_off(elsewhere, gate):
    """Catches: leaving the group to the pause after a failed try, though nothing was tried."""
    group = make_group()
    called = []
    with testing.declared(GroupBarrier("choice", "rps", on_release=lambda group: called.append(group.pk))):
        links = testing.arrive_all(members(group), "choice")
        sweeping = elsewhere(sweep_that_stops_before_it_calls, gate)
        gate.until_reached()
        with transaction.atomic():
            SyncGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
            gate.open()
            result = sweeping.result()
        assert (result.outcome, set(result.rerun)) == (PassOutcome.BUSY, {Unit("choice", "", group.pk)})
        assert called == []
        processing.sweep()
    assert called == [group.pk]
    assert states(links) == [LinkState.RELEASED] * 2
    assert (fresh(group).last_error, fresh(group).error_count) == ("", 0)

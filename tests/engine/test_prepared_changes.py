"""In a prepared function updates and deletes are written; everywhere else they are executed."""

from __future__ import annotations

from datetime import timedelta, timezone
from uuid import uuid4

import pytest
from django.db.models import F
from django.utils.timezone import now

from syncgroups.models import ParticipantLinkBarrier, WakeUp
from syncgroups.prepared import Among, prepared
from tests.engine.scenes import crowd, number_of_queries
from tests.engine.sessions import in_threads, verbs

pytestmark = pytest.mark.django_db

LINKS = ParticipantLinkBarrier.objects


def calls(*names):
    """So many wake-ups at these barriers."""
    return WakeUp.objects.bulk_create(WakeUp(barrier_id=name) for name in names)


def left():
    return sorted(WakeUp.objects.values_list("barrier_id", flat=True))


def test_elsewhere_they_are_executed_at_once():
    """Catches: statements that are only written wherever they are."""
    calls("a", "a", "b")
    assert WakeUp.objects.filter(barrier_id="a").update(barrier_id="c") == 2
    assert left() == ["b", "c", "c"]
    assert WakeUp.objects.filter(barrier_id="c").delete() == (2, {"syncgroups.WakeUp": 2})
    assert left() == ["b"]


def test_a_prepared_update_tells_how_many_rows_it_changed():
    """Catches: executing it while it is written; forgetting a slot among the new values."""
    calls("a", "a", "b")
    rename = prepared(lambda old, new: WakeUp.objects.filter(barrier_id=old).update(barrier_id=new))
    assert verbs(lambda: rename("nowhere", "x")) == ["UPDATE"]
    assert left() == ["a", "a", "b"]
    assert rename("a", "it's 100% c") == 2
    assert rename("b", "d") == 1
    assert left() == ["d", "it's 100% c", "it's 100% c"]


def test_a_prepared_deletion_tells_how_many_rows_it_took():
    """Catches: executing it while it is written, with nothing in its slots; taking all rows."""
    calls("a", "a", "b")
    take = prepared(lambda names, cohort: WakeUp.objects.filter(Among("barrier_id", names), cohort=cohort).delete())
    assert verbs(lambda: take(["nowhere"], "")) == ["DELETE"]
    assert take(["a", "b"], "another") == take([], "") == 0
    assert take(["a", "z"], "") == 2
    assert left() == ["b"]


def test_a_prepared_update_may_reckon_with_what_is_stored():
    """Catches: losing what the condition needs; selecting annotations where keys are wanted."""
    few, many = crowd(1, "a", time_credit=1.5), crowd(2, "a", time_credit=4.0)
    rich = prepared(
        lambda more, least: (
            LINKS.annotate(doubled=F("time_credit") * 2, who=F("participant__public_id"))
            .filter(doubled__gte=least, participant__failed=False)
            .update(time_credit=F("time_credit") + more)
        )
    )
    assert rich(0.25, 7) == len(many)
    assert LINKS.get(pk=few[0].pk).time_credit == 1.5
    assert {link.time_credit for link in LINKS.exclude(pk=few[0].pk)} == {4.25}


def test_none_among_new_values_is_stored_as_null():
    """Catches: a None that keeps the statement of a value."""
    [link] = crowd(1, "a", visit="first")
    name = prepared(lambda pk, visit: LINKS.filter(pk=pk).update(visit=visit))
    for visit in ("second", None, "third"):
        assert name(link.pk, visit) == 1
        assert LINKS.get(pk=link.pk).visit == visit


def test_a_new_value_is_stored_as_its_column_wants_it():
    """Catches: handing the database a dictionary, a UUID or a moment as Python knows it."""
    [link] = crowd(1, "a")
    moment, key = now().astimezone(timezone(timedelta(hours=5))), uuid4()
    store = prepared(lambda pk, a, b, c: LINKS.filter(pk=pk).update(details=a, deadline=b, public_id=c))
    for details in ({"a": [1, None, "it's 100%"]}, {}, ["b"], "c"):
        assert store(link.pk, details, moment, key) == 1
        stored = LINKS.get(pk=link.pk)
        assert (stored.details, stored.deadline, stored.public_id) == (details, moment, key)


def test_a_function_that_raises_leaves_others_to_execute():
    """Catches: a context variable that is not reset."""
    calls("a", "b")

    @prepared
    def broken(name):
        WakeUp.objects.filter(barrier_id=name).update(barrier_id="c")
        raise RuntimeError("broken")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"):
            broken("a")
        assert WakeUp.objects.filter(barrier_id="a").update(barrier_id="a") == 1
    assert WakeUp.objects.filter(barrier_id="a").delete()[0] == 1
    assert left() == ["b"]


def test_a_function_that_has_been_written_leaves_others_to_execute():
    """Catches: a context variable that is reset after failures only."""
    calls("a")
    prepared(lambda name: WakeUp.objects.filter(barrier_id=name).delete())("nowhere")
    assert WakeUp.objects.filter(barrier_id="a").delete()[0] == 1


@pytest.mark.django_db(transaction=True)
def test_while_one_thread_writes_a_statement_the_others_execute():
    """Catches: a global variable in place of a context variable."""
    calls("a", "b")

    @prepared
    def take(name):
        changed.extend(in_threads(lambda: WakeUp.objects.filter(barrier_id="a").update(barrier_id="c")))
        return WakeUp.objects.filter(barrier_id=name).delete()

    changed = []
    assert take("b") == 1
    assert changed == [1]
    assert left() == ["c"]


def test_each_costs_one_statement():
    """Catches: looking for the rows first."""
    calls("a")
    take = prepared(lambda name: WakeUp.objects.filter(barrier_id=name).delete())
    assert number_of_queries(take, "a") == number_of_queries(take, "b") == 1

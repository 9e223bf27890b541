"""A statement that is written once answers as the ORM does, whoever asks and whatever for."""

from __future__ import annotations

import sys
from datetime import timedelta, timezone
from threading import Barrier as Start

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from syncgroups.exceptions import ImpureRule
from syncgroups.models import ParticipantLinkBarrier, SyncGroup, WakeUp
from syncgroups.prepared import insert, insert_all, prepared
from syncgroups.processing.looking import no_queries
from tests.engine.forms import FORMS, counting, told
from tests.engine.scenes import crowd, make_group, number_of_queries
from tests.engine.sessions import in_threads, second_connection, verbs

pytestmark = pytest.mark.django_db

LINKS = ParticipantLinkBarrier.objects


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_it_answers_as_the_orm_does(form):
    """Catches: a twin that lacks the annotations, the ties, the converters or the kind of row of the original."""
    here, there = crowd(3, "here", details={"a": [1, None]}), crowd(4, "there", sync_group=make_group())
    ask, runs = counting(lambda barrier_id: form(LINKS.filter(barrier_id=barrier_id).order_by("pk")))
    for barrier_id in ("here", "there", "here", "nowhere"):
        expected = form(LINKS.filter(barrier_id=barrier_id).order_by("pk"))
        assert [told(row) for row in ask(barrier_id)] == [told(row) for row in expected]
    assert (len(here), len(there), len(runs)) == (3, 4, 1)


def test_what_was_deferred_is_loaded_when_it_is_read():
    """Catches: instances that do not know which database they are from."""
    crowd(1, "here", reason="because")
    [link] = prepared(lambda barrier_id: LINKS.filter(barrier_id=barrier_id).only("state"))("here")
    assert number_of_queries(lambda: link.reason) == 1
    assert link.reason == "because"


def test_its_rows_are_as_good_as_any():
    """Catches: instances that would be stored a second time."""
    crowd(1, "here")
    [link] = prepared(lambda barrier_id: LINKS.filter(barrier_id=barrier_id))("here")
    link.reason = "changed"
    link.save()
    assert LINKS.get().reason == "changed"


def test_values_are_what_the_column_holds():
    """Catches: handing SQLite a UUID or a moment as Python prints it; moments that lose their time zone."""
    moment = now().astimezone(timezone(timedelta(hours=5)))
    [link, *_] = crowd(2, 'it\'s 100% "so" \\ $1 %s ä漢🎈', deadline=moment, time_credit=0.5)
    for name in ("pk", "public_id", "deadline", "barrier_id", "time_credit", "participant_id", "state"):
        ask = prepared(lambda value, *, name: LINKS.filter(**{name: value}).order_by("pk"))
        assert ask(getattr(link, name), name=name)[0] == link
    by_flag = prepared(lambda active, failed: SyncGroup.objects.filter(active=active, failed=failed))
    group = make_group()
    assert by_flag(True, False) == [group]
    assert by_flag(False, False) == by_flag(True, True) == []


def test_a_value_may_stand_in_several_places():
    """Catches: filling slots by their order."""
    [link, _] = crowd(2, "here", cohort="here")
    ask = prepared(lambda pk, place: LINKS.filter(cohort=place, pk=pk, barrier_id=place))
    assert ask(link.pk, "here") == [link]
    assert ask(link.pk, "there") == []


def test_it_is_written_once_and_asked_in_one_statement():
    """Catches: keeping a statement for each value."""
    ask, runs = counting(lambda barrier_id, cohort: LINKS.at(barrier_id, cohort))
    for n in range(20):
        assert number_of_queries(ask, f"barrier {n}", "x" * n) == 1
    assert len(runs) == 1


def test_none_is_asked_for_in_words_of_its_own():
    """Catches: comparing with NULL, which nothing equals; forgetting which values are None."""
    [nameless] = crowd(1, "here")
    [named] = crowd(1, "here", visit="first")
    ask, runs = counting(lambda barrier_id, visit: LINKS.filter(barrier_id=barrier_id, visit=visit))
    for _ in range(2):
        assert ask("here", None) == [nameless]
        assert ask("here", "first") == [named]
        assert ask("here", "second") == []
    assert len(runs) == 2


def test_what_is_given_by_keyword_is_part_of_the_statement():
    """Catches: forgetting the constants; keeping one statement for all of them."""
    links = crowd(3, "here")
    ask, runs = counting(lambda barrier_id, *, order, n: LINKS.filter(barrier_id=barrier_id).order_by(order)[:n])
    for _ in range(2):
        assert ask("here", order="pk", n=2) == links[:2]
        assert ask("here", order="-pk", n=1) == links[:1:-1]
        assert ask("there", order="pk", n=2) == []
    assert len(runs) == 2


@pytest.mark.django_db(transaction=True)
def test_another_database_may_be_named():
    """Catches: asking the default database, or saying that the rows are from there."""
    links = crowd(2, "here")
    ask, runs = counting(lambda barrier_id: LINKS.filter(barrier_id=barrier_id).order_by("pk"))
    write, _ = counting(lambda barrier_id: LINKS.filter(barrier_id=barrier_id).update(reason="told"))
    with second_connection() as second, CaptureQueriesContext(second) as queries:
        assert verbs(lambda: [*ask("here", using="second"), write("here", using="second")]) == []
        assert [link._state.db for link in ask("here", using="second")] == ["second"] * 2
        assert len(queries) == 3
    assert ask("here") == links
    assert {link._state.db for link in ask("here")} == {"default"}
    assert len(runs) == 2
    assert LINKS.filter(reason="told").count() == 2


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_asking_leaves_no_trace_in_what_is_kept(form):
    """Catches: asking the original instead of a twin, where another thread may be asking it."""
    crowd(2, "here")
    ask = prepared(lambda barrier_id: form(LINKS.filter(barrier_id=barrier_id)))
    assert ask("nowhere") == []
    [kept] = ask.kept.values()
    before = [dict(vars(thing)) for thing in (kept, kept.queryset, kept.compiler, kept.compiler.query)]
    assert ask("here")
    assert before == [vars(thing) for thing in (kept, kept.queryset, kept.compiler, kept.compiler.query)]


@pytest.mark.django_db(transaction=True)
def test_nobody_gets_what_another_thread_asked_for():
    """Catches: asking the original instead of a twin."""
    rounds, start = 300, Start(2)
    pks = {name: [link.pk for link in crowd(n, name)] for n, name in ((1, "one"), (3, "three"))}
    ask = prepared(lambda barrier_id: LINKS.filter(barrier_id=barrier_id).order_by("pk"))

    def repeatedly(name):
        for _ in range(rounds):
            start.wait(10)
            assert [link.pk for link in ask(name)] == pks[name]
        return rounds

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        assert in_threads(lambda: repeatedly("one"), lambda: repeatedly("three")) == [rounds, rounds]
    finally:
        sys.setswitchinterval(interval)


def test_nothing_is_asked_where_there_can_be_no_rows():
    """Catches: raising what the ORM catches."""
    crowd(1, "here")
    ask = prepared(lambda barrier_id, *, pks: LINKS.filter(barrier_id=barrier_id, pk__in=pks))
    for _ in range(2):
        assert ask("here", pks=()) == []
        assert number_of_queries(ask, "here", pks=()) == 0


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_only():
    """Catches: locks that end at once, where the ORM would have refused."""
    [link] = crowd(1, "here")
    lock = prepared(lambda pk: LINKS.filter(pk=pk).select_for_update())
    with transaction.atomic():
        assert lock(link.pk) == [link]
    with pytest.raises(transaction.TransactionManagementError):
        lock(link.pk)


ACTS = {
    "a question": lambda: prepared(lambda barrier_id: LINKS.filter(barrier_id=barrier_id))("here"),
    "an update": lambda: prepared(lambda name: WakeUp.objects.filter(barrier_id=name).update(cohort=name))("here"),
    "a deletion": lambda: prepared(lambda name: WakeUp.objects.filter(barrier_id=name).delete())("here"),
    "an insertion": lambda: insert(WakeUp(barrier_id="here")),
    "many insertions": lambda: insert_all([WakeUp(barrier_id="here"), WakeUp(barrier_id="there")]),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_rules_are_refused_it_as_any_other_query(act):
    """Catches: going to the driver past Django's cursors."""
    with pytest.raises(ImpureRule), transaction.atomic(), no_queries("here"):
        act()
    act()

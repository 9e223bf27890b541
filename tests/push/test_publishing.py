"""Who is told of what, when, in how many round trips, and what comes of it when nobody can be told."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from syncgroups import push as hints
from syncgroups import testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.processing.hints import MOST
from syncgroups.push import publishing
from syncgroups.states import LinkState, ParticipantStatus
from tests.engine.scenes import fresh, states

from .broken import Broken
from .conftest import POSTGRESQL, REDIS, switch_on
from .ears import named

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("declared")]


def trio():
    """Three people in a group."""
    people = testing.make_participants(3)
    testing.arrive_all(people, "hearers_grouper")
    testing.process("hearers_grouper")
    return people


def test_everybody_who_is_released_together_is_told_by_one_message(push, ears):
    people = testing.make_participants(3)
    testing.arrive_all(people, "hearers_grouper")
    assert ears.whom() == []
    testing.process("hearers_grouper")
    assert ears.whom() == [named(*people)]


def test_who_waits_already_is_told_when_somebody_comes(push, ears):
    people = trio()
    testing.arrive_all(people[:1], "all_ears")
    testing.process("all_ears")
    ears.heard()
    testing.arrive_all(people[1:2], "all_ears")
    assert ears.whom() == []
    testing.process("all_ears")
    assert ears.whom() == [named(*people[:2])]


def test_of_a_crowd_the_first_ones_are_told_that_somebody_came(push, ears):
    """Fails when each arrival makes everybody ask."""
    with testing.declared(SimpleGrouper("mob", initial_group_size=500)):
        people = testing.make_participants(MOST + 2)
        testing.arrive_all(people, "mob_grouper")
        testing.process("mob_grouper")
    assert ears.whom() == [named(*people[:MOST])]


@pytest.mark.parametrize("end", ["fail", "leave", "finish"])
def test_who_takes_part_no_longer_is_told_wherever_they_are(push, ears, end):
    [waiting, elsewhere] = testing.make_participants(2)
    testing.arrive_all([waiting], "hearers_grouper")
    getattr(waiting, end)()
    getattr(elsewhere, end)()
    assert ears.whom() == [named(waiting), named(elsewhere)]


def test_who_waits_for_somebody_who_leaves_is_told(push, ears):
    people = trio()
    testing.arrive_all(people[:1], "all_ears")
    testing.process("all_ears")
    ears.heard()
    people[2].leave()
    testing.process("all_ears")
    assert ears.whom() == [named(people[2]), named(people[0])]


def test_whose_time_is_up_is_told(push, ears):
    [person] = testing.make_participants(1)
    testing.arrive_all([person], "hearers_grouper")
    testing.let_time_pass(601)
    testing.process("hearers_grouper")
    assert ears.whom() == [named(person)]


def test_whom_a_researcher_lets_through_is_told(push, ears):
    [person] = testing.make_participants(1)
    [link] = testing.arrive_all([person], "hearers_grouper")
    link.release()
    assert ears.whom() == [named(person)]


def test_what_is_rolled_back_is_told_to_nobody(push, ears):
    [person] = testing.make_participants(1)
    [link] = testing.arrive_all([person], "hearers_grouper")
    with transaction.atomic():
        link.release()
        transaction.set_rollback(True)
    assert states([link]) == [LinkState.WAITING]
    assert ears.heard() == []


def test_a_part_that_is_rolled_back_is_told_to_nobody_and_the_rest_is(push, ears):
    """Fails when the hint of a whole transaction is kept, or lost, with the first savepoint in it."""
    with transaction.atomic():
        hints.publish(["before"])
        for name in ("one", "two"):
            with transaction.atomic():
                hints.publish([name])
                transaction.set_rollback(True)
        with transaction.atomic():
            hints.publish(["within"])
        hints.publish(["after"])
    assert ears.whom() == [{"before", "after"}, {"within"}]


def test_nobody_is_told_before_the_commit(push, ears):
    with transaction.atomic():
        hints.publish(["early"])
        with CaptureQueriesContext(connection) as inside:
            hints.publish(["early"])
        assert len(inside) == 0
    assert ears.whom() == [{"early"}]


@pytest.mark.postgresql
def test_a_pass_that_tells_forty_says_as_much_as_one_that_tells_two(settings, monkeypatch, valkey):
    switch_on(POSTGRESQL, valkey.url, settings, monkeypatch)
    counts = []
    # The first pass of all makes the barrier's record.
    for n in (2, 2, 40):
        with testing.declared(SimpleGrouper("big", initial_group_size=n)):
            testing.arrive_all(testing.make_participants(n), "big_grouper")
            with CaptureQueriesContext(connection) as queries:
                testing.process("big_grouper")
        counts.append((len(queries), sum("pg_notify" in query["sql"] for query in queries)))
    assert counts[1] == counts[2]
    assert counts[1][1] == 1


def test_while_push_is_off_nothing_is_asked_of_the_database_for_it(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(0):
        hints.publish(["nobody"])
        assert not connection.run_on_commit


def test_thousands_are_told_in_messages_that_are_short_enough(push, ears):
    keys = {str(number) for number in range(5000)}
    hints.publish(keys)
    messages = ears.heard()
    assert len(messages) > 1
    assert all(len(message.encode()) < 8000 for message in messages)
    assert set().union(*map(hints.keys_of, messages)) == keys


def test_keys_may_be_written_as_they_like(push, ears):
    keys = {"a,b", '"]', "ü\n", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "%s"}
    hints.publish(keys)
    assert ears.whom() == [keys]


@pytest.mark.parametrize("message", ["", "{", "1", "{}", "[1, null]", '"text"'])
def test_a_message_of_somebody_else_is_about_nobody(message):
    assert hints.keys_of(message) == []


# When the server is away


def test_who_arrives_is_released_or_leaves_does_so_while_the_server_is_away(settings, monkeypatch, valkey):
    switch_on(REDIS, valkey.url, settings, monkeypatch)
    valkey.stop()
    people = testing.make_participants(4)
    links = testing.arrive_all(people, "hearers_grouper")
    testing.process("hearers_grouper")
    people[3].leave()
    assert states(links[:3]) == [LinkState.RELEASED] * 3
    assert fresh(people[3]).status == ParticipantStatus.LEFT


def test_a_server_that_is_away_is_not_tried_by_everybody(settings, monkeypatch):
    """Fails when each release waits for it anew."""
    monkeypatch.setattr(Broken, "tries", 0)
    switch_on("tests.push.broken.Broken", "", settings, monkeypatch)
    for _ in range(3):
        hints.publish(["somebody"])
    assert Broken.tries == 1
    publishing.line.closed_until = 0.0
    for _ in range(3):
        hints.publish(["somebody"])
    assert Broken.tries == 2


def test_it_is_tried_ever_more_seldom():
    pauses = [publishing.line.close() for _ in range(6)]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1] == publishing.LONGEST_PAUSE


def test_a_server_that_is_away_for_days_fails_nobody(settings, monkeypatch):
    """Fails when the pause is computed from all failures: after 1,024 no number holds it, and nobody could arrive."""
    switch_on("tests.push.broken.Broken", "", settings, monkeypatch)
    publishing.line.failures = 100_000
    hints.publish(["somebody"])
    assert publishing.line.failures == 100_001


def test_it_is_told_again_as_soon_as_the_server_is_back(settings, monkeypatch, valkey, request):
    switch_on(REDIS, valkey.url, settings, monkeypatch)
    valkey.stop()
    hints.publish(["lost"])
    valkey.start()
    ears = request.getfixturevalue("ears")
    publishing.line.closed_until = 0.0
    for name in ("found", "again"):
        hints.publish([name])
    assert ears.whom() == [{"found"}, {"again"}]


def test_a_connection_that_was_lost_while_nobody_used_it_loses_no_hint(settings, monkeypatch, valkey, request):
    switch_on(REDIS, valkey.url, settings, monkeypatch)
    hints.publish(["first"])
    valkey.stop()
    valkey.start()
    ears = request.getfixturevalue("ears")
    hints.publish(["second"])
    assert ears.whom() == [{"second"}]


def test_a_notifier_that_cannot_even_be_made_fails_nobody(settings, monkeypatch):
    switch_on("nowhere.at_all", "", settings, monkeypatch)
    hints.publish(["somebody"])

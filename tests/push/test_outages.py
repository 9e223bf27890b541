"""A hint that is lost is made up for, and nobody waits for a server that is away."""

from __future__ import annotations

import pytest
from django.db import connection

from syncgroups import testing
from syncgroups.push import publishing

from .clients import ask, until
from .conftest import POSTGRESQL, REDIS, switch_on

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("declared"), pytest.mark.once]


@pytest.fixture
def waiting():
    """Somebody who waits, and their visit."""
    [person] = testing.make_participants(1)
    return person, testing.arrive_all([person], "hearers_grouper")[0]


#: Other processes run other tests on the same server, in databases of their own.
LISTENERS = "pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()"


def cut_listeners():
    """End the sessions that listen, and say how many these were."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM {LISTENERS}")
        return len(cursor.fetchall())


def listeners():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {LISTENERS}")
        return len(cursor.fetchall())


@pytest.fixture(autouse=True)
def _clock(settings, monkeypatch):
    """While no hints are heard, streams go by a clock that does not let a test wait."""
    monkeypatch.setenv("TESTS_POLL_INTERVAL", "0.2")


def told(stream, port, person, **standing):
    """Hear hints until one after which the page, when it asks, is told this."""

    def shown():
        answer = ask(port, person)[1]
        return all(answer[name] == value for name, value in standing.items())

    until(lambda: "end" not in stream.until("changed") and shown())


def heard_again(stream):
    """No longer does the stream go by the clock: it shows only that it is alive."""
    for _ in range(5):
        stream.until("alive")


@pytest.mark.postgresql
def test_who_is_released_while_the_connection_is_cut_is_told(settings, monkeypatch, valkey, serve, listen, waiting):
    switch_on(POSTGRESQL, valkey.url, settings, monkeypatch)
    person, link = waiting
    port = serve(PAUSE=0.5, KEEPALIVE=0.1)
    stream = listen(port, person).opened()
    stream.until("alive")
    assert cut_listeners() == 1
    until(lambda: listeners() == 0)
    link.release()
    told(stream, port, person, waiting=False)
    heard_again(stream)
    person.leave()
    told(stream, port, person, status="left")


def test_who_is_released_while_the_server_is_away_is_told(settings, monkeypatch, valkey, serve, listen, waiting):
    switch_on(REDIS, valkey.url, settings, monkeypatch)
    person, link = waiting
    port = serve(KEEPALIVE=0.1)
    stream = listen(port, person).opened()
    stream.until("alive")
    valkey.stop()
    link.release()
    told(stream, port, person, waiting=False)
    valkey.start()
    publishing.line.reset()
    heard_again(stream)
    person.leave()
    told(stream, port, person, status="left")


def test_a_stream_that_is_opened_while_the_server_is_away_goes_by_the_clock(
    settings, monkeypatch, valkey, serve, listen, waiting
):
    """Fails when pages that rely on a stream are worse off than those that poll."""
    switch_on(REDIS, valkey.url, settings, monkeypatch)
    valkey.stop()
    person, link = waiting
    port = serve(OPENING=0.1, KEEPALIVE=600)
    stream = listen(port, person).opened()
    link.release()
    told(stream, port, person, waiting=False)


@pytest.mark.worker
def test_a_release_by_a_worker_reaches_a_page_that_does_not_poll(push, serve, listen, celery_worker_process):
    people = testing.make_participants(3)
    port = serve()
    celery_worker_process("--pool=solo")
    testing.arrive_all(people[:2], "hearers_grouper")
    streams = [listen(port, person).opened() for person in people[:2]]
    testing.arrive_all(people[2:], "hearers_grouper")
    for stream, person in zip(streams, people, strict=False):
        # One hint, or two: somebody came, and one may go.
        told(stream, port, person, waiting=False)

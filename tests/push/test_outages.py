"""A hint that is lost is made up for, and nobody waits for a server that is away."""

from __future__ import annotations

import pytest
from django.db import connection

from syncgroups import testing
from syncgroups.push import publishing

from .clients import ask, until
from .conftest import POSTGRESQL, REDIS, switch_on

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("declared")]


@pytest.fixture
def waiting():
    """Somebody who waits, and their visit."""
    [person] = testing.make_participants(1)
    return person, testing.arrive_all([person], "trio_grouper")[0]


def cut_listeners():
    """End the sessions that listen, and say how many these were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")
        return len(cursor.fetchall())


def listeners():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")
        return len(cursor.fetchall())


@pytest.fixture(autouse=True)
def _clock(settings, monkeypatch):
    """While no hints are heard, streams go by a clock that does not let a test wait."""
    monkeypatch.setenv("TESTS_POLL_INTERVAL", "0.2")


def told_after(stream, release):
    """Whether the stream has a hint that comes after the release."""
    release()
    while not stream.heard.empty():
        stream.heard.get()
    return "end" not in stream.until("changed")


@pytest.mark.postgresql
def test_who_is_released_while_the_connection_is_cut_is_told(settings, monkeypatch, valkey, serve, listen, waiting):
    switch_on(POSTGRESQL, valkey.url, settings, monkeypatch)
    person, link = waiting
    port = serve(PAUSE=0.5, KEEPALIVE=0.1)
    stream = listen(port, person).opened()
    stream.until("alive")
    assert cut_listeners() == 1
    until(lambda: listeners() == 0)
    assert told_after(stream, link.release)
    assert ask(port, person)[1]["waiting"] is False
    until(lambda: listeners() == 1)
    # The clock is no longer needed: it shows that it is alive by hints only.
    stream.until("alive")
    assert told_after(stream, person.leave)


def test_who_is_released_while_the_server_is_away_is_told(settings, monkeypatch, valkey, serve, listen, waiting):
    switch_on(REDIS, valkey.url, settings, monkeypatch)
    person, link = waiting
    port = serve(KEEPALIVE=0.1)
    stream = listen(port, person).opened()
    stream.until("alive")
    valkey.stop()
    assert told_after(stream, link.release)
    assert ask(port, person)[1]["waiting"] is False
    valkey.start()
    publishing.line.reset()
    stream.until("alive")
    assert told_after(stream, person.leave)


def test_a_stream_that_is_opened_while_the_server_is_away_goes_by_the_clock(
    settings, monkeypatch, valkey, serve, listen, waiting
):
    """Fails when pages that rely on a stream are worse off than those that poll."""
    switch_on(REDIS, valkey.url, settings, monkeypatch)
    valkey.stop()
    person, link = waiting
    stream = listen(serve(OPENING=0.1), person).opened()
    assert told_after(stream, link.release)


@pytest.mark.worker
def test_a_release_by_a_worker_reaches_a_page_that_does_not_poll(push, serve, listen, celery_worker_process):
    people = testing.make_participants(3)
    port = serve()
    celery_worker_process("--pool=solo")
    testing.arrive_all(people[:2], "trio_grouper")
    streams = [listen(port, person).opened() for person in people[:2]]
    testing.arrive_all(people[2:], "trio_grouper")
    for stream, person in zip(streams, people, strict=False):
        # One hint, or two: somebody came, and one may go.
        until(lambda stream=stream, person=person: stream.next() == "changed" and goes_on(port, person))


def goes_on(port, person):
    return not ask(port, person)[1]["waiting"]

"""The two notifiers: what is said is heard, and a server that is lost is noticed."""

from __future__ import annotations

import time
from contextlib import closing

import pytest
from django.core import checks
from django.db import connection
from django.test import override_settings

from syncgroups import testing
from syncgroups.push import Notifier, notifier, redis

from .conftest import POSTGRESQL, REDIS, switch_on

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lists(push, monkeypatch):
    """What is heard, from the moment on in which nothing can be missed."""
    monkeypatch.setattr(Notifier, "breath", 0.01)
    with closing(notifier().listen()) as lists:
        assert next(lists) == []
        yield lists


def next_messages(lists):
    """The next ones, however often nothing is heard before."""
    return next(filter(None, lists))


def test_what_is_said_is_heard_in_order(lists):
    notifier().publish(["one", "two"])
    notifier().publish(["three"])
    heard: list[str] = []
    while len(heard) < 3:
        heard += next_messages(lists)
    assert heard == ["one", "two", "three"]


def test_a_long_message_arrives_whole(lists):
    notifier().publish(["ü" * 3950])
    assert next_messages(lists) == ["ü" * 3950]


def test_there_is_a_list_now_and_then_even_if_nothing_is_said(lists):
    assert [next(lists), next(lists)] == [[], []]


def test_two_listeners_both_hear(lists):
    with closing(notifier().listen()) as others:
        assert next(others) == []
        notifier().publish(["both"])
        assert next_messages(lists) == next_messages(others) == ["both"]


@pytest.mark.postgresql
def test_a_listener_that_is_cut_off_says_so(settings, monkeypatch, valkey, request):
    switch_on(POSTGRESQL, valkey.url, settings, monkeypatch)
    with closing(notifier().listen()) as lists:
        next(lists)
        assert cut_listeners() == 1
        with pytest.raises(Exception, match=r"terminat|closed"):
            next_messages(lists)


def test_a_listener_whose_server_stops_says_so(settings, monkeypatch, valkey):
    switch_on(REDIS, valkey.url, settings, monkeypatch)
    monkeypatch.setattr(Notifier, "breath", 0.01)
    with closing(notifier().listen()) as lists:
        next(lists)
        valkey.stop()
        with pytest.raises(redis.redis.ConnectionError):
            next_messages(lists)


@pytest.mark.postgresql
def test_a_listener_has_a_connection_of_its_own_that_ends_with_it(settings, monkeypatch, valkey):
    switch_on(POSTGRESQL, valkey.url, settings, monkeypatch)
    with closing(notifier().listen()) as lists:
        next(lists)
        assert len(listeners()) == 1
    deadline = time.monotonic() + 10
    while listeners() and time.monotonic() < deadline:
        time.sleep(0.01)  # The server ends it once it has heard of that.
    assert listeners() == []


#: Of this database only: others are tested on the same server.
LISTENERS = "pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"


def listeners():
    """Sessions whose last word was that they listen."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pid FROM {LISTENERS}")
        return [pid for (pid,) in cursor.fetchall()]


def cut_listeners():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM {LISTENERS}")
        return len(cursor.fetchall())


def test_sites_with_databases_of_their_own_on_one_server_do_not_hear_each_other(settings, monkeypatch, valkey):
    monkeypatch.setattr(Notifier, "breath", 0.01)
    switch_on(REDIS, f"{valkey.url}?virtual_host=1", settings, monkeypatch)
    with closing(notifier().listen()) as lists:
        next(lists)
        switch_on(REDIS, valkey.url, settings, monkeypatch)
        notifier().publish(["theirs"])
        switch_on(REDIS, f"{valkey.url}?virtual_host=1", settings, monkeypatch)
        notifier().publish(["ours"])
        assert next_messages(lists) == ["ours"]


@pytest.mark.parametrize(
    ("celerys", "redis_pys"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis+socket:///run/valkey.sock?virtual_host=2", "unix:///run/valkey.sock?db=2"),
        ("rediss://:secret@host/1?ssl_cert_reqs=CERT_REQUIRED", "rediss://:secret@host/1?ssl_cert_reqs=required"),
    ],
)
def test_addresses_may_be_written_as_celery_writes_them(celerys, redis_pys):
    assert redis.translated(celerys) == redis_pys


# E006


def found():
    with testing.declared():
        return [message for message in checks.run_checks(tags=["syncgroups"]) if message.id == "syncgroups.E006"]


@pytest.mark.parametrize(
    ("path", "url", "fault"),
    [
        ("nowhere.at_all", "", "names no notifier"),
        ("syncgroups.push.Notifier", "", "names no notifier"),
        ("django.http.HttpResponse", "", "makes no syncgroups.push.Notifier"),
        (REDIS, "amqp://localhost", "needs a Redis or Valkey server"),
    ],
)
def test_e006_a_notifier_that_gets_nothing_anywhere_is_an_error(path, url, fault):
    with override_settings(SYNCGROUPS_PUSH=path, SYNCGROUPS_PUSH_URL=url):
        (message,) = found()
    assert fault in message.msg
    assert message.hint


def test_e006_the_notifier_of_postgresql_needs_postgresql(settings):
    settings.SYNCGROUPS_PUSH = POSTGRESQL
    needless = connection.vendor == "postgresql"
    assert [message.msg for message in found()] == (
        [] if needless else ["SYNCGROUPS_PUSH needs PostgreSQL, and the default database is sqlite."]
    )


def test_e006_the_broker_will_do_where_no_address_is_given(settings, valkey):
    settings.SYNCGROUPS_PUSH, settings.CELERY_BROKER_URL = REDIS, valkey.url
    assert found() == []
    settings.CELERY_BROKER_URL = "amqp://localhost"
    assert len(found()) == 1
    del settings.CELERY_BROKER_URL
    assert len(found()) == 1

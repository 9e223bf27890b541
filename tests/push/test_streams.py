"""The stream, as a page has it: what it is told, until when, and what is said where there is none."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from unittest.mock import ANY

import pytest
from django.db import connection
from django.test import AsyncRequestFactory, RequestFactory

from syncgroups import arrivals, testing
from syncgroups import push as hints
from syncgroups.api import stream as api_stream
from syncgroups.api.hub import Hub
from syncgroups.api.participant import StandingView
from syncgroups.identity import issue_token
from syncgroups.push import Notifier
from syncgroups.views import BarrierView
from syncgroups.waiting import WaitPage

from .clients import PATIENCE, ask, say, until
from .conftest import POSTGRESQL, REDIS, WSGI, switch_on

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("declared"), pytest.mark.once]

ASGI_REQUESTS, WSGI_REQUESTS = AsyncRequestFactory(), RequestFactory()


@pytest.fixture
def redis(settings, monkeypatch, valkey):
    """For what does not depend on how hints get here."""
    return switch_on(REDIS, valkey.url, settings, monkeypatch)


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


def trio():
    """Three people in a group."""
    people = testing.make_participants(3)
    testing.arrive_all(people, "hearers_grouper")
    testing.process("hearers_grouper")
    return people


# What is told


def test_whoever_is_released_is_told(push, serve, listen):
    people = trio()
    testing.arrive_all(people[:2], "all_ears")
    testing.process("all_ears")
    port = serve()
    streams = [listen(port, person).opened() for person in people[:2]]
    testing.arrive_all(people[2:], "all_ears")
    testing.process("all_ears")
    assert [stream.next() for stream in streams] == ["changed", "changed"]
    assert ask(port, people[0])[1]["waiting"] is False


def test_whoever_waits_is_told_that_somebody_came(push, serve, listen):
    people = trio()
    testing.arrive_all(people[:1], "all_ears")
    testing.process("all_ears")
    port = serve()
    stream = listen(port, people[0]).opened()
    assert ask(port, people[0])[1]["waits"][0]["n_here"] == 1
    testing.arrive_all(people[1:2], "all_ears")
    testing.process("all_ears")
    assert stream.next() == "changed"
    assert ask(port, people[0])[1]["waits"][0]["n_here"] == 2


def test_a_stream_begins_with_a_hint_after_which_nothing_is_missed(redis, serve, listen, participant):
    """Fails when somebody could be released after the page has asked, and before the stream hears."""
    testing.arrive_all([participant], "hearers_grouper")
    port = serve()
    stream = listen(port, participant)
    assert (stream.next(), stream.next()) == ("retry", "changed")
    assert ask(port, participant)[1]["waiting"] is True
    participant.barrier_links.get().release()
    assert stream.next() == "changed"


@pytest.fixture
def play(redis, monkeypatch, settings):
    """Play a scene in this process, with a stream that is written step by step, and nothing to make up for a hint."""
    settings.SYNCGROUPS_POLL_INTERVAL = 3600
    monkeypatch.setattr(Notifier, "breath", 0.02)
    monkeypatch.setattr(api_stream, "hub", hub := Hub())

    async def begin(scene):
        with hub.seat("somebody else") as other:
            assert await other.woken(PATIENCE)
            async with aclosing(api_stream._events(None, "me")) as events:
                assert [await anext(events) for _ in range(2)] == [ANY, api_stream.CHANGED]
                await asyncio.wait_for(scene(hub, events), PATIENCE)

    yield lambda scene: asyncio.run(begin(scene))
    if hub._thread:
        hub._thread.join(PATIENCE)


def test_what_is_said_after_the_first_hint_and_before_the_stream_waits_is_not_lost(play):
    """Fails when the first hint goes out before the stream can be woken: what the page then asks may be out of date."""

    async def scene(hub, events):
        # The stream stands still here, and the page asks. This comes too late for its answer.
        await say("me")
        assert await anext(events) == api_stream.CHANGED

    play(scene)


def test_hints_that_come_too_soon_become_one_when_it_is_time(play, monkeypatch):
    """Fails when a crowd that comes makes everybody ask each time, or when the last of many hints is lost."""
    monkeypatch.setattr(api_stream, "KEEPALIVE", 1.0)
    monkeypatch.setattr(api_stream, "GRACE", 100.0)

    async def scene(hub, events):
        for _ in range(3):
            hub.wake("me")
            assert await anext(events) == api_stream.CHANGED
        hub.wake("me")
        late = asyncio.create_task(anext(events))
        for _ in range(20):
            await asyncio.sleep(0)
            hub.wake("me")
        assert not late.done()
        assert [await late, await anext(events)] == [api_stream.CHANGED, api_stream.ALIVE]

    play(scene)


def test_nobody_is_told_what_is_for_somebody_else(redis, serve, listen):
    people = testing.make_participants(2)
    links = testing.arrive_all(people, "hearers_grouper")
    port = serve(GRACE=0.05)
    mine, theirs = [listen(port, person).opened() for person in people]
    links[0].release()
    assert mine.next() == "changed"
    people[1].leave()
    assert theirs.until("end") == ["changed"]


def test_a_participant_with_two_windows_is_told_in_both(redis, serve, listen, participant):
    [link] = testing.arrive_all([participant], "hearers_grouper")
    port = serve()
    streams = [listen(port, participant).opened() for _ in range(2)]
    link.release()
    assert [stream.next() for stream in streams] == ["changed", "changed"]


@pytest.mark.parametrize("hidden", [False, True])
def test_a_stream_says_nothing_of_who_sees_the_page(redis, serve, listen, participant, hidden):
    """Catches: a hidden page, of whose reader less is to be heard, that is taken for one that is seen again."""
    arrivals.note_presence(participant, hidden=hidden)
    testing.let_time_pass(8)
    listen(serve(), participant).opened()
    participant.refresh_from_db()
    assert participant.page_hidden is hidden
    assert (participant.quiet_at - participant.last_seen_at).total_seconds() > (100 if hidden else 10)


def test_a_stream_says_nothing_of_anybody(redis, serve, listen, participant):
    port = serve(KEEPALIVE=0.05)
    stream = listen(port, participant).opened()
    hints.publish([participant.pk])
    stream.until("changed")
    assert set(stream.lines) <= {"", ":", "event: changed", "data:", stream.lines[0]}
    assert stream.lines[0].startswith("retry: ")


def test_a_stream_shows_that_it_is_alive(redis, serve, listen, participant):
    stream = listen(serve(KEEPALIVE=0.05), participant).opened()
    assert [stream.next() for _ in range(3)] == ["alive"] * 3


def test_nothing_in_between_may_keep_a_stream(redis, serve, listen, participant):
    headers = listen(serve(), participant).headers
    assert headers["Content-Type"] == "text/event-stream"
    assert {"no-store", "no-transform"} <= set(headers["Cache-Control"].replace(" ", "").split(","))
    assert headers["X-Accel-Buffering"] == "no"
    assert {"Accept", "Authorization", "Cookie"} <= set(headers["Vary"].replace(" ", "").split(","))


def test_opening_a_stream_is_a_sign_of_life(redis, serve, listen, participant):
    listen(serve(), participant).opened()
    participant.refresh_from_db()
    assert participant.last_seen_at is not None


# How it ends


def test_a_stream_ends_with_the_participation(redis, serve, listen, participant):
    stream = listen(serve(GRACE=0.05), participant).opened()
    participant.fail("enough")
    assert stream.until("end") == ["changed"]


def test_a_stream_ends_with_the_token(redis, serve, listen, participant):
    """Fails when who asks is made out once only."""
    stream = listen(serve(GRACE=0.05), participant).opened()
    type(participant).objects.update(cohort="another")
    hints.publish([participant.pk])
    assert stream.until("end") == ["changed"]


def test_a_stream_of_somebody_who_still_takes_part_goes_on_after_a_hint(redis, serve, listen, participant):
    stream = listen(serve(GRACE=0.05, KEEPALIVE=0.1), participant).opened()
    for _ in range(2):
        hints.publish([participant.pk])
        assert "end" not in stream.until("changed")
        # After the hint it has been looked who this is, and then nothing happened for a while.
        stream.until("alive")


def test_a_stream_has_an_end_even_if_nothing_happens(redis, serve, listen, participant):
    stream = listen(serve(LIFE=0.3, KEEPALIVE=0.05), participant).opened()
    assert set(stream.until("end")) <= {"alive"}


# Where there is none


def refusal(stream):
    return stream.status, stream.json()["code"]


def test_a_server_that_is_no_asgi_server_has_none_and_answers_polls(redis, serve, listen, participant):
    port = serve(WSGI)
    assert refusal(listen(port, participant)) == (406, "push_not_offered")
    assert ask(port, participant)[0] == 200


def test_a_site_that_has_not_switched_it_on_has_none_and_answers_polls(serve, listen, participant):
    port = serve()
    assert refusal(listen(port, participant)) == (406, "push_not_offered")
    assert ask(port, participant)[0] == 200


def test_there_is_none_without_a_valid_token(redis, serve, listen, participant):
    port = serve()
    assert refusal(listen(port, participant, Authorization="Participant forged")) == (401, "invalid_token")
    assert refusal(listen(port, participant, Authorization="")) == (401, "invalid_token")


def test_there_is_none_for_whoever_takes_part_no_longer(redis, serve, listen, participant):
    participant.leave()
    assert refusal(listen(serve(), participant)) == (403, "participant_not_active")


def test_there_are_only_so_many_for_each_and_a_place_is_free_again_when_one_is_left(redis, serve, listen, participant):
    port = serve(MOST_EACH=2, KEEPALIVE=0.05)
    streams = [listen(port, participant).opened() for _ in range(2)]
    assert refusal(listen(port, participant)) == (503, "too_many_streams")
    assert listen(port, testing.make_participants(1)[0]).status == 200
    streams[0].close()
    until(lambda: listen(port, participant).status == 200)


def test_there_are_only_so_many_in_a_process(redis, serve, listen):
    people = testing.make_participants(3)
    port = serve(MOST=2)
    assert [listen(port, person).opened().status for person in people[:2]] == [200, 200]
    assert refusal(listen(port, people[2])) == (503, "too_many_streams")


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "text/html", "application/json, text/event-stream;q=0.5"]
)
def test_who_does_not_ask_for_one_is_answered_once(redis, serve, participant, accept):
    status, standing = ask(serve(), participant, Accept=accept)
    assert (status, standing["waiting"]) == (200, False)


def test_to_ask_for_the_head_of_a_stream_is_to_ask_for_the_head_of_a_poll(redis, participant):
    response = StandingView.as_view()(request_to(ASGI_REQUESTS, participant, "head", accept="text/event-stream"))
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def request_to(requests, participant, method="get", *, accept="text/html"):
    """A request of this participant, as the server of one kind or the other hands it on."""
    headers = {"Accept": accept, "Authorization": f"Participant {issue_token(participant)}"}
    return getattr(requests, method)("/sync/api/v1/me/", headers=headers)


# Pages


def shown_on_a_page(requests, participant, page=BarrierView):
    [link] = testing.arrive_all([participant], "hearers_grouper")
    view = page(barrier_id="hearers_grouper", next_url="/next/")
    view.setup(request_to(requests, participant))
    view.participant = participant
    return view.get_page_context(WaitPage(), link)


def test_a_page_offers_the_stream_where_there_is_one(redis, participant, settings):
    shown = shown_on_a_page(ASGI_REQUESTS, participant)
    assert (shown["stream_url"], shown["push_poll_interval"]) == ("/sync/api/v1/me/", 10.0)
    assert shown_on_a_page(WSGI_REQUESTS, participant)["stream_url"] == ""
    settings.SYNCGROUPS_PUSH = ""
    assert shown_on_a_page(ASGI_REQUESTS, participant)["stream_url"] == ""


def test_a_page_that_sends_a_token_polls(redis, participant):
    """Fails when a browser is to open a stream that it cannot authenticate."""

    class PageWithToken(BarrierView):
        def get_token(self):
            return "given"

    shown = shown_on_a_page(ASGI_REQUESTS, participant, PageWithToken)
    assert (shown["token"], shown["stream_url"]) == ("given", "")


# What it costs


@pytest.mark.postgresql
def test_two_hundred_streams_hold_no_connection_to_the_database(settings, monkeypatch, valkey, serve, listen):
    """Fails when a stream keeps what it was opened, or looked, with."""
    switch_on(POSTGRESQL, valkey.url, settings, monkeypatch)
    people = testing.make_participants(200)
    port = serve(GRACE=0.05, KEEPALIVE=2.0)
    streams = [listen(port, person).opened() for person in people]
    for _ in range(2):
        until(lambda: connections_of_the_server() == ["LISTEN syncgroups"])
        hints.publish([person.pk for person in people])
        for stream in streams:
            assert "end" not in stream.until("changed")
        for stream in streams:
            # Nothing has happened for a while: it has been looked who this is.
            stream.until("alive")
    until(lambda: connections_of_the_server() == ["LISTEN syncgroups"])


def connections_of_the_server():
    """What each of the web server's connections was last asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE application_name = 'web'")
        return [query for (query,) in cursor.fetchall()]


def test_a_page_is_made_to_ask_a_few_times_at_once_and_then_as_often_as_it_would_poll(settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 2.0
    pace = api_stream.Pace(now=100.0)
    assert [pace.pause(now=100.0) for _ in range(4)] == [0, 0, 0, 2.0]
    assert pace.pause(now=102.0) == 2.0
    assert pace.pause(now=106.0) == 0
    assert [pace.pause(now=1000.0) for _ in range(4)] == [0, 0, 0, 2.0]

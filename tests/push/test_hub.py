"""The hub: whoever has a seat is woken by what is said for them, whatever happens to the server in between."""

from __future__ import annotations

import asyncio
from itertools import count
from threading import Event

import pytest

from syncgroups.api import hub as hubs
from syncgroups.api.hub import Hub
from syncgroups.push import Notifier, publishing

from .broken import Deaf
from .clients import PATIENCE, say
from .conftest import REDIS, switch_on

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch, settings):
    monkeypatch.setattr(Notifier, "breath", 0.02)
    monkeypatch.setattr(hubs, "PAUSE", 0.01)
    settings.SYNCGROUPS_POLL_INTERVAL = 0.01


@pytest.fixture
def hub():
    """One whose thread has ended when the test does, and with it its connection."""
    hub = Hub()
    yield hub
    if hub._thread:
        hub._thread.join(PATIENCE)


async def begun(hub, seat):
    """Nothing can be missed from now on."""
    assert seat.listening or await seat.woken(PATIENCE)
    assert hub.listening


def test_who_is_named_is_woken_and_nobody_else(push, hub):
    async def scene():
        with hub.seat("one") as one, hub.seat("other") as other, hub.seat("one") as again:
            await begun(hub, one)
            for seat in (other, again):
                await begun(hub, seat)
            await say("one", "nobody")
            assert await one.woken(PATIENCE)
            assert await again.woken(PATIENCE)
            await say("other")
            assert await other.woken(PATIENCE)
            return [await seat.woken(0) for seat in (one, other, again)]

    assert asyncio.run(scene()) == [False, False, False]


def test_what_is_said_between_taking_a_seat_and_waiting_is_not_lost(push, hub):
    """Fails when one is woken only while one waits."""

    async def scene():
        with hub.seat("early") as early, hub.seat("late") as late:
            for seat in (early, late):
                await begun(hub, seat)
            await say("early")
            await say("late")
            # What was said later has been heard, and with it what was said before.
            assert await late.woken(PATIENCE)
            return await early.woken(0)

    assert asyncio.run(scene())


def test_what_is_said_while_one_is_busy_wakes_once(push, hub):
    async def scene():
        with hub.seat("busy") as busy, hub.seat("last") as last:
            for seat in (busy, last):
                await begun(hub, seat)
            for key in ("busy", "busy", "last"):
                await say(key)
            assert await last.woken(PATIENCE)
            return [await busy.woken(0), await busy.woken(0)]

    assert asyncio.run(scene()) == [True, False]


def test_everybody_is_woken_when_the_server_is_lost_and_once_it_is_back(hub, settings, monkeypatch, valkey):
    """Fails when a hint that was lost meanwhile is never made up for."""
    switch_on(REDIS, valkey.url, settings, monkeypatch)

    async def scene():
        with hub.seat("one") as one, hub.seat("other") as other:
            for seat in (one, other):
                await begun(hub, seat)
            await asyncio.to_thread(valkey.stop)
            for seat in (one, other):
                assert await seat.woken(PATIENCE)
            assert not hub.listening
            await say("one")
            await asyncio.to_thread(valkey.start)
            for seat in (one, other):
                assert await seat.woken(PATIENCE)
            assert hub.listening
            publishing.line.reset()
            await say("other")
            return await other.woken(PATIENCE)

    assert asyncio.run(scene())


def test_nobody_is_woken_by_each_try_of_a_server_that_stays_away(hub, settings, monkeypatch):
    """Fails when pages ask more often, the longer the server is away."""
    switch_on("tests.push.broken.Deaf", "", settings, monkeypatch)

    async def scene():
        with hub.seat("one") as one:
            await asyncio.to_thread(Deaf.tried_often.wait, PATIENCE)
            return await one.woken(0)

    assert asyncio.run(scene()) is False


def test_a_server_that_is_away_for_days_is_still_tried(hub, settings, monkeypatch):
    """Fails when the pause is computed from all failures: after 1,024 no number holds it, and the thread dies of it."""
    switch_on("tests.push.broken.Deaf", "", settings, monkeypatch)
    monkeypatch.setattr(hubs, "LONGEST_PAUSE", 0.0)
    monkeypatch.setattr(Deaf, "tried", count(1 - 1100))
    monkeypatch.setattr(Deaf, "tried_often", Event())

    async def scene():
        with hub.seat("one"):
            return await asyncio.to_thread(Deaf.tried_often.wait, PATIENCE)

    assert asyncio.run(scene())


def test_the_listener_ends_when_nobody_has_a_seat_and_another_begins_with_the_next_one(push, hub):
    async def scene():
        with hub.seat("one") as seat:
            await begun(hub, seat)
            thread = hub._thread
        await asyncio.to_thread(thread.join, PATIENCE)
        assert (hub._thread, hub.listening, hub.taken) == (None, False, 0)
        with hub.seat("one") as seat:
            await begun(hub, seat)
            await say("one")
            return await seat.woken(PATIENCE)

    assert asyncio.run(scene())


def test_seats_are_counted_for_all_and_for_each(push, hub):
    async def scene():
        with hub.seat("one"), hub.seat("one"), hub.seat("other"):
            during = (hub.taken, hub.taken_by("one"), hub.taken_by("other"))
        return during, (hub.taken, hub.taken_by("one"))

    assert asyncio.run(scene()) == ((3, 2, 1), (0, 0))


def test_a_hint_for_a_stream_whose_loop_has_ended_disturbs_nobody(push, hub):
    async def scene():
        with hub.seat("one") as seat:
            return seat

    asyncio.run(scene()).wake()

"""The stream of hints at the address that pages poll: server-sent events, for as long as somebody waits.

An event says only that it is worth asking now how things stand. The first one is sent when nothing can be missed any
longer: what the page asks after it is either up to date, or there is another event to come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from math import inf
from random import uniform
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.cache import patch_vary_headers

from ..conf import settings
from ..exceptions import ParticipantNotActive, PushNotOffered, SyncGroupsError, TooManyStreams
from ..identity import note_presence_by, resolve_participant
from ..models import AbstractParticipant
from ..push import offered
from ..standing import standing_of
from .hub import hub

EVENT_STREAM = "text/event-stream"

#: The state may have changed.
CHANGED = "event: changed\ndata:\n\n"

#: A comment: nothing has happened, and the connection is not to be given up.
ALIVE = ":\n\n"

#: Seconds between two signs that the stream is alive. Proxies give up after sixty, many after thirty.
KEEPALIVE = 15.0

#: Seconds for which the first hint waits for the process to hear hints at all.
OPENING = 2.0

#: Seconds for which a stream lasts, about. The page opens another one, and is asked anew who it is.
LIFE = 600.0

#: Seconds after a hint when it is looked whether the participation goes on. Most pages have gone by then.
GRACE = 2.0

#: Seconds after which the page opens another stream when one has ended.
RETRY = 3.0

#: Streams of a process. It is usually allowed 1,024 open files.
MOST = 800

#: Streams of one participant. Browsers open no more than six connections to a site.
MOST_EACH = 4


def asks_for_stream(request: HttpRequest) -> bool:
    """Whether events are wanted, rather than one answer."""
    types = ["application/json", EVENT_STREAM]
    return request.method == "GET" and request.get_preferred_type(types) == EVENT_STREAM


def stream(request: HttpRequest, participant: AbstractParticipant) -> StreamingHttpResponse:
    """The events of the participant, who asks.

    Raises `PushNotOffered`, `TooManyStreams` or `ParticipantNotActive`: then polling is left.
    """
    if not offered(request):
        raise PushNotOffered("There is no stream here: poll.")
    if not participant.is_active:
        raise ParticipantNotActive(f"{participant} takes part no longer.")
    key = str(participant.pk)
    if hub.taken >= MOST or hub.taken_by(key) >= MOST_EACH:
        raise TooManyStreams("There are too many streams already: poll.")
    places = [wait.barrier_id for wait in standing_of(participant).waits]
    # A browser opens it, without a word of who sees the page: polls say so.
    note_presence_by(request, participant, places, hidden=participant.page_hidden)
    # No cache, no compression that waits for more, and no proxy that keeps it until it is complete.
    headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
    response = StreamingHttpResponse(_events(request, key), content_type=EVENT_STREAM, headers=headers)
    patch_vary_headers(response, ["Cookie", "Authorization", "Accept"])
    return response


async def _events(request: HttpRequest, key: str) -> AsyncGenerator[str, None]:
    # The thread of this request, which waits until the response has ended, and whatever was read in it.
    await sync_to_async(connections.close_all)()
    clock = asyncio.get_running_loop().time
    pace = Pace(clock())
    end, look_at = clock() + LIFE * uniform(0.9, 1.0), inf  # noqa: S311 - not all at the same moment, no secret
    with hub.seat(key) as seat:
        yield f"retry: {RETRY * uniform(0.5, 1.5) * 1000:.0f}\n\n"  # noqa: S311
        if not seat.listening:
            await seat.woken(OPENING)
        yield CHANGED
        while (now := clock()) < end:
            if now >= look_at:
                if not await sync_to_async(_takes_part, thread_sensitive=False)(request, key):
                    return
                look_at = inf
            if await seat.woken(min(end - now, look_at - now, _patience())):
                if too_soon := pace.pause(clock()):
                    await asyncio.sleep(min(too_soon, KEEPALIVE))
                    seat.settle()
                look_at = min(look_at, clock() + GRACE)
                yield CHANGED
            elif clock() < look_at:
                yield ALIVE if hub.listening else CHANGED


class Pace:
    """How often a page may be made to ask: as often as it would poll, and a few times at once.

    Else each of a hundred arrivals would make everybody ask who waits already.
    """

    #: How many times at once.
    BURST = 3.0

    def __init__(self, now: float) -> None:
        self._allowed, self._counted_at = self.BURST, now

    def pause(self, now: float) -> float:
        """Seconds by which the hint that is to be sent now comes too soon."""
        interval: float = settings.POLL_INTERVAL
        allowed = min(self.BURST, self._allowed + (now - self._counted_at) / interval)
        self._allowed, self._counted_at = allowed - 1, now
        return max(0.0, -self._allowed * interval)


def _patience() -> float:
    """Seconds to wait for a hint. While none can be heard, the page polls, in the end, as it would without a stream."""
    return KEEPALIVE if hub.listening else settings.POLL_INTERVAL * uniform(0.5, 1.5)  # noqa: S311


def _takes_part(request: Any, key: str) -> bool:
    """Whether the stream is still for this participant, who still takes part."""
    try:
        participant = resolve_participant(request)
        return participant.is_active and str(participant.pk) == key
    except SyncGroupsError:
        return False
    except DatabaseError:
        # It cannot be said now. There is an end to every stream.
        return True
    finally:
        connections.close_all()

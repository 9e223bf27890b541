"""Who in this process is to be woken when a hint comes, and the one thread that listens for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from random import uniform
from threading import Condition, Thread

from ..conf import settings
from ..push import Notifier, keys_of, notifier

logger = logging.getLogger(__name__)

#: Seconds before a server that was lost is tried again; twice as long after each failure, up to the longest.
PAUSE, LONGEST_PAUSE = 0.1, 5.0

#: How often the pause is doubled at most: a server may be away for days.
DOUBLINGS = 10


class Seat:
    """The place of one stream, in the event loop where it was taken."""

    def __init__(self, *, listening: bool) -> None:
        self._loop, self._woken = asyncio.get_running_loop(), asyncio.Event()
        #: Whether no hint could be missed when it was taken. Else it is woken once that is so.
        self.listening = listening

    def wake(self, after: float = 0.0) -> None:
        """From any thread; `after` so many seconds."""
        # The loop may have been closed, and the stream with it.
        with suppress(RuntimeError):
            if after:
                self._loop.call_soon_threadsafe(self._loop.call_later, after, self._woken.set)
            else:
                self._loop.call_soon_threadsafe(self._woken.set)

    def settle(self) -> None:
        """Forget to have been woken."""
        self._woken.clear()

    async def woken(self, within: float) -> bool:
        """Wait to be woken, and say whether that was so. What comes while nobody waits is not lost."""
        try:
            async with asyncio.timeout(within):
                await self._woken.wait()
        except TimeoutError:
            return False
        self.settle()
        return True


class Hub:
    """Hears hints while somebody has a seat, and wakes whom they are for.

    When the server is lost it is tried again and again; once it is back everybody is woken, because hints have been
    missed.
    """

    def __init__(self) -> None:
        self._seats: dict[str, list[Seat]] = defaultdict(list)
        self._changed = Condition()
        self._thread: Thread | None = None
        #: Whether no hint can be missed at the moment.
        self.listening = False

    @property
    def taken(self) -> int:
        """How many seats are taken."""
        with self._changed:
            return sum(map(len, self._seats.values()))

    def taken_by(self, key: str) -> int:
        """How many seats this participant has."""
        with self._changed:
            return len(self._seats.get(key, ()))

    @contextmanager
    def seat(self, key: str) -> Iterator[Seat]:
        """A seat that is woken by hints for this participant; in an event loop."""
        with self._changed:
            seat = Seat(listening=self.listening)
            self._seats[key].append(seat)
            if self._thread is None:
                self._thread = Thread(target=self._listen, name="syncgroups hints", daemon=True)
                self._thread.start()
        try:
            yield seat
        finally:
            with self._changed:
                self._seats[key].remove(seat)
                if not self._seats[key]:
                    del self._seats[key]
                self._changed.notify_all()

    def wake(self, key: str) -> None:
        with self._changed:
            for seat in self._seats.get(key, ()):
                seat.wake()

    def wake_everybody(self, within: float) -> None:
        """Within so many seconds: each of them is about to ask how things stand."""
        with self._changed:
            for seat in (seat for seats in self._seats.values() for seat in seats):
                seat.wake(after=uniform(0, within))  # noqa: S311 - no secret depends on it

    # The listener

    def _listen(self) -> None:
        failures = 0
        while not self._over():
            try:
                self._hear(notifier(), within=settings.POLL_INTERVAL if failures else 0.0)
                failures = 0
            except Exception as error:
                # Whatever it is, a site's own notifier may be at work: those who wait must not depend on it.
                failures = 1 if self.listening else failures + 1
                if failures == 1:
                    logger.warning("No hint can be heard (%s): streams go by the clock.", error or repr(error))
            if self.listening:
                self.listening = False
                self.wake_everybody(settings.POLL_INTERVAL)
            if failures:
                self._pause(min(PAUSE * 2 ** min(failures, DOUBLINGS), LONGEST_PAUSE))

    def _hear(self, notifier: Notifier, *, within: float) -> None:
        """Listen until nobody has a seat any longer. Everybody is woken as it begins, `within` so many seconds."""
        with closing(notifier.listen()) as lists:
            for messages in lists:
                if not self.listening:
                    self._begin(within)
                for key in (key for message in messages for key in keys_of(message)):
                    self.wake(key)
                if not messages and not self._seats:
                    return

    def _begin(self, within: float) -> None:
        # At once, else somebody who takes a seat in between would be woken without need.
        with self._changed:
            self.listening = True
            self.wake_everybody(within)

    def _over(self) -> bool:
        """Whether nobody has a seat. Then the thread ends: the next one to take a seat starts another."""
        with self._changed:
            if self._seats:
                return False
            self._thread = None
            return True

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._seats, timeout=seconds)


hub = Hub()

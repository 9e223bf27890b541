"""Tell those who listen, after commit, whose state may have changed. Never raises, and never waits for long."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from threading import Lock
from time import monotonic
from typing import Any

from django.db import transaction

from ..conf import settings
from .notifiers import notifier

logger = logging.getLogger(__name__)

#: Bytes of a message. PostgreSQL takes less than 8,000.
LONGEST = 7_900

#: Seconds without a try after one that failed; twice as long after each further one, up to the longest.
PAUSE, LONGEST_PAUSE = 1.0, 10.0

#: How often the pause is doubled at most. After a thousand failures, as of a night, no number could hold it.
DOUBLINGS = 10


def publish(participants: Iterable[Any]) -> None:
    """Once the transaction is committed, let the pages of these participants know that there is something to ask for.

    `participants` are primary keys. One round trip for everybody whom a transaction names, and none while push is off.
    Outside of a transaction it is sent at once.
    """
    if not settings.PUSH:
        return
    keys = [str(pk) for pk in participants]
    if keys:
        _collect(keys)


def _collect(keys: list[str]) -> None:
    """Into the hint of this transaction, if it has one that would be rolled back whenever these keys would be."""
    connection = transaction.get_connection()
    fate = set(connection.savepoint_ids)
    for savepoints, hook, *_ in connection.run_on_commit if connection.in_atomic_block else ():
        if isinstance(hook, Hint) and savepoints == fate:
            hook.keys.update(dict.fromkeys(keys))
            return
    transaction.on_commit(Hint(keys))


class Hint:
    """What is sent when a transaction has been committed."""

    def __init__(self, keys: Iterable[str]) -> None:
        #: In order, without repetition.
        self.keys = dict.fromkeys(keys)

    def __call__(self) -> None:
        if not line.open():
            return
        try:
            notifier().publish(list(messages(self.keys)))
        except Exception as error:
            # Whatever is wrong with the server or the settings: what was to be told is done, and pages poll.
            pause = line.close()
            logger.warning("No hint could be sent (%s); none is for %.0f s.", error or repr(error), pause)
        else:
            line.reset()


class Line:
    """Whether it is worth trying to send: a server that is away must not be waited for by everybody in turn."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        self.failures, self.closed_until = 0, 0.0

    def open(self) -> bool:
        """Whether to try. While a server is away, one at a time does, and the others need not find out, too."""
        with self._lock:
            now = monotonic()
            if now < self.closed_until:
                return False
            if self.failures:
                self.closed_until = now + PAUSE
            return True

    def close(self) -> float:
        """Try no more for a while; how many seconds."""
        pause: float = min(PAUSE * 2 ** min(self.failures, DOUBLINGS), LONGEST_PAUSE)
        with self._lock:
            self.failures += 1
            self.closed_until = monotonic() + pause
        return pause


line = Line()


def messages(keys: Iterable[str]) -> Iterator[str]:
    """The keys as texts that are short enough, each a JSON list."""
    parts: list[str] = []
    length = 2
    for key in map(json.dumps, keys):
        if parts and length + len(key) + 1 > LONGEST:
            yield f"[{','.join(parts)}]"
            parts, length = [], 2
        parts.append(key)
        length += len(key) + 1
    if parts:
        yield f"[{','.join(parts)}]"


def keys_of(message: str) -> list[str]:
    """Whom a message is about. Nobody, if it is none of ours."""
    try:
        keys = json.loads(message)
    except ValueError:
        return []
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []

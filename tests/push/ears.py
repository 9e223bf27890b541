"""Whoever listens to hints, in this process and without the hub."""

from __future__ import annotations

from contextlib import closing
from queue import Queue
from threading import Event, Thread
from typing import Any

from syncgroups.push import Notifier, keys_of, notifier

from .clients import PATIENCE

#: A message that is about nobody, after which there is nothing more to be heard.
THAT_IS_ALL = '["that is all"]'


class Ears(Thread):
    """Hears everything that is said from now on."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._messages: Queue[str] = Queue()
        self._listening, self._enough = Event(), Event()
        self._notifier: Notifier = notifier()
        self.start()
        assert self._listening.wait(PATIENCE)

    def run(self) -> None:
        with closing(self._notifier.listen()) as lists:
            for messages in lists:
                self._listening.set()
                for message in messages:
                    self._messages.put(message)
                if self._enough.is_set():
                    return

    def heard(self) -> list[str]:
        """The messages up to now."""
        self._notifier.publish([THAT_IS_ALL])
        return list(iter(lambda: self._messages.get(timeout=PATIENCE), THAT_IS_ALL))

    def whom(self) -> list[set[str]]:
        """Whom each message up to now was about."""
        return [set(keys_of(message)) for message in self.heard()]

    def close(self) -> None:
        self._enough.set()
        self.join(PATIENCE)


def named(*people: Any) -> set[str]:
    """These participants, as messages name them."""
    return {str(person.pk) for person in people}

"""Notifiers whose server is away."""

from collections.abc import Generator, Sequence
from itertools import count
from threading import Event

from syncgroups.push import Notifier


class Broken(Notifier):
    """Cannot send."""

    tries = 0

    def publish(self, messages: Sequence[str]) -> None:
        type(self).tries += 1
        raise ConnectionRefusedError

    def listen(self) -> Generator[list[str], None, None]:
        raise ConnectionRefusedError


class Deaf(Broken):
    """Cannot hear, either."""

    tried = count(1)
    tried_often = Event()

    def listen(self) -> Generator[list[str], None, None]:
        if next(self.tried) > 5:
            self.tried_often.set()
        raise ConnectionRefusedError

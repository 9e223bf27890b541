"""How hints get from one process to others: the one interface, and the notifier that the site has chosen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from functools import cache
from typing import ClassVar

from django.utils.module_loading import import_string

from ..conf import settings


class Notifier(ABC):
    """Carries messages, short texts, to everybody who listens at that moment. Keeps none."""

    #: Channel on which messages are sent.
    channel: ClassVar[str] = "syncgroups"

    #: Seconds after which `listen` yields even if nothing was heard.
    breath: float = 5.0

    @abstractmethod
    def publish(self, messages: Sequence[str]) -> None:
        """Send these messages, of at most 7,900 bytes each, in one round trip. May raise, soon."""

    @abstractmethod
    def listen(self) -> Generator[list[str], None, None]:
        """Yield what is heard: first an empty list, as soon as nothing can be missed any longer, then messages.

        Every `breath` there is a list, be it empty. Raises when the server is lost. One thread uses and closes it.
        """

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong with how the site is set up: sentences, each with a hint."""
        yield from ()


def notifier() -> Notifier:
    """The notifier of ``PUSH``, one for the process."""
    return _notifier(settings.PUSH, settings.PUSH_URL or settings.broker_url)


@cache
def _notifier(path: str, url: str) -> Notifier:
    made: Notifier = import_string(path)()
    return made


def faults() -> Iterator[tuple[str, str]]:
    """What keeps the site's hints from getting anywhere: sentences, each with a hint. None while push is off."""
    if not settings.PUSH:
        return
    hint = "Name syncgroups.push.postgresql.Notifier or syncgroups.push.redis.Notifier, or leave it empty."
    try:
        chosen: object = notifier()
    except (ImportError, TypeError, AttributeError) as error:
        yield f"names no notifier: {error}", hint
        return
    if not isinstance(chosen, Notifier):
        yield f"names {settings.PUSH}, which makes no syncgroups.push.Notifier", hint
        return
    yield from chosen.problems()

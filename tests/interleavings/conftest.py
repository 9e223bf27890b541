"""Fixtures of tests with several connections."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .elsewhere import Elsewhere, Gate


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate that is open at the end of the test, whatever happens."""
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def elsewhere(transactional_db: None, gate: Gate) -> Iterator[Callable[..., Elsewhere]]:
    """Start calls in threads of their own, which have ended, and closed their connections, when the test ends."""
    started: list[Elsewhere] = []

    def start(act: Callable[..., Any], *args: Any, **kwargs: Any) -> Elsewhere:
        started.append(Elsewhere(act, *args, **kwargs))
        return started[-1]

    yield start
    gate.open()
    for thread in started:
        thread.join(60)

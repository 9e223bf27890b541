"""Fixtures of tests under fire."""

from collections.abc import Iterator

import pytest

from tests.interleavings.conftest import elsewhere, gate

from .pairs import Pair

__all__ = ["elsewhere", "gate", "pair"]


@pytest.fixture
def pair(transactional_db: None) -> Iterator[Pair]:
    """Two sessions that find deadlocks at once."""
    pair = Pair()
    yield pair
    pair.close()

"""What the tests of the checker start from."""

import pytest

from tests.chaos.histories import good


@pytest.fixture
def record():
    """A good history, to be spoilt."""
    return good()

"""Fixtures of the engine's tests."""

import pytest

from syncgroups.processing import sweeping


@pytest.fixture
def quiet_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps that cost the same each time: none of them reports undeclared barriers, as one in sixty does."""
    monkeypatch.setattr(sweeping, "report_undeclared", lambda: None)
    monkeypatch.setattr(sweeping, "_recounted_up_to", 0)

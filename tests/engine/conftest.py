"""Fixtures of the engine's tests."""

import pytest

from syncgroups.processing import sweeping


@pytest.fixture
def quiet_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps that cost the same each time: none reports undeclared barriers, as one in sixty does, or leaves a sign."""
    monkeypatch.setattr(sweeping, "beat", lambda part: None)
    monkeypatch.setattr(sweeping, "look_after_undeclared", lambda: None)
    monkeypatch.setattr(sweeping, "_recounted_up_to", 0)
    monkeypatch.setattr(sweeping, "_presence_up_to", None)

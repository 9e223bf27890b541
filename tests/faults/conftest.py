"""Fixtures of faults that take two connections to see."""

from tests.interleavings.conftest import elsewhere, gate

__all__ = ["elsewhere", "gate"]

"""Fixtures of real browsers, for those tests that ask for them."""

from tests.acceptance.windows import chromium, window

__all__ = ["chromium", "window"]

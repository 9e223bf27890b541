"""The API describes itself where drf-spectacular is installed, and does without it elsewhere."""

from __future__ import annotations

from typing import Any

from rest_framework.schemas import DefaultSchema

try:
    from .openapi import Described
except ImportError:
    Described = None  # type: ignore[assignment, misc]


def schema() -> Any:
    """What DRF's views have as `schema`."""
    return Described() if Described is not None else DefaultSchema()

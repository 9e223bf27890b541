"""The plots of the monitor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ..monitoring import Overview


def figures(overview: Overview) -> Iterable[dict[str, Any]]:
    """The plots, with what they are for. Each is drawn from its table."""
    return [
        {
            "id": "course",
            "kind": "course",
            "title": _("Arrivals and releases over time"),
            "figure": overview.course,
            "unit": _("visits"),
        },
        {
            "id": "waits",
            "kind": "waits",
            "title": _("How long those who went on had waited"),
            "figure": overview.waits,
            "unit": _("visits"),
        },
        {
            "id": "outcomes",
            "kind": "outcomes",
            "title": _("How visits ended"),
            "figure": overview.outcomes,
            "unit": _("visits"),
        },
    ]

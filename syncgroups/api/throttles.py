"""How often a participant may ask and act: as often as pages do and far beyond, but not without end."""

from __future__ import annotations

import logging
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle

from ..conf import settings

logger = logging.getLogger(__name__)


class OwnPace(ScopedRateThrottle):
    """By the scope of the view, for each participant: laboratories have one address for all of theirs.

    Counted in the site's default cache. A cache that is away keeps nobody from going on.
    """

    def get_rate(self) -> str | None:
        return getattr(settings, f"{str(self.scope).upper()}_RATE") or None

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"syncgroups-{self.scope}-{view.participant.public_id}"

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except Exception:
            # Each kind of cache raises errors of its own.
            logger.warning("Polls and arrivals cannot be counted.", exc_info=True)
            return True

"""Pages: a barrier is a page that receives, shows what there is to see meanwhile, and lets through."""

from .barriers import BarrierMixin, BarrierView
from .participants import ParticipantMixin

__all__ = ["BarrierMixin", "BarrierView", "ParticipantMixin"]

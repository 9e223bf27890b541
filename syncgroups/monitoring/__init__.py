"""What a researcher watches: one cohort at a glance, and the course of a group. Reads only, and boundedly.

The number of queries does not depend on how many take part.
"""

from .figures import Figure
from .overview import Overview, cohorts, overview_of
from .rows import BarrierRow, GroupRow, MemberRow
from .timelines import Span, Timeline, timeline_of

__all__ = [
    "BarrierRow",
    "Figure",
    "GroupRow",
    "MemberRow",
    "Overview",
    "Span",
    "Timeline",
    "cohorts",
    "overview_of",
    "timeline_of",
]

"""Declarations: where participants wait, for how long at most, and the rule that lets them go on.

A rule is pure: it sees the participants it is handed, with their groups, arrival times and details, and answers
with values. It makes no query, reads no clock, and changes nothing.
"""

from ..waiting import WaitPage
from .base import Barrier
from .groups import BELOW_MINIMUM, INCOMPLETE, KEPT_WAITING, GroupBarrier, GroupCloser
from .on_release import ON_RELEASE_ARGUMENTS

__all__ = [
    "BELOW_MINIMUM",
    "INCOMPLETE",
    "KEPT_WAITING",
    "ON_RELEASE_ARGUMENTS",
    "Barrier",
    "GroupBarrier",
    "GroupCloser",
    "WaitPage",
]

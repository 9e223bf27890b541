"""The engine: the only place that locks a barrier or a group, and releases.

Every pass does four things in this order: lock, look, decide, act. The decision is made by the barrier's rule,
which is pure. What is moved is locked before it is moved, in one order everywhere: barrier record → groups →
participants → visits, each by primary key. When the rows turn out to be no longer what was decided about,
nothing is stored and the pass starts over.
"""

from .endings import close_group, elect_leader, end_participation, extend, release, settle
from .groups import process_groups
from .joining import add_to_group
from .locks import until_settled
from .passes import groups_at, process_barrier, waiting_participants
from .pausing import pause, resume
from .presence import mark_seen
from .sweeping import due_units, recount, sweep, undeclared_barriers
from .units import Unit, wake

__all__ = [
    "Unit",
    "add_to_group",
    "close_group",
    "due_units",
    "elect_leader",
    "end_participation",
    "extend",
    "groups_at",
    "mark_seen",
    "pause",
    "process_barrier",
    "process_groups",
    "recount",
    "release",
    "resume",
    "settle",
    "sweep",
    "undeclared_barriers",
    "until_settled",
    "waiting_participants",
    "wake",
]

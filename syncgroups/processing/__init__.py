"""The engine: the only place that locks a barrier or a group, and releases.

Every pass does four things in this order: lock, look, decide, act. The decision is made by the barrier's rule,
which is pure. What is moved is locked before it is moved, in one order everywhere: barrier record → groups →
participants → visits, each by primary key. When the rows turn out to be no longer what was decided about,
nothing is stored and the pass starts over.
"""

from .beating import WORKER, beat
from .endings import end_participation, extend, release, release_group
from .groups import process_groups
from .locks import until_settled
from .passes import groups_at, process_barrier, waiting_participants
from .pausing import hold, pause, pause_group, resume, resume_all, resume_group, wait_for_passes
from .presence import mark_seen
from .results import PassResult, record_of
from .settling import close_group, elect_leader, settle
from .steering import (
    add_to_group,
    form_group,
    lock,
    move_member,
    put_off_deadlines,
    remove_from_group,
    replace_member,
    send_message,
)
from .sweeping import due_units, recount, sweep, undeclared_barriers
from .units import Unit, wake

__all__ = [
    "WORKER",
    "PassResult",
    "Unit",
    "add_to_group",
    "beat",
    "close_group",
    "due_units",
    "elect_leader",
    "end_participation",
    "extend",
    "form_group",
    "groups_at",
    "hold",
    "lock",
    "mark_seen",
    "move_member",
    "pause",
    "pause_group",
    "process_barrier",
    "process_groups",
    "put_off_deadlines",
    "record_of",
    "recount",
    "release",
    "release_group",
    "remove_from_group",
    "replace_member",
    "resume",
    "resume_all",
    "resume_group",
    "send_message",
    "settle",
    "sweep",
    "undeclared_barriers",
    "until_settled",
    "wait_for_passes",
    "waiting_participants",
    "wake",
]

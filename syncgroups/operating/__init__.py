"""What a researcher does to a site that runs, from the admin, the API or code alike.

Each verb takes the `reason`, `by` whom it is done (a name) and, optionally, what that person `seen` of the row, as
`facts_of` told it: where that is no longer so, the verb raises `ChangedMeanwhile`, says what has changed, and does
nothing. Each locks what it changes before it looks, and leaves an `AuditEntry`, which it returns, in the transaction
that acts. Each raises `ReasonRequired` without a reason, and `NothingToDo` where there is nothing to do.
"""

from .barriers import pause, pause_cohort, process_now, record_of, records_of, resume, resume_cohort
from .facts import Cohort, Place, facts_for, facts_of, facts_of_all
from .groups import (
    add_member,
    close_group,
    elect_leader,
    form_group,
    move_member,
    pause_group,
    release_group,
    remove_member,
    replace_member,
    resume_group,
    retry,
)
from .people import fail, leave, release
from .recording import name_of
from .waits import LONGEST, message, put_off

__all__ = [
    "LONGEST",
    "Cohort",
    "Place",
    "add_member",
    "close_group",
    "elect_leader",
    "facts_for",
    "facts_of",
    "facts_of_all",
    "fail",
    "form_group",
    "leave",
    "message",
    "move_member",
    "name_of",
    "pause",
    "pause_cohort",
    "pause_group",
    "process_now",
    "put_off",
    "record_of",
    "records_of",
    "release",
    "release_group",
    "remove_member",
    "replace_member",
    "resume",
    "resume_cohort",
    "resume_group",
    "retry",
]

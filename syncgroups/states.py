"""The states of things. Each member's comment says what is true while it holds."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ParticipantStatus(TextChoices):
    # Takes part; may arrive, wait and be grouped (unless marked as failed).
    WORKING = "working", _("Working")
    # Reached the end of the experiment.
    FINISHED = "finished", _("Finished")
    # Went away before the end, by their own wish or the researcher's; not at fault.
    LEFT = "left", _("Left")


class Presence(TextChoices):
    # Gives signs of life. Also true of everybody of whom none has ever been asked.
    PRESENT = "present", _("Present")
    # Silent for a while: keeps their place, and is not matched until they are back.
    QUIET = "quiet", _("Quiet")
    # Silent for so long that they count as absent.
    GONE = "gone", _("Gone")


class LinkState(TextChoices):
    # Arrived, and still held at the barrier. Has no departure time yet.
    WAITING = "waiting", _("Waiting")
    # Let through, by the barrier's rule or by a researcher.
    RELEASED = "released", _("Released")
    # Held for longer than the barrier allows.
    TIMED_OUT = "timed_out", _("Timed out")
    # The participant was failed while being held.
    FAILED = "failed", _("Failed")
    # The participant left or finished while being held.
    WITHDRAWN = "withdrawn", _("Withdrawn")
    # The group could not go on; the participant waits at the grouper again, with the place of before.
    REGROUPED = "regrouped", _("Sent back to be grouped")


class TimeoutPolicy(TextChoices):
    # The participant is failed (PsyNet's rule).
    FAIL = "fail", _("Fail")
    # The participant goes on alone; at a grouper, in a group of one.
    RELEASE = "release", _("Go on alone")
    # The participation ends without fault, with the credit earned so far.
    LEAVE = "leave", _("Leave with credit")


class AbsencePolicy(TextChoices):
    """What the present get when a member of their group has not come in time. The absent are failed."""

    # They go on as a smaller group, if that is no smaller than its minimum.
    GO_ON = "go_on", _("Go on without the absent")
    # They wait at the grouper again, ahead of newcomers.
    REGROUP = "regroup", _("Back to the grouper")
    # Their participation ends without fault, with the credit earned so far.
    LEAVE = "leave", _("Leave with credit")
    # They are failed, too.
    FAIL = "fail", _("Fail")


class ShortagePolicy(TextChoices):
    """What those get whose group has shrunk below its minimum, where that is not left to the usual rule."""

    # They wait at the grouper again, ahead of newcomers.
    REGROUP = "regroup", _("Back to the grouper")
    # Their participation ends without fault, with the credit earned so far.
    LEAVE = "leave", _("Leave with credit")


class PassOutcome(TextChoices):
    # Another process holds the unit's lock, and the caller had asked not to wait for it.
    BUSY = "busy", _("Busy")
    # A researcher has paused the barrier: nobody is released, no wait ends.
    PAUSED = "paused", _("Paused")
    # Nothing was due.
    IDLE = "idle", _("Idle")
    # The rule was asked and its answer carried out.
    DONE = "done", _("Done")
    # The rule, its answer or ``on_release`` raised; stored, and to be tried again.
    FAILED = "failed", _("Raised an error")


class Verb(TextChoices):
    """What a researcher does to the people, groups and barriers of a site that runs."""

    # A participation has ended as a failure.
    FAIL = "fail", _("Fail")
    # A participation has ended without fault, with the credit earned.
    LEAVE = "leave", _("Let leave")
    # Who waited has been let through, whatever the rule says.
    RELEASE = "release", _("Release")
    # People who waited at a grouper are a group.
    FORM_GROUP = "form_group", _("Form a group")
    # Somebody has come into a group.
    ADD_MEMBER = "add_member", _("Add a member")
    # Somebody is in their group no longer, and takes part.
    REMOVE_MEMBER = "remove_member", _("Remove a member")
    # Somebody is in another group.
    MOVE_MEMBER = "move_member", _("Move a member")
    # Somebody has the place of another one in a group.
    REPLACE_MEMBER = "replace_member", _("Replace a member")
    # Another member leads.
    ELECT_LEADER = "elect_leader", _("Elect a leader")
    # A group has been closed.
    CLOSE_GROUP = "close_group", _("Close the group")
    # Who waits may do so for longer.
    PUT_OFF = "put_off", _("Give more time")
    # Nobody is released, and no time runs.
    PAUSE = "pause", _("Pause")
    # Time runs again.
    RESUME = "resume", _("Resume")
    # The rule has been asked at once, also of what had failed and would have been tried later.
    PROCESS = "process", _("Process now")
    # Who waits has been told something.
    MESSAGE = "message", _("Send a message")

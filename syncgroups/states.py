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


class TimeoutPolicy(TextChoices):
    # The participant is failed (PsyNet's rule).
    FAIL = "fail", _("Fail")
    # The participant goes on alone.
    RELEASE = "release", _("Go on alone")
    # The participation ends without fault, with the credit earned so far.
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
    FAILED = "failed", _("Failed")

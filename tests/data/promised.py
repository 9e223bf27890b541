"""What the tests of promises begin with: a scene in which all are kept, and what is due in it."""

from datetime import timedelta

from django.db.models.functions import Now

from syncgroups import verifying
from syncgroups.models import ParticipantLinkBarrier, SyncGroup, WakeUp

A_SECOND = timedelta(seconds=1)
LATE = verifying.ALLOWANCE + A_SECOND
VISITS = ParticipantLinkBarrier.objects
WAITING = VISITS.waiting()
ENDED = VISITS.exclude(state="waiting")
GROUPS = SyncGroup.objects


def be_late(by: timedelta) -> None:
    """The wait should have ended so long ago, and began before."""
    WAITING.update(deadline=Now() - by, arrival_time=Now() - by - A_SECOND)


def call(barrier_id: str, *, ago: timedelta = LATE) -> None:
    """Somebody has called so long ago, and nobody has come."""
    WakeUp.objects.create(barrier_id=barrier_id, cohort="monday", due_at=Now() - ago)

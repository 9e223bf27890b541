"""People who close their window where they wait for nothing: no time limit strikes there, so the site ends it."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from syncgroups.models import ParticipantLinkBarrier, all_participants

from .conf import ABSENT_AFTER

CLOSED_THE_WINDOW = "closed the window"


@shared_task(name="project.shared.end_the_vanished", ignore_result=True)
def end_the_vanished() -> None:
    """Whoever waits nowhere and has not been seen for `ABSENT_AFTER` seconds leaves, without fault. Safe to repeat."""
    seen = Coalesce(F("last_seen_at"), F("creation_time"))
    waiting = ParticipantLinkBarrier.objects.waiting().values("participant")
    absent = all_participants().active().alias(seen=seen).filter(seen__lt=Now() - timedelta(seconds=ABSENT_AFTER))
    vanished = absent.exclude(pk__in=waiting)
    for pk in list(vanished.values_list("pk", flat=True)):
        # Asked again about each: ending the others takes a while, in which somebody may come back.
        for participant in vanished.filter(pk=pk):
            participant.leave(CLOSED_THE_WINDOW)

"""How many visits have ever ended in which way, at the cost of looking at the newest ones."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import Any

from django.db.models import BooleanField, Case, Count, F, IntegerField, Max, Min, Q, Sum, Value, When
from django.db.models.functions import Now

from .models import ParticipantLinkBarrier
from .querysets import InSeconds
from .states import LinkState

#: Upper bounds, in seconds, of the classes of waits. Longer ones are in a class of their own.
BOUNDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)

#: Beside a visit that is younger than this there may be one that began before it, and is not committed yet.
SETTLED = timedelta(minutes=5)

#: A barrier's id, an outcome, and the number of a class of waits.
Kind = tuple[str, str, int]

#: For each kind, how many visits there were, and how many seconds they took together.
Totals = dict[Kind, tuple[int, float]]


class Tally:
    """Counts each visit once: those before the oldest that may still change are summed up, and never read again.

    Only the first question of a process reads all of the table.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Totals = {}
        self._upto = 0

    def totals(self) -> Totals:
        """Of all visits that have ended. Two queries."""
        with self._lock:
            visits = ParticipantLinkBarrier.objects.filter(pk__gt=self._upto)
            unsettled = Q(state=LinkState.WAITING) | Q(arrival_time__gt=Now() - SETTLED)
            found = visits.aggregate(first=Min("pk", filter=unsettled), last=Max("pk"))
            fence: int = found["first"] or (found["last"] or self._upto) + 1
            recent: Totals = {}
            for *kind, is_final, n, seconds, last in _counted(visits, fence):
                add(self._kept if is_final else recent, {tuple(kind): (n, seconds)})
                if is_final:
                    # And not up to the fence: between the two there may be one that is not committed yet.
                    self._upto = max(self._upto, last)
            totals = dict(self._kept)
        add(totals, recent)
        return totals


def add(totals: Totals, more: Totals) -> None:
    for kind, (n, seconds) in more.items():
        before = totals.get(kind, (0, 0.0))
        totals[kind] = (before[0] + n, before[1] + seconds)


def _counted(visits: Any, fence: int) -> Any:
    """Of those that have ended: barrier, outcome, class, whether before the fence; how many, how long, the last key."""
    took = InSeconds(F("departure_time") - F("arrival_time"))
    longest = Value(len(BOUNDS))
    within = [When(took__lte=bound, then=Value(place)) for place, bound in enumerate(BOUNDS)]
    return (
        visits.exclude(state=LinkState.WAITING)
        .annotate(took=took)
        .annotate(
            of_class=Case(*within, default=longest, output_field=IntegerField()),
            is_final=Case(When(pk__lt=fence, then=True), default=False, output_field=BooleanField()),
        )
        .order_by()
        .values_list("barrier_id", "state", "of_class", "is_final")
        .annotate(n=Count("pk"), seconds=Sum("took"), last=Max("pk"))
    )

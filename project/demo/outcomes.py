"""What became of the bots, by the database of the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from django.db.models import Max
from django.utils import timezone

from project.shared.conf import ABSENT_AFTER
from syncgroups.models import ParticipantLinkBarrier, SyncGroup, all_participants, get_participant_model
from syncgroups.states import ParticipantStatus

from .bots import Life


@dataclass(frozen=True)
class Waits:
    """How long the visits to one barrier lasted, in seconds."""

    barrier_id: str
    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def percentile_95(self) -> float:
        """Interpolated between the two nearest visits, but never beyond the longest."""
        return quantiles(self.seconds, n=20, method="inclusive")[-1] if len(self.seconds) > 1 else self.seconds[0]


@dataclass
class Outcomes:
    """What there is to tell about a run."""

    participants: int
    groups: int
    finished: int = 0
    left: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    #: Closed their window where they waited for nothing, and left when they had not been seen for a while.
    vanished: int = 0
    #: Sentences about those who should have an outcome and have none.
    without: list[str] = field(default_factory=list)
    waits: list[Waits] = field(default_factory=list)


def of_run(lives: Sequence[Life]) -> Outcomes:
    """Read the outcomes of these bots' participants. The number of queries does not depend on how many they are."""
    people: list[Any] = list(get_participant_model()._default_manager.filter(public_id__in=_ids(lives)))
    by_id = {str(person.public_id): person for person in people}
    visits = ParticipantLinkBarrier.objects.filter(participant__in=people).order_by("pk")
    open_at = dict(visits.waiting().values_list("participant", "barrier_id"))
    groups = SyncGroup.objects.filter(participants__in=people).distinct().count()
    outcomes = Outcomes(participants=len(people), groups=groups, waits=_waits(visits))
    for life in lives:
        _count(outcomes, life, by_id.get(life.participant_id or ""), open_at)
    return outcomes


def _count(outcomes: Outcomes, life: Life, person: Any, open_at: dict[int, str]) -> None:
    """Count one bot under what became of it."""
    if person is None:
        outcomes.without.append(f"bot {life.number} became no participant ({life.outcome})")
    elif person.pk in open_at:
        outcomes.without.append(f"{person} still waits at '{open_at[person.pk]}'")
    elif person.failed:
        outcomes.failed[person.failed_reason] += 1
    elif person.status == ParticipantStatus.FINISHED:
        outcomes.finished += 1
    elif person.status == ParticipantStatus.LEFT and life.vanished:
        outcomes.vanished += 1
    elif person.status == ParticipantStatus.LEFT:
        outcomes.left += 1
    else:
        outcomes.without.append(f"{person} never reached an end ({life.outcome}, last {life.trace[-1]})")


def _waits(visits: Any) -> list[Waits]:
    seconds: dict[str, list[float]] = {}
    for visit in visits.exclude(departure_time=None):
        seconds.setdefault(visit.barrier_id, []).append(visit.time_waited)
    return [Waits(barrier_id, times) for barrier_id, times in seconds.items()]


def still_waiting(lives: Iterable[Life]) -> tuple[int, float]:
    """How many of these bots still have an end to come, and in how many seconds the last has come at the latest.

    Those are the ones who wait, and those who have closed their window where they waited for nothing.
    """
    visits = ParticipantLinkBarrier.objects.waiting().filter(participant__public_id__in=_ids(lives))
    last = visits.aggregate(last=Max("deadline"))["last"]
    seconds = (last - timezone.now()).total_seconds() if last else 0.0
    gone = all_participants().active().filter(public_id__in=_ids([life for life in lives if life.vanished]))
    absent = gone.exclude(pk__in=visits.values("participant")).count()
    return visits.count() + absent, max(seconds, 0.0) + (ABSENT_AFTER if absent else 0.0)


def _ids(lives: Iterable[Life]) -> list[str]:
    return [life.participant_id for life in lives if life.participant_id]

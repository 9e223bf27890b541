"""This app, by its public functions, as a site calls them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from unittest import mock

from django.core.management import call_command
from django.db import connection

from bench import seeds
from project.celery import app
from syncgroups import arrivals, processing, tasks
from syncgroups.models import Participant, ParticipantLinkBarrier, SyncGroup
from syncgroups.processing import Unit

from . import protocol
from .live import Live
from .polls import Polls
from .profile import REST, profiling
from .protocol import expect, seconds, seconds_each


class Ours(Live, Polls):
    """The verbs that are measured; each returns the seconds of every sample."""

    def __init__(self) -> None:
        call_command("migrate", verbosity=0)

    def arrive(self, n: int) -> list[float]:
        """Until the transaction is committed: what comes next is the doorbell."""
        return [committed for committed, _ in self._arrivals(n)]

    def arrive_and_ring(self, n: int) -> list[float]:
        return [through for _, through in self._arrivals(n)]

    def _arrivals(self, n: int) -> list[tuple[float, float]]:
        self.seed(lambda cursor: seeds.people(cursor, n))
        return [_arrival(person) for person in Participant.objects.order_by("pk")]

    def form(self, n: int) -> list[float]:
        def seed(cursor: Any) -> None:
            seeds.people(cursor, n)
            seeds.waiting(cursor, "pairs_grouper", n, called=True)

        self.seed(seed)
        took = seconds(lambda: processing.process_barrier("pairs_grouper"))
        expect(n // 2, SyncGroup.objects.active().count())
        return [took]

    def release(self, n: int) -> list[float]:
        return self._release("meet", n)

    def release_one_by_one(self, n: int) -> list[float]:
        return self._release("noted", n)

    def idle(self, n: int, samples: int) -> list[float]:
        """A sweep: what the beat does once a second, for all barriers together."""
        self.seed_groups("meet", 2 * n, here=1)
        return seconds_each(lambda _: processing.sweep(), range(samples))

    def idle_pool(self, n: int, samples: int) -> list[float]:
        def seed(cursor: Any) -> None:
            seeds.people(cursor, n)
            seeds.waiting(cursor, "hall_grouper", n)

        self.seed(seed)
        return seconds_each(lambda _: processing.process_barrier("hall_grouper"), range(samples))

    def arrive_and_pass(self, n: int, samples: int) -> list[float]:
        """The last of a pair arrives, and the pass that its doorbell asks for lets both go."""
        self.seed_groups("meet", 2 * n, here=1)
        people = list(Participant.objects.filter(pk__in=range(2, 2 * samples + 1, 2)).order_by("pk"))
        took = seconds_each(arrive_and_pass, people)
        expect(2 * samples, ParticipantLinkBarrier.objects.filter(state="released").count())
        return took

    def profile_of(self, what: str, n: int) -> dict[str, float]:
        """How many seconds the measured part of that takes, parted by what they are spent at."""
        with profiling() as profile, mock.patch.object(protocol, "measured", partial(profile.of, REST)):
            getattr(self, what)(n)
        return dict(profile.seconds)

    def _release(self, barrier: str, n: int) -> list[float]:
        self.seed_groups(barrier, n, here=2)
        took = seconds(lambda: processing.process_barrier(barrier))
        expect(n, ParticipantLinkBarrier.objects.filter(state="released").count())
        return [took]

    def seed_groups(self, barrier: str, n: int, *, here: int, size: int = 2) -> None:
        """n participants in groups, of each of which the first so many wait at the barrier."""

        def seed(cursor: Any) -> None:
            seeds.groups(cursor, n, size)
            seeds.waiting(cursor, barrier, n, size=size, here=here, called=here == size)

        self.seed(seed)

    def seed(self, seed: Callable[[Any], None]) -> None:
        """Start from these rows and from empty queues."""
        app.control.purge()
        with connection.cursor() as cursor:
            seeds.empty(cursor)
            seed(cursor)
            seeds.settle(cursor)


def _arrival(person: Participant) -> tuple[float, float]:
    """Seconds until the arrival was committed, and until its doorbell was with the broker."""
    committed: list[float] = []

    def ring(units: Iterable[Unit]) -> None:
        committed.append(time.perf_counter())
        tasks.ring(units)

    with mock.patch.object(arrivals, "ring", ring):
        start = time.perf_counter()
        through = seconds(lambda: arrivals.arrive(person, "pairs_grouper"))
        return committed[0] - start, through


def arrive_and_pass(person: Participant) -> None:
    link = arrivals.arrive(person, "meet")
    processing.process_barrier("meet", "", link.sync_group_id)

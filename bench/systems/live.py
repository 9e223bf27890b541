"""What this app is asked while a worker and a web server run beside it."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, transaction

from bench import seeds
from project.celery import app
from syncgroups import arrivals, processing, tasks
from syncgroups.models import Participant, ParticipantLinkBarrier
from syncgroups.processing import Unit

from .protocol import expect


class Live:
    """Verbs for which others have to run."""

    seed: Any
    seed_groups: Any

    def latency(self, n: int) -> list[float]:
        """From the last arrival's commit to its release by a worker that has nothing else to do."""
        self.seed_groups("meet", 2 * n, here=1)
        people = Participant.objects.filter(pk__in=range(2, 2 * n + 1, 2)).order_by("pk")
        return [self._latency(person) for person in people]

    def _latency(self, person: Participant) -> float:
        link, start = self._arrive(person)
        with connection.cursor() as cursor:
            while True:
                cursor.execute("SELECT state FROM syncgroups_participantlinkbarrier WHERE id = %s", [link])
                if cursor.fetchone()[0] != "waiting":
                    return time.time() - start
                time.sleep(0.001)

    def _arrive(self, person: Participant) -> tuple[int, float]:
        """The visit, and the time of its commit, which is before the doorbell is rung."""
        committed: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.time()))
            link = arrivals.arrive(person, "meet")
        return link.pk, committed[0]

    def assemble(self, n_groups: int, size: int) -> None:
        """Groups of which all but the last member wait."""
        self.seed_groups("meet", n_groups * size, here=size - 1, size=size)

    def complete(self, n_groups: int, size: int, interval: float) -> list[list[float]]:
        """Let the last members arrive, one each `interval`; when each arrival was committed and each group released."""
        start, committed = time.time(), []
        for group in range(1, n_groups + 1):
            time.sleep(max(0.0, start + group * interval - time.time()))
            committed.append(self._arrive(Participant.objects.get(pk=group * size))[1])
        time.sleep(1)
        released = ParticipantLinkBarrier.objects.filter(
            state="released", participant__pk__in=[group * size for group in range(1, n_groups + 1)]
        )
        times = dict(released.values_list("participant", "departure_time"))
        return [[c, times[group * size].timestamp()] for group, c in enumerate(committed, start=1)]

    def load_off(self, n_groups: int, queue: str) -> float:
        """Ring for complete groups all at once on that queue; seconds until all of them have gone."""
        self.seed_groups("scored", 2 * n_groups, here=2)
        units = [Unit("scored", "", group) for group in range(1, n_groups + 1)]
        start = time.perf_counter()
        for unit in units:
            tasks.process_barrier.apply_async(unit, queue=queue)
        while ParticipantLinkBarrier.objects.waiting().exists():
            time.sleep(0.02)
        return time.perf_counter() - start

    def open_house(self, people: int) -> int:
        """So many participants, who have warmed up by two visits each; resident bytes."""
        self.seed(lambda cursor: seeds.people(cursor, people))
        with connection.cursor() as cursor:
            # How much memory is needed does not depend on waiting for the disk.
            cursor.execute("SET synchronous_commit = off")
        return self.visits(2 * people)

    def visits(self, n: int) -> int:
        """About so many visits by those who are there; resident bytes afterwards."""
        crowd = list(Participant.objects.all())
        before = ParticipantLinkBarrier.objects.count()
        cycles = max(1, n // (2 * len(crowd)))
        for _ in range(cycles):
            self._cycle(crowd)
        app.control.purge()
        released = ParticipantLinkBarrier.objects.filter(state="released").count()
        expect(before + 2 * len(crowd) * cycles, released)
        return resident_bytes()

    def close_house(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")

    def _cycle(self, crowd: list[Participant]) -> None:
        """Two visits each: they come into groups, and out of them again."""
        for barrier in ("pairs_grouper", "closer_pairs"):
            for person in crowd:
                arrivals.arrive(person, barrier)
            processing.process_barrier(barrier)


def resident_bytes() -> int:
    """How much memory this process has now (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

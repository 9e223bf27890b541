"""PsyNet, by its own public objects. Runs in an environment of its own (see `bench.peers`).

What PsyNet does between two clock ticks is a pass here: `check_barriers`, which its clock calls every half second.
Everything is done as PsyNet does it in a request or in a tick: in `psynet.db.transaction`, from a fresh session.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

FOLDER = tempfile.TemporaryDirectory()
EXPERIMENT = Path(FOLDER.name, "measured_experiment")
shutil.copytree(Path(__file__).resolve().parent.parent / "experiment", EXPERIMENT)
os.chdir(EXPERIMENT)

import logging  # noqa: E402

import psycopg2  # noqa: E402
import psynet.experiment  # noqa: E402
from dallinger import db  # noqa: E402
from dallinger.config import get_config, initialize_experiment_package  # noqa: E402

initialize_experiment_package(os.getcwd())
get_config().load()

from apscheduler.schedulers.background import BackgroundScheduler  # noqa: E402
from dallinger_experiment.experiment import note  # noqa: E402
from psynet import sync  # noqa: E402
from psynet.db import transaction  # noqa: E402
from psynet.participant import Participant  # noqa: E402

from bench.systems.protocol import seconds, seconds_each, serve  # noqa: E402

TICK = 0.5
TABLES = "participant, barrier, participant_link_barrier, sync_group, participant_link_sync_group"
PAIRS = sync.SimpleGrouper("pairs", initial_group_size=2)
HALL = sync.SimpleGrouper("hall", initial_group_size=2, batch_size=10**9)
MEET = sync.GroupBarrier("meet", "pairs")
NOTED = sync.GroupBarrier("noted", "pairs", on_release=note)


class Peer:
    """The verbs that are measured; each returns the seconds of every sample."""

    def __init__(self) -> None:
        # Writing logs is not what is measured.
        logging.disable(logging.INFO)
        db.init_db(drop_all=True)
        self.experiment = psynet.experiment.get_experiment()

    def arrive(self, n: int) -> list[float]:
        self._people(n)
        return seconds_each(lambda pk: receive(PAIRS, pk), range(1, n + 1))

    def form(self, n: int) -> list[float]:
        self._people(n)
        self._let_wait(PAIRS, range(1, n + 1))
        took = seconds(sync.check_barriers)
        self._expect("SELECT count(*) FROM sync_group", n // 2)
        return [took]

    def release(self, n: int) -> list[float]:
        return self._release(MEET, n)

    def release_one_by_one(self, n: int) -> list[float]:
        return self._release(NOTED, n)

    def idle(self, n: int, samples: int) -> list[float]:
        self._groups(2 * n)
        self._let_wait(MEET, range(1, 2 * n + 1, 2))
        return seconds_each(lambda _: sync.check_barriers(), range(samples))

    def idle_pool(self, n: int, samples: int) -> list[float]:
        self._people(n)
        self._let_wait(HALL, range(1, n + 1))
        return seconds_each(lambda _: sync.check_barriers(), range(samples))

    def arrive_and_pass(self, n: int, samples: int) -> list[float]:
        self._groups(2 * n)
        self._let_wait(MEET, range(1, 2 * n + 1, 2))

        def arrive_and_pass(pk: int) -> None:
            receive(MEET, pk)
            sync.check_barriers()

        took = seconds_each(arrive_and_pass, range(2, 2 * samples + 1, 2))
        self._expect(RELEASED, 2 * samples)
        return took

    def latency(self, n: int) -> list[float]:
        """From the last arrival's commit to its release, with nothing else to do, at any phase of the clock."""
        self._groups(2 * n)
        self._let_wait(MEET, range(1, 2 * n + 1, 2))
        clock = BackgroundScheduler()
        clock.add_job(sync.check_barriers, "interval", seconds=TICK, max_instances=1)
        clock.start()
        try:
            return [self._latency(pk) for pk in range(2, 2 * n + 1, 2)]
        finally:
            clock.shutdown()

    def _latency(self, pk: int) -> float:
        time.sleep(random.uniform(0, TICK))
        receive(MEET, pk)
        start = time.perf_counter()
        with psycopg2.connect(db.engine.url.render_as_string()) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            while not self._is_released(cursor, pk):
                time.sleep(0.001)
            return time.perf_counter() - start

    def _is_released(self, cursor: Any, pk: int) -> bool:
        cursor.execute("SELECT released FROM participant_link_barrier WHERE participant_id = %s", [pk])
        return bool(cursor.fetchone()[0])

    def _release(self, barrier: Any, n: int) -> list[float]:
        self._groups(n)
        self._let_wait(barrier, range(1, n + 1))
        took = seconds(sync.check_barriers)
        self._expect(RELEASED, n)
        return [took]

    def _people(self, n: int) -> None:
        self._sql(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")
        with transaction():
            for i in range(n):
                name = str(i)
                Participant(
                    self.experiment, recruiter_id="hotair", worker_id=name, assignment_id=name, hit_id="", mode="debug"
                )
        self._sql(f"VACUUM ANALYZE {TABLES}")

    def _groups(self, n: int) -> None:
        self._people(n)
        with transaction():
            people = list(Participant.query.order_by(Participant.id))
            for first, second in zip(people[::2], people[1::2], strict=True):
                group = sync.SimpleSyncGroup(
                    group_type="pairs",
                    initial_group_size=2,
                    max_group_size=2,
                    min_group_size=2,
                    n_active_participants=2,
                    accepts_top_ups=False,
                )
                group.participants.append(first)
                group.participants.append(second)
                group.leader = first
                db.session.add(group)

    def _let_wait(self, barrier: Any, pks: range) -> None:
        with transaction():
            for participant in Participant.query.filter(Participant.id.in_(pks)).order_by(Participant.id):
                barrier.receive_participant(participant)
        self._sql(f"VACUUM ANALYZE {TABLES}")

    def _expect(self, sql: str, count: int) -> None:
        found = db.engine.execute(sql).scalar()
        if found != count:
            raise AssertionError(f"{found} instead of {count}: {sql}")

    def _sql(self, statement: str) -> None:
        db.engine.connect().execution_options(isolation_level="AUTOCOMMIT").execute(statement).close()


RELEASED = "SELECT count(*) FROM participant_link_barrier WHERE released"


def receive(barrier: Any, pk: int) -> None:
    """An arrival, as in a request of its own."""
    with transaction():
        barrier.receive_participant(Participant.query.get(pk))


if __name__ == "__main__":
    serve(Peer())

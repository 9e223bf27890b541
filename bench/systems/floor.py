"""Bare SQL: the writes that this app cannot do without, in its own tables, by psycopg2 and nothing else."""

from __future__ import annotations

import os
from typing import Any

import psycopg2

from bench import seeds

from .protocol import seconds, seconds_each, serve

ARRIVE = {
    "participant_id": "%(participant)s",
    "barrier_id": "%(barrier)s",
    "sync_group_id": "%(group)s::bigint",
    "state": "'waiting'",
    "deadline": "now() + interval '1 hour'",
}
CALL = "INSERT INTO syncgroups_wakeup (barrier_id, cohort, sync_group_id) VALUES (%(barrier)s, '', %(group)s)"
ANSWER = (
    "DELETE FROM syncgroups_wakeup WHERE barrier_id = %(barrier)s AND (%(group)s IS NULL OR sync_group_id = %(group)s)"
)
RELEASE = """
    UPDATE syncgroups_participantlinkbarrier
    SET state = 'released', departure_time = now(), time_credit = extract(epoch FROM now() - arrival_time)
    WHERE state = 'waiting' AND barrier_id = %(barrier)s AND (%(group)s IS NULL OR sync_group_id = %(group)s)
"""
CREDIT = """
    UPDATE syncgroups_participant AS p SET time_credit = p.time_credit + v.time_credit
    FROM syncgroups_participantlinkbarrier AS v
    WHERE v.participant_id = p.id AND v.barrier_id = %(barrier)s
      AND (%(group)s IS NULL OR v.sync_group_id = %(group)s)
"""
DUE = "SELECT barrier_id, sync_group_id FROM syncgroups_wakeup WHERE due_at <= now() LIMIT 1"
OVERDUE = "SELECT 1 FROM syncgroups_participantlinkbarrier WHERE state = 'waiting' AND deadline <= now() LIMIT 1"
LOCK = "SELECT id FROM syncgroups_syncgroup WHERE id = %(group)s FOR NO KEY UPDATE"
LOOK = """
    SELECT v.id FROM syncgroups_participantlinkbarrier AS v JOIN syncgroups_participant AS p ON p.id = v.participant_id
    WHERE v.state = 'waiting' AND v.sync_group_id = %(group)s FOR NO KEY UPDATE OF p
"""


class Floor:
    """The verbs that are measured; each returns the seconds of every sample."""

    def __init__(self) -> None:
        self.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        self.cursor = self.connection.cursor()
        self.arriving = seeds.inserting(self.cursor, "participantlinkbarrier", ARRIVE)
        self.forming = seeds.forming(self.cursor)

    def arrive(self, n: int) -> list[float]:
        self._seed(lambda cursor: seeds.people(cursor, n))
        return seconds_each(lambda pk: self._arrive(pk, "pairs_grouper", None), range(1, n + 1))

    def form(self, n: int) -> list[float]:
        def seed(cursor: Any) -> None:
            seeds.people(cursor, n)
            seeds.waiting(cursor, "pairs_grouper", n, called=True)

        self._seed(seed)
        return [seconds(lambda: self._form(n))]

    def release(self, n: int) -> list[float]:
        self._seed_groups("meet", n, here=2)
        return [seconds(lambda: self._do(ANSWER, RELEASE, CREDIT, barrier="meet", group=None))]

    def release_one_by_one(self, n: int) -> list[float]:
        self._seed_groups("noted", n, here=2)
        return [seconds(lambda: [self._pass("noted", group) for group in range(1, n // 2 + 1)])]

    def idle(self, n: int, samples: int) -> list[float]:
        self._seed_groups("meet", 2 * n, here=1)
        return seconds_each(lambda _: self._do(DUE, OVERDUE), range(samples))

    def idle_pool(self, n: int, samples: int) -> list[float]:
        return self.idle(n, samples)

    def arrive_and_pass(self, n: int, samples: int) -> list[float]:
        self._seed_groups("meet", 2 * n, here=1)
        return seconds_each(self._arrive_and_pass, range(2, 2 * samples + 1, 2))

    def _arrive_and_pass(self, participant: int) -> None:
        self._arrive(participant, "meet", participant // 2)
        self._pass("meet", participant // 2)

    def _arrive(self, participant: int, barrier: str, group: int | None) -> None:
        self._do(self.arriving, CALL, participant=participant, barrier=barrier, group=group)

    def _pass(self, barrier: str, group: int) -> None:
        self._do(LOCK, ANSWER, LOOK, RELEASE, CREDIT, barrier=barrier, group=group)

    def _form(self, n: int) -> None:
        self._do(*self.forming, ANSWER, RELEASE, CREDIT, barrier="pairs_grouper", group=None, n=n, size=2)

    def _do(self, *statements: str, **values: Any) -> None:
        """One transaction."""
        for statement in statements:
            self.cursor.execute(statement, values)
        self.connection.commit()

    def _seed_groups(self, barrier: str, n: int, *, here: int) -> None:
        def seed(cursor: Any) -> None:
            seeds.groups(cursor, n, 2)
            seeds.waiting(cursor, barrier, n, size=2, here=here, called=here == 2)

        self._seed(seed)

    def _seed(self, seed: Any) -> None:
        seeds.empty(self.cursor)
        seed(self.cursor)
        self.connection.commit()
        self.connection.autocommit = True
        seeds.settle(self.cursor)
        self.connection.autocommit = False


if __name__ == "__main__":
    serve(Floor())

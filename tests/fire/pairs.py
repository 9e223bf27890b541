"""Verbs of the front door and of the engine, and two connections on which they are said at the same moment."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from random import Random
from threading import Barrier as Start
from typing import Any

from django.db import connection, connections

from syncgroups import arrivals, processing
from syncgroups.exceptions import (
    AlreadyInGroup,
    GroupFull,
    GroupNotActive,
    NotInGroup,
    NotWaiting,
    ParticipantNotActive,
)
from syncgroups.states import PassOutcome

from .scene import CHOICE, CLOSER, GROUPER, HELD, TALK, Scene, fresh

#: Two verbs do not begin further apart than this, in seconds; the slow ones take about as long to come to their locks.
JITTER = 0.01

#: Seconds for which a verb lingers, at most, once it has got a lock: who comes to want the rest crosswise has the time.
LINGERING = 0.006


def arrive(scene: Scene) -> None:
    person, place = scene.random.choice([(0, CLOSER), (1, CHOICE), (1, TALK), (2, CHOICE), (5, GROUPER), (5, HELD)])
    arrivals.arrive(fresh(scene.people[person]), place)


def arrive_again(scene: Scene) -> None:
    link = scene.link()
    arrivals.arrive(link.participant, link.barrier_id, visit="again")


def add_to_group(scene: Scene) -> None:
    scene.group().add(fresh(scene.people[scene.random.randint(3, 4)]))


def elect_leader(scene: Scene) -> None:
    arrivals.elect_leader(scene.group(), scene.random.choice([None, scene.member()]))


def pause(scene: Scene) -> None:
    arrivals.pause(scene.random.choice([GROUPER, CHOICE, CLOSER, HELD]))


def resume(scene: Scene) -> None:
    arrivals.resume(scene.paused)


def process_now(scene: Scene) -> None:
    outcome = arrivals.process_now(scene.random.choice([GROUPER, CHOICE, CLOSER, HELD]))
    assert outcome != PassOutcome.FAILED


def passing(barrier_id: str) -> Callable[[Scene], None]:
    def process(scene: Scene) -> None:
        raise_from(processing.process_barrier(barrier_id))

    return process


def raise_from(result: Any) -> None:
    if result.error is not None:
        raise result.error
    assert result.outcome != PassOutcome.FAILED


#: Each verb, and what it may say instead of doing it.
VERBS: dict[str, tuple[Callable[[Scene], Any], tuple[type[Exception], ...]]] = {
    "arrive": (arrive, (ParticipantNotActive, AlreadyInGroup, NotInGroup)),
    "arrive_again": (arrive_again, (ParticipantNotActive, AlreadyInGroup, NotInGroup)),
    "fail": (lambda scene: scene.member().fail("by chance"), ()),
    "leave": (lambda scene: scene.member().leave("by chance"), ()),
    "finish": (lambda scene: scene.member().finish("by chance"), ()),
    "release": (lambda scene: scene.link().release("by chance"), (NotWaiting,)),
    "close_group": (lambda scene: scene.group().close("by chance"), ()),
    "add_to_group": (add_to_group, (GroupNotActive, GroupFull, AlreadyInGroup, ParticipantNotActive)),
    "elect_leader": (elect_leader, (GroupNotActive, NotInGroup)),
    "check_numbers": (lambda scene: scene.group().check_numbers(), ()),
    "pause": (pause, ()),
    "resume": (resume, ()),
    "pass_of_a_grouper": (passing(GROUPER), ()),
    "pass_of_a_group_barrier": (passing(CHOICE), ()),
    "pass_of_a_closer": (passing(CLOSER), ()),
    "pass_of_a_pool": (passing(HELD), ()),
    "sweep": (lambda scene: raise_from(processing.sweep()), ()),
    "process_now": (process_now, ()),
    "recount": (lambda scene: processing.recount(), ()),
}


class Pair:
    """Two threads with a connection each, on which the server looks for deadlocks after ten milliseconds."""

    def __init__(self) -> None:
        self.threads = [ThreadPoolExecutor(1, initializer=_expect_deadlocks) for _ in range(2)]

    def say(self, scene: Scene, *names: str) -> list[Exception | None]:
        """Say two verbs at once. Returns what each of them raised, but for what it is documented to raise."""
        start = Start(2)
        waits = scene.random.sample([0.0, scene.random.uniform(0, JITTER)], 2)
        acts = [partial(_say, name, scene, start, wait) for name, wait in zip(names, waits, strict=True)]
        return [said.result(30) for said in self.do(*acts)]

    def do(self, *acts: Callable[[], Any]) -> list[Future[Any]]:
        """Begin an act in each thread."""
        return [thread.submit(act) for thread, act in zip(self.threads, acts, strict=True)]

    def deadlocks(self) -> int:
        """How many deadlocks the server has found in this database, those of these two sessions included."""
        for told in self.do(_tell_statistics, _tell_statistics):
            told.result()
        with connection.cursor() as cursor:
            cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    def close(self) -> None:
        for closed in self.do(connections.close_all, connections.close_all):
            closed.result()
        for thread in self.threads:
            thread.shutdown()


def _expect_deadlocks() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '10ms'")


def _tell_statistics() -> None:
    """A session tells what it has counted before it answers that it has nothing else to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")


def _say(name: str, scene: Scene, start: Start, wait: float) -> Exception | None:
    verb, documented = VERBS[name]
    start.wait(10)
    time.sleep(wait)
    try:
        with connection.execute_wrapper(partial(_linger, scene.random)):
            verb(scene)
    except documented:
        return None
    except Exception as error:
        return error
    return None


def _linger(random: Random, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    found = execute(sql, *rest)
    if "FOR NO KEY UPDATE" in sql:
        time.sleep(random.uniform(0, LINGERING))
    return found


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What the app logs as an error meanwhile."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(handler.format(record))
    logger = logging.getLogger("syncgroups")
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)


def seeded(*parts: Any) -> Random:
    return Random("-".join(map(str, parts)))

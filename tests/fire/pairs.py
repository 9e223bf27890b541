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
from django.db.models import F

from syncgroups import arrivals, processing
from syncgroups.exceptions import (
    AlreadyInGroup,
    GroupFull,
    GroupNotActive,
    NoExtensionLeft,
    NotInGroup,
    NotWaiting,
    ParticipantNotActive,
)
from syncgroups.models import ParticipantLinkBarrier, all_participants
from syncgroups.processing.presence import let_lapse
from syncgroups.states import PassOutcome

from .scene import CHOICE, CLOSER, FAIR, GROUPER, HELD, TALK, Scene, fresh

#: Two verbs do not begin further apart than this, in seconds; the slow ones take about as long to come to their locks.
JITTER = 0.01

#: Seconds for which a verb lingers, at most, once it has got a lock: who comes to want the rest crosswise has the time.
LINGERING = 0.006


def arrive(scene: Scene) -> None:
    places = [(0, CLOSER), (0, FAIR), (1, CHOICE), (1, TALK), (2, CHOICE), (2, FAIR), (5, GROUPER), (5, HELD)]
    person, place = scene.random.choice(places)
    link = scene.link()
    if scene.random.random() < 1 / 3:
        arrivals.arrive(link.participant, link.barrier_id, visit="again")
    else:
        arrivals.arrive(fresh(scene.people[person]), place)


def end(scene: Scene) -> None:
    """One verb with three names."""
    getattr(scene.member(), scene.random.choice(["fail", "leave", "finish"]))("by chance")


def add_to_group(scene: Scene) -> None:
    scene.group().add(fresh(scene.people[scene.random.randint(3, 4)]))


def elect_leader(scene: Scene) -> None:
    arrivals.elect_leader(scene.group(), scene.random.choice([None, scene.member()]))


def extend(scene: Scene) -> None:
    scene.link(FAIR, HELD).extend()


def take_turn(scene: Scene) -> None:
    """What is done in it takes a moment, and stores something of the participant."""
    link = scene.link()

    def act() -> int:
        time.sleep(scene.random.uniform(0, LINGERING))
        return all_participants().filter(pk=link.participant_id).update(time_of_death=F("time_of_death"))

    arrivals.take_turn(link, link.turns, act, done=bool)


def give_a_sign(scene: Scene) -> None:
    person, hidden = fresh(scene.random.choice(scene.people)), scene.random.choice([True, False])
    processing.mark_seen(person, hidden=hidden, quiet_after=scene.random.choice([20, 120]), gone_after=600)


def pause(scene: Scene) -> None:
    arrivals.pause(scene.random.choice([GROUPER, CHOICE, CLOSER, FAIR, HELD]))


def resume(scene: Scene) -> None:
    arrivals.resume(scene.paused)


def process_now(scene: Scene) -> None:
    outcome = arrivals.process_now(scene.random.choice([GROUPER, CHOICE, CLOSER, FAIR, HELD]))
    assert outcome != PassOutcome.FAILED


def passing(barrier_id: str) -> Callable[[Scene], None]:
    def process(scene: Scene) -> None:
        raise_from(processing.process_barrier(barrier_id))

    return process


def put_right(scene: Scene) -> None:
    """One group, or all of them."""
    if scene.random.choice([True, False]):
        scene.group().check_numbers()
    else:
        processing.recount()


def raise_from(result: Any) -> None:
    if result.error is not None:
        raise result.error
    assert result.outcome != PassOutcome.FAILED


#: Each verb, and what it may say instead of doing it.
VERBS: dict[str, tuple[Callable[[Scene], Any], tuple[type[Exception], ...]]] = {
    "arrive": (arrive, (ParticipantNotActive, AlreadyInGroup, NotInGroup)),
    "end": (end, ()),
    "release": (lambda scene: scene.link().release("by chance"), (NotWaiting,)),
    "close_group": (lambda scene: scene.group().close("by chance"), ()),
    "add_to_group": (add_to_group, (GroupNotActive, GroupFull, AlreadyInGroup, ParticipantNotActive)),
    "extend": (extend, (NotWaiting, NoExtensionLeft)),
    "take_turn": (take_turn, ()),
    "give_a_sign": (give_a_sign, ()),
    "fall_silent": (lambda scene: let_lapse(limit=100), ()),
    "elect_leader": (elect_leader, (GroupNotActive, NotInGroup)),
    "pause": (pause, ()),
    "resume": (resume, ()),
    "pass_of_a_grouper": (passing(GROUPER), ()),
    "pass_of_a_group_barrier": (passing(CHOICE), ()),
    "pass_that_blames": (passing(FAIR), ()),
    "pass_of_a_closer": (passing(CLOSER), ()),
    "pass_of_a_pool": (passing(HELD), ()),
    "sweep": (lambda scene: raise_from(processing.sweep()), ()),
    "process_now": (process_now, ()),
    "put_right": (put_right, ()),
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
    if "FOR NO KEY UPDATE" in sql or sql.startswith(f'UPDATE "{ParticipantLinkBarrier._meta.db_table}"'):
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

"""Whether each release happened once, with everything that belongs to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .record import Record, Row

#: Credits are sums of floating-point numbers.
PRECISION = 1e-6


def released_once(record: Record) -> Iterator[str]:
    """One effect for each release of a group, none without; nothing announced or credited twice."""
    yield from _one_effect_per_release(record)
    yield from _effects_as_told(record)
    yield from _announced_once(record)
    yield from _credited_once(record)


def _one_effect_per_release(record: Record) -> Iterator[str]:
    times = Counter(pk for effect in record.effects for pk in effect["visits"])
    for effect in record.effects:
        for pk in effect["visits"]:
            visit = record.visit.get(pk)
            place = visit and (visit["barrier_id"], visit["sync_group_id"], visit["state"])
            if place != (effect["barrier_id"], effect["group_id"], "released"):
                yield f"effect {effect['id']} is there for visit {pk}, which was not released then and there."
    for row in record.visits:
        if times[row["id"]] > 1:
            yield f"the effects of releasing visit {row['id']} are there {times[row['id']]} times."
        if not times[row["id"]] and _went_with_the_group(record, row):
            yield f"visit {row['id']} to '{row['barrier_id']}' was released without the effects."


def _went_with_the_group(record: Record, visit: Row) -> bool:
    """Whether the rule let the visit go with a group that was still active: then ``on_release`` was due."""
    group = record.group.get(visit["sync_group_id"])
    if group is None or visit["state"] != "released" or visit["reason"]:
        return False
    return bool(group["end_time"] is None or group["end_time"] > visit["departure_time"])


def _effects_as_told(record: Record) -> Iterator[str]:
    """Workers know of every effect that is stored, and what they saw committed is stored."""
    stored = Counter(_key(row["barrier_id"], row["group_id"], row["visits"]) for row in record.effects)
    attempted = {_key(e["barrier"], e["group"], e["visits"]) for e in record.of("effect", phase="attempted")}
    committed = Counter(_key(e["barrier"], e["group"], e["visits"]) for e in record.of("effect", phase="committed"))
    for key, times in committed.items():
        if stored[key] < times:
            yield f"an effect at '{key[0]}' for group {key[1]} was committed {times} times, and is there {stored[key]}."
    for key in stored.keys() - attempted:
        yield f"an effect at '{key[0]}' for group {key[1]} is there, and nobody made it."


def _key(barrier: str, group: int, visits: list[int]) -> tuple[str, int, tuple[int, ...]]:
    return barrier, group, tuple(sorted(visits))


def _announced_once(record: Record) -> Iterator[str]:
    """Announcements may get lost with the process that was to make them, and are never made twice."""
    ended = Counter(_outcome(row) for row in record.visits)
    announced: Counter[Any] = Counter()
    for event in record.of("announced"):
        announced.update((event["barrier_id"], who, event["outcome"]) for who in event["participants"])
    for (barrier, participant, outcome), times in announced.items():
        if times > ended[barrier, participant, outcome]:
            yield f"'{outcome}' of participant {participant} at '{barrier}' was announced more often than it happened."


def _outcome(visit: Row) -> tuple[str, int, str]:
    late = visit["state"] == "timed_out" or visit["reason"].startswith("waited too long")
    return visit["barrier_id"], visit["participant_id"], "timed_out" if late else visit["state"]


def _credited_once(record: Record) -> Iterator[str]:
    earned: Counter[int] = Counter()
    for row in record.visits:
        earned[row["participant_id"]] += row["time_credit"]
    for row in record.participants:
        if abs(row["time_credit"] - earned[row["id"]]) > PRECISION:
            yield f"participant {row['id']} was credited {row['time_credit']} s for waits of {earned[row['id']]} s."

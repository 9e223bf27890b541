"""What has to hold after a run, whatever went wrong in it. Reads records only; each property yields what breaks it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from . import effects_once, fairness, progress, waits
from .limits import PASS
from .presence import intervals_follow_one_another, silences
from .record import Record, Row

WAITING, RELEASED = "waiting", "released"


@dataclass(frozen=True)
class Violation:
    """One thing that must not be."""

    broken: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.broken}: {self.sentence}"


def check(record: Record) -> list[Violation]:
    """Everything that breaks a property."""
    return [Violation(name, sentence) for name, holds in PROPERTIES.items() for sentence in holds(record)]


def one_outcome(record: Record) -> Iterator[str]:
    """Whoever was told of a visit was told the same, and the database says so, too. What was acknowledged is kept."""
    seen: dict[int, set[str]] = defaultdict(set)
    over: dict[int, float] = {}
    for event in record.of("asked", kind="visit"):
        pk, state = event.get("visit_pk"), event.get("state")
        if pk is None or state is None:
            continue
        if state != WAITING:
            over.setdefault(pk, event["at"])
        elif event["asked"] > over.get(pk, event["asked"]):
            yield f"visit {pk} was over, and somebody was told later that it goes on."
        seen[pk] |= {state} - {WAITING}
    for pk, states in seen.items():
        if pk not in record.visit:
            yield f"visit {pk} was acknowledged and is lost."
            continue
        stored = {record.visit[pk]["state"]} if states or record.visit[pk]["state"] != WAITING else set()
        if len(states | stored) > 1:
            yield f"visit {pk} had several outcomes: {', '.join(sorted(states | stored))}."
    bearers = (row for row in record.visits if row["visit"] is not None)
    named = Counter((row["participant_id"], row["barrier_id"], row["visit"]) for row in bearers)
    for (participant, barrier, visit), times in named.items():
        if times > 1:
            yield f"participant {participant} made visit '{visit}' to '{barrier}' {times} times."


def one_group_per_type(record: Record) -> Iterator[str]:
    """Nobody is in two groups of one type at a time."""
    by_type: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in record.memberships:
        by_type[row["participant_id"], row["group_type"]].append(row)
    for (participant, group_type), rows in by_type.items():
        rows.sort(key=lambda row: row["arrival_time"])
        for one, other in pairwise(rows):
            if one["departure_time"] is None or one["departure_time"] > other["arrival_time"]:
                groups = f"{one['sync_group_id']} and {other['sync_group_id']}"
                yield f"participant {participant} was in groups {groups} of type '{group_type}' at a time."
    for event in record.of("asked", kind="standing"):
        told: Counter[str] = Counter(event.get("groups", []))
        twice = [name for name, times in told.items() if times > 1]
        if twice:
            yield f"bot {event['bot']} was told of two groups of type '{twice[0]}'."


def sizes_in_bounds(record: Record) -> Iterator[str]:
    """A group has as many members as it may have, when it is formed and ever after."""
    members: dict[int, list[Row]] = defaultdict(list)
    for row in record.memberships:
        members[row["sync_group_id"]].append(row)
    for pk, group in record.group.items():
        founders = sum(row["arrival_time"] == group["creation_time"] for row in members[pk])
        least, most = group["min_group_size"], group["max_group_size"]
        if founders < least or (most is not None and founders > most):
            yield f"group {pk} was formed with {founders} members, outside of {least} to {most}."
        largest = max(_sizes(members[pk]), default=0)
        if most is not None and largest > most:
            yield f"group {pk} came to have {largest} members, more than {most}."
        standing = sum(row["active"] for row in members[pk])
        if group["active"] and standing != group["n_active_participants"]:
            yield f"group {pk} counts {group['n_active_participants']} members and has {standing}."


def _sizes(members: Iterable[Row]) -> Iterator[int]:
    """The sizes that a group had. Who leaves at the very moment at which another one joins has left before."""
    changes = [(row["arrival_time"], 1) for row in members]
    changes += [(row["departure_time"], -1) for row in members if row["departure_time"] is not None]
    size = 0
    for _, change in sorted(changes):
        size += change
        yield size


def first_come_first_served(record: Record) -> Iterator[str]:
    """No grouper lets anybody through before those who are present, were known to wait, and have a place before that
    one: because they came first, or were sent back and had come first.

    Simple groupers choose from the front of the queue. Arrivals that overlap may be seen in either order.
    """
    known, silent = waits.acknowledged(record), silences(record)
    queues: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in record.visits:
        if row["sync_group_id"] is None:
            queues[row["barrier_id"], row["cohort"]].append(row)
    for (barrier, _), rows in queues.items():
        for later in rows:
            if later["state"] != RELEASED or later["reason"]:
                continue
            passed = [
                row["id"]
                for row in rows
                if _was_overtaken(row, later, known) and not _was_silent(silent[row["participant_id"]], later)
            ]
            if passed:
                yield f"visit {later['id']} to '{barrier}' went before visit {passed[0]}, which came first."


def _was_overtaken(row: Row, by: Row, known: dict[int, float]) -> bool:
    """Whether it was known to be here as the other one came, or as the grouper looked."""
    here = row["id"] in known and known[row["id"]] <= max(by["arrival_time"], by["departure_time"] - PASS)
    first = _place(row) < _place(by)
    return here and first and (row["departure_time"] is None or row["departure_time"] > by["departure_time"])


def _place(row: Row) -> float:
    return float(row["arrival_time"] if row["place_since"] is None else row["place_since"])


def _was_silent(spans: Iterable[waits.Span], at: Row) -> bool:
    """Whether somebody may not have been present as this one was let through."""
    moment = at["departure_time"]
    return any(began <= moment and until >= moment - PASS for began, until in spans)


def cohorts_apart(record: Record) -> Iterator[str]:
    """Nobody meets anybody of another cohort."""
    for row in record.memberships:
        own, other = record.participant[row["participant_id"]], record.group[row["sync_group_id"]]
        if own["cohort"] != other["cohort"]:
            yield f"participant {own['id']} of cohort '{own['cohort']}' was in a group of '{other['cohort']}'."
    for row in record.visits:
        own, group = record.participant[row["participant_id"]], record.group.get(row["sync_group_id"])
        if {own["cohort"]} != {row["cohort"], group["cohort"] if group else row["cohort"]}:
            yield f"visit {row['id']} is of another cohort than its participant or its group."
    asked = {event["ticket"]: event["cohort"] for event in record.of("came")}
    for row in record.participants:
        if asked.get(row["public_id"], row["cohort"]) != row["cohort"]:
            yield f"participant {row['id']} came to cohort '{asked[row['public_id']]}' and is in '{row['cohort']}'."


PROPERTIES: dict[str, Callable[[Record], Iterator[str]]] = {
    "one outcome per visit": one_outcome,
    "released once, with its effects once": effects_once.released_once,
    "one active group per type": one_group_per_type,
    "sizes in bounds": sizes_in_bounds,
    "nobody waits past the deadline": waits.no_wait_past_the_deadline,
    "nobody waits in vain": progress.nobody_waits_in_vain,
    "everybody comes to an end": waits.everybody_ends,
    "first come, first served": first_come_first_served,
    "cohorts apart": cohorts_apart,
    "nobody present is failed for an absence": fairness.nobody_present_fails,
    "nobody is lost between two groups": fairness.nobody_is_lost_between,
    "waits add up": fairness.waits_add_up,
    "more time as told": fairness.more_time_is_given_as_told,
    "one presence at a time": intervals_follow_one_another,
}

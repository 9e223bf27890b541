"""Whether anybody waited in vain: for what had been there for a while, because a call was lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from .limits import LONGEST_RETRY
from .presence import apart, silences
from .record import Record, Row
from .waits import SLACK, SWEEP, Span, outages, overlap

ENDLESS = float("inf")


def nobody_waits_in_vain(record: Record) -> Iterator[str]:
    """Groups go, and are formed, within one sweep of being complete. Times without sweeps do not count."""
    away = outages(record)
    yield from _complete_groups(record, away)
    yield from _full_queues(record, away)


def _complete_groups(record: Record, away: list[Span]) -> Iterator[str]:
    members: dict[int, list[Row]] = defaultdict(list)
    for row in record.memberships:
        members[row["sync_group_id"]].append(row)
    visits: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in record.visits:
        if row["sync_group_id"] is not None:
            visits[row["sync_group_id"], row["barrier_id"]].append(row)
    tries = Counter(pk for event in record.of("effect", phase="attempted") for pk in event["visits"])
    for (pk, barrier), rows in visits.items():
        group = record.group[pk]
        for row in rows:
            since = _complete_since(group, members[pk], rows, _until(record, row))
            late = _until(record, row) - since - overlap((since, _until(record, row)), away)
            if late > SWEEP + SLACK + _retries(tries[row["id"]] - 1):
                yield f"group {pk} was complete at '{barrier}' for {late:.1f} s before visit {row['id']} ended."


def _retries(failures: int) -> float:
    """Seconds by which a group is later because the site's own code failed, or died, so many times."""
    return sum(min(2.0**number, LONGEST_RETRY) + SWEEP for number in range(failures))


def _complete_since(group: Row, members: list[Row], visits: list[Row], moment: float) -> float:
    """Since when all members had been here, at this moment; endless if they were not, or were too few."""
    standing = {row["participant_id"] for row in members if _covers(row, moment)}
    here = [row for row in visits if _covers(row, moment) and row["participant_id"] in standing]
    closing = any(row["barrier_id"].startswith("closer_") for row in visits)
    if len(here) < len(standing) or not (here and (closing or len(here) >= group["min_group_size"])):
        return ENDLESS
    gone = [row["departure_time"] for row in members if (row["departure_time"] or ENDLESS) < moment]
    return float(max([row["arrival_time"] for row in here] + gone))


def _covers(row: Row, moment: float) -> bool:
    return bool(row["arrival_time"] <= moment <= (row["departure_time"] or ENDLESS))


def _full_queues(record: Record, away: list[Span]) -> Iterator[str]:
    """At no grouper enough people who are present wait for a group without one being formed."""
    silent = silences(record)
    sizes = {row["group_type"]: row["initial_group_size"] for row in record.groups}
    queues: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    for row in record.visits:
        if row["sync_group_id"] is None:
            for since, until in apart((row["arrival_time"], _until(record, row)), silent[row["participant_id"]]):
                queues[row["barrier_id"], row["cohort"]] += [(since, 1), (until, -1)]
    for (barrier, cohort), changes in queues.items():
        size = sizes.get(barrier.removesuffix("_grouper"), ENDLESS)
        for since, until in _full(sorted(changes), size):
            late = until - since - overlap((since, until), away)
            if late > SWEEP + SLACK:
                yield f"at '{barrier}' (cohort '{cohort}') enough for a group waited for {late:.1f} s."


def _full(changes: list[tuple[float, int]], size: float) -> Iterator[Span]:
    """When so many or more were there."""
    here, since = 0, ENDLESS
    for moment, change in changes:
        before, here = here, here + change
        if before < size <= here:
            since = moment
        elif here < size <= before:
            yield since, moment


def _until(record: Record, row: Row) -> float:
    return float(record.end if row["departure_time"] is None else row["departure_time"])

"""When bots were silent, as it is stored, and whether that is one story."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise

from .record import Record, Row

Span = tuple[float, float]

#: Seconds within which one interval follows another: two statements of one transaction.
AT_ONCE = 2.0
#: Those who are quiet, and those who are gone.
SILENT = ("quiet", "gone")


def silences(record: Record, states: Collection[str] = SILENT) -> dict[int, list[Span]]:
    """When each participant was in one of these states; nobody is before the first sign of life."""
    spans: dict[int, list[Span]] = defaultdict(list)
    for row in sorted(record.presence, key=_when):
        if row["state"] in states:
            spans[row["participant_id"]].append((row["began_at"], _until(record, row)))
    return spans


def apart(span: Span, others: Collection[Span]) -> list[Span]:
    """What is left of a span without the others, which follow one another."""
    left, since = [], span[0]
    for began, ended in others:
        if since < min(began, span[1]):
            left.append((since, min(began, span[1])))
        since = max(since, ended)
    return [*left, (since, span[1])] if since < span[1] else left


def intervals_follow_one_another(record: Record) -> Iterator[str]:
    """Of each participant one goes on at most, and none after the end; no two overlap, or leave anything between."""
    intervals: dict[int, list[Row]] = defaultdict(list)
    for row in sorted(record.presence, key=_when):
        intervals[row["participant_id"]].append(row)
    for pk, rows in intervals.items():
        if rows[0]["state"] != "present":
            yield f"what is known of participant {pk} begins with being {rows[0]['state']}."
        for one, other in pairwise(rows):
            if one["ended_at"] is None or not 0 <= other["began_at"] - one["ended_at"] <= AT_ONCE:
                yield f"interval {other['id']} of participant {pk} does not follow interval {one['id']}."
            if one["state"] == other["state"]:
                yield f"participant {pk} was {one['state']}, and then {one['state']} again."
        takes_part = record.participant[pk]["status"] == "working" and not record.participant[pk]["failed"]
        if takes_part and (rows[-1]["ended_at"], rows[-1]["state"]) != (None, record.participant[pk]["presence"]):
            yield f"participant {pk} takes part, and the last that is known of them is over, or something else."
        if not takes_part and rows[-1]["ended_at"] is None:
            yield f"participant {pk} takes part no longer, and is {rows[-1]['state']} for ever."


def _when(row: Row) -> tuple[float, int]:
    return row["began_at"], row["id"]


def _until(record: Record, row: Row) -> float:
    return float(record.end if row["ended_at"] is None else row["ended_at"])

"""When waits began and ended, and what of that was in nobody's power."""

from __future__ import annotations

from collections.abc import Iterator

from .record import Record, Row

#: Seconds between two sweeps.
SWEEP = 1.0
#: Seconds that a sweep may be late on a machine that is busy, or because the one before was lost with its worker.
SLACK = 2.0
#: Seconds within which sweeps are made again once whatever prevented them is over.
RECOVERY = 10.0

SWEEP_TASK = "syncgroups.tasks.sweep"

Span = tuple[float, float]


def no_wait_past_the_deadline(record: Record) -> Iterator[str]:
    """Every wait ends by its deadline plus one sweep. Times in which no sweep could be made do not count."""
    yield from (f"{name}: no sweep within {RECOVERY:g} s after it was over." for name in unrecovered(record))
    for row, late in lateness(record):
        if late > SWEEP + SLACK:
            yield f"visit {row['id']} to '{row['barrier_id']}' went on for {late:.2f} s after its deadline."


def everybody_ends(record: Record) -> Iterator[str]:
    """In the end nobody waits, and every bot has come to an end."""
    for row in record.visits:
        if row["state"] == "waiting":
            yield f"participant {row['participant_id']} still waits at '{row['barrier_id']}'."
    gone = {event["bot"] for event in record.of("gone")}
    for event in record.of("came"):
        if event["bot"] not in gone:
            yield f"bot {event['bot']} has come to no end."


def lateness(record: Record) -> list[tuple[Row, float]]:
    """Visits that went on after their deadline, with the seconds in which that could have been otherwise."""
    away = outages(record)
    late = []
    for row in record.visits:
        until = record.end if row["departure_time"] is None else row["departure_time"]
        if until > row["deadline"]:
            late.append((row, until - row["deadline"] - overlap((row["deadline"], until), away)))
    return late


def outages(record: Record) -> list[Span]:
    """When no sweep could be made, by the database's clock: until the first whole one after a fault."""
    spans = [(fault["began"], min(_back(record, fault), fault["ended"] + RECOVERY)) for fault in _faults(record)]
    return _merged([(record.moment(began), record.moment(ended)) for began, ended in spans])


def unrecovered(record: Record) -> Iterator[str]:
    """Faults after which sweeps were not made again in time."""
    last = record.events[-1]["at"] if record.events else 0
    for fault in _faults(record):
        if _back(record, fault) > fault["ended"] + RECOVERY < last and not _elsewhere(record, fault):
            yield str(fault["name"])


def _elsewhere(record: Record, fault: Row) -> bool:
    """Whether another fault had begun before this one could be recovered from."""
    others = [other for other in _faults(record) if other is not fault]
    return any(o["began"] < fault["ended"] + RECOVERY and o["ended"] > fault["ended"] for o in others)


def _faults(record: Record) -> list[Row]:
    return record.of("fault", outage=True)


def _back(record: Record, fault: Row) -> float:
    """When the first sweep that began after the fault was done."""
    begun = {e["id"] for e in record.of("task", phase="begun", name=SWEEP_TASK) if e["at"] >= fault["ended"]}
    done = record.of("task", phase="ended", name=SWEEP_TASK, state="SUCCESS")
    return min((e["at"] for e in done if e["id"] in begun), default=float("inf"))


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for began, ended in sorted(spans):
        if merged and began <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ended, merged[-1][1]))
        else:
            merged.append((began, ended))
    return merged


def overlap(span: Span, others: list[Span]) -> float:
    """How many seconds of the span lie within the others, which are apart from one another."""
    return sum(max(0.0, min(span[1], ended) - max(span[0], began)) for began, ended in others)


def acknowledged(record: Record) -> dict[int, float]:
    """By when each visit was committed, by the database's clock: as soon as somebody was told of it."""
    told: dict[int, float] = {}
    for event in record.events:
        pk = event.get("visit") if event["what"] == "arrived" else event.get("visit_pk")
        if pk is not None and event["what"] in ("arrived", "asked"):
            told[pk] = min(record.moment(event["at"]), told.get(pk, float("inf")))
    return told

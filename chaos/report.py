"""The run in words: load held, faults injected, violations."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from .checker import Violation
from .record import Record
from .waits import lateness, outages

#: How many violations are told one by one.
SHOWN = 30


def numbers(record: Record, violations: Sequence[Violation]) -> dict[str, Any]:
    """Everything that the report says, for programs."""
    late = [seconds for _, seconds in lateness(record)]
    return {
        "load": _load(record),
        "outcomes": dict(Counter(event["end"] for event in record.of("gone")).most_common()),
        "visits": dict(Counter(row["state"] for row in record.visits).most_common()),
        "faults": dict(sorted(Counter(event["name"] for event in _happened(record)).items())),
        "missed": sorted(event["name"] for event in record.of("missed")),
        "deaths": dict(sorted(Counter(_death(event) for event in record.of("part", phase="ended")).items())),
        "seconds_without_sweeps": sum(ended - began for began, ended in outages(record)),
        "ended_after_the_deadline": {"visits": len(late), "most_seconds": max(late, default=0.0)},
        "violations": [str(violation) for violation in violations],
    }


def _happened(record: Record) -> list[dict[str, Any]]:
    missed = Counter(event["name"] for event in record.of("missed"))
    happened = []
    for event in record.of("fault"):
        missed[event["name"]] -= 1
        if missed[event["name"]] < 0:
            happened.append(event)
    return happened


def _death(event: dict[str, Any]) -> str:
    return f"{event['name'].partition('-')[0]}, status {event['status']}"


def _load(record: Record) -> dict[str, Any]:
    asked = record.of("asked")
    took = sorted(event["at"] - event["asked"] for event in asked if isinstance(event["status"], int))
    seconds = asked[-1]["at"] - asked[0]["asked"] if asked else 0
    failed = [event for event in asked if not isinstance(event["status"], int) or event["status"] >= 500]
    return {
        "bots": len(record.of("came")),
        "seconds": seconds,
        "requests": len(asked),
        "requests_per_second": len(asked) / seconds if seconds else 0,
        "requests_failed_and_repeated": len(failed),
        "answered_in_ms": _quantiles(took),
        "most_waiting_at_once": max(_waiting(record), default=0),
        "visits": len(record.visits),
        "groups": len(record.groups),
        "effects": len(record.effects),
        "effects_attempted": len(record.of("effect", phase="attempted")),
        "tasks": len(record.of("task", phase="begun")),
        "sweeps_expired": len(record.of("task", phase="expired")),
    }


def _quantiles(took: Sequence[float]) -> dict[str, float]:
    if len(took) < 2:
        return {}
    cuts = statistics.quantiles(took, n=100)
    return {"median": cuts[49] * 1e3, "95 %": cuts[94] * 1e3, "most": took[-1] * 1e3}


def _waiting(record: Record) -> Iterator[int]:
    changes = [(row["arrival_time"], 1) for row in record.visits]
    changes += [(row["departure_time"], -1) for row in record.visits if row["departure_time"] is not None]
    here = 0
    for _, change in sorted(changes):
        here += change
        yield here


def as_text(found: dict[str, Any]) -> str:
    return "\n".join(_lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield "\nLoad held"
    for name, value in found["load"].items():
        told = ", ".join(f"{cut} {ms:.0f}" for cut, ms in value.items()) if isinstance(value, dict) else f"{value:,.5g}"
        yield f"  {name.replace('_', ' ')}: {told}"
    for title in ("outcomes", "visits"):
        yield f"  {title}: " + ", ".join(f"{n} {name}" for name, n in found[title].items())
    yield f"\nFaults injected: {sum(found['faults'].values())}"
    yield from (f"  {times} x {name}" for name, times in found["faults"].items())
    yield from (f"  no occasion: {name}" for name in found["missed"])
    yield "  processes replaced: " + (", ".join(f"{n} x {name}" for name, n in found["deaths"].items()) or "none")
    yield f"  seconds in which no sweep could be made: {found['seconds_without_sweeps']:.1f}"
    late = found["ended_after_the_deadline"]
    yield f"  waits that ended after their deadline: {late['visits']}, by {late['most_seconds']:.2f} s at most"
    yield f"\nViolations: {len(found['violations'])}"
    yield from (f"  {sentence}" for sentence in found["violations"][:SHOWN])

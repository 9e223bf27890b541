"""Whether everybody who was there was treated as such, whoever was not."""

from __future__ import annotations

from collections.abc import Iterator

from .limits import EXTENSIONS, PASS
from .presence import silences
from .record import Record, Row
from .waits import acknowledged

#: Credits and times are floating-point numbers.
PRECISION = 0.01

#: Why the app fails people: others waited for them in vain; or they have waited for others in vain.
KEPT_WAITING, WAITED = "kept the group waiting for too long", "waited too long at barrier"


def nobody_present_fails(record: Record) -> Iterator[str]:
    """Nobody fails for the absence of others, nor for one's own who was here, or held elsewhere, and not gone.

    Whoever comes while a pass is about to say that they have not may be too late.
    """
    gone, known = silences(record, ["gone"]), acknowledged(record)
    for row in record.visits:
        if not _fails_for_absence(record, row):
            continue
        ended = row["departure_time"]
        was_gone = any(began <= ended <= until + PASS for began, until in gone[row["participant_id"]])
        if not was_gone and known.get(row["id"], ended) < ended - PASS:
            failing = record.participant[row["participant_id"]]
            yield f"participant {failing['id']} waited at '{row['barrier_id']}', and {failing['failed_reason']}."


def _fails_for_absence(record: Record, row: Row) -> bool:
    """Whether the visit has ended because its participant was held to be absent, or the others were."""
    person = record.participant[row["participant_id"]]
    if not person["failed"]:
        return False
    if row["state"] == "failed":
        return bool(person["failed_reason"] == KEPT_WAITING)
    with_a_group = row["state"] == "timed_out" and row["sync_group_id"] is not None
    return with_a_group and bool(person["failed_reason"].startswith(f"{WAITED} '{row['barrier_id']}'"))


def nobody_is_lost_between(record: Record) -> Iterator[str]:
    """Whoever was sent back waits at the grouper from that moment, once, with the place of before."""
    for row in record.visits:
        if row["state"] == "regrouped":
            grouper = f"{row['barrier_id'].removesuffix('_choice')}_grouper"
            here = [visit for visit in record.visits if _goes_on(visit, row, grouper)]
            if len(here) != 1:
                who, times = row["participant_id"], len(here)
                yield f"participant {who} was sent back by visit {row['id']}, and waited at '{grouper}' {times} times."


def _goes_on(visit: Row, after: Row, grouper: str) -> bool:
    same = (visit["participant_id"], visit["barrier_id"]) == (after["participant_id"], grouper)
    if not same or visit["place_since"] is None:
        return False
    moment = after["departure_time"]
    over = visit["departure_time"] is not None and visit["departure_time"] < moment
    return bool(visit["place_since"] <= visit["arrival_time"] <= moment and not over)


def waits_add_up(record: Record) -> Iterator[str]:
    """What a wait was spent on is its whole time; it earns no more than that, nor than its deadline allows."""
    for row in record.visits:
        if row["departure_time"] is None:
            continue
        took = row["departure_time"] - row["arrival_time"]
        spent = [row["waited_for_match"], row["waited_for_others"], row["paused_for"]]
        if min(spent) < 0 or abs(sum(spent) - took) > PRECISION:
            yield f"visit {row['id']} took {took:.2f} s, and was spent on {spent}."
        if not 0 <= row["time_credit"] <= min(took, row["deadline"] - row["arrival_time"]) + PRECISION:
            yield f"visit {row['id']} took {took:.2f} s, and earned {row['time_credit']:.2f} s."


def more_time_is_given_as_told(record: Record) -> Iterator[str]:
    """Nobody has had more time more often than they may; and whoever was told so has had it."""
    for row in record.visits:
        if row["extensions"] > EXTENSIONS:
            yield f"visit {row['id']} was prolonged {row['extensions']} times."
    for event in record.of("asked", kind="longer", status=200):
        stored = record.visit[event["visit_pk"]]["extensions"]
        if stored < event["extensions"]:
            yield f"visit {event['visit_pk']} was prolonged {event['extensions']} times, and has {stored} of them."

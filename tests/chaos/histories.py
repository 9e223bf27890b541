"""A short run in which all went well, for tests to spoil: two people meet, a third one finds nobody."""

from __future__ import annotations

from typing import Any

from chaos.checker import check
from chaos.record import Record

#: The database's clock minus the monotonic one.
OFFSET = 1000.0


def visit(pk: int, participant: int, barrier: str, times: tuple[float, float | None], **more: Any) -> dict[str, Any]:
    arrival, departure = times
    plain = {"state": "released", "reason": "", "visit": "1", "cohort": "red", "sync_group_id": None}
    row = {"id": pk, "participant_id": participant, "barrier_id": barrier, **plain}
    waited = {"arrival_time": arrival, "deadline": arrival + 20, "departure_time": departure, "place_since": None}
    took = 0.0 if departure is None else departure - arrival
    spent = {"waited_for_match": took, "waited_for_others": 0.0, "paused_for": 0.0, "extensions": 0}
    return {**row, **waited, "time_credit": min(took, 20.0), **spent, **more}


def depart(row: dict[str, Any], moment: float) -> None:
    """A visit ends at another time, and was spent on waiting until then."""
    row |= {"departure_time": moment, "waited_for_match": moment - row["arrival_time"]}


def member(participant: int, group: int, since: float, until: float | None) -> dict[str, Any]:
    row = {"participant_id": participant, "sync_group_id": group, "group_type": "pair", "active": until is None}
    return {**row, "arrival_time": since, "departure_time": until}


def group(pk: int, formed: float, closed: float | None, **more: Any) -> dict[str, Any]:
    sizes = {
        "min_group_size": 2,
        "initial_group_size": 2,
        "max_group_size": 2,
        "n_active_participants": 2 if closed is None else 0,
    }
    times = {"creation_time": formed, "end_time": closed, "active": closed is None}
    return {"id": pk, "cohort": "red", "group_type": "pair", **sizes, **times, **more}


def participant(pk: int, credit: float, cohort: str = "red") -> dict[str, Any]:
    standing = {"status": "working", "failed": False, "failed_reason": "", "presence": "present"}
    return {"id": pk, "public_id": f"ticket-{pk}", "cohort": cohort, "time_credit": credit, **standing}


def interval(pk: int, participant: int, state: str, since: float, until: float | None) -> dict[str, Any]:
    """Of presence."""
    return {"id": pk, "participant_id": participant, "state": state, "began_at": since, "ended_at": until}


def event(at: float, what: str, **facts: Any) -> dict[str, Any]:
    """At a time of the database's clock, like everything here."""
    for name in ("asked", "began", "ended"):
        if isinstance(facts.get(name), float):
            facts[name] -= OFFSET
    return {"at": at - OFFSET, "who": "somebody", "pid": 1, "what": what, **facts}


def answer(at: float, pk: int, state: str, **facts: Any) -> dict[str, Any]:
    """What a bot was told of a visit."""
    return event(at, "asked", **{"kind": "visit", "visit_pk": pk, "state": state, "asked": at - 0.1, "bot": 1, **facts})


def sweep(at: float, name: str) -> list[dict[str, Any]]:
    task = {"id": name, "name": "syncgroups.tasks.sweep"}
    return [event(at, "task", phase="begun", **task), event(at + 0.1, "task", phase="ended", state="SUCCESS", **task)]


def good() -> Record:
    """All times lie between 2000 and 2060."""
    effect = {"barrier": "pair_choice", "group": 1, "visits": [3, 4]}
    release = {"barrier_id": "pair_choice", "cohort": "red", "group": 1, "participants": [1, 2]}
    events = [
        event(2000.0, "clock", moment=2000.0, monotonic=2000.0 - OFFSET),
        *(event(2000.5, "came", bot=n, ticket=f"ticket-{n}", cohort="red") for n in (1, 2, 3)),
        *(event(2001.1 + n, "arrived", visit=pk) for n, pk in enumerate((1, 2, 5))),
        answer(2001.2, 1, "waiting"),
        event(2010.0, "effect", phase="attempted", **effect),
        event(2010.1, "effect", phase="committed", **effect),
        event(2010.2, "announced", outcome="released", **release),
        answer(2010.5, 3, "released"),
        event(2011.0, "asked", kind="standing", groups=["pair"], bot=1, asked=2010.9),
        *(event(2050.0 + n, "gone", bot=n, end="went through") for n in (1, 2, 3)),
        event(2060.0, "end"),
    ]
    return Record(
        events,
        participants=[participant(1, 4.0), participant(2, 2.0), participant(3, 20.0)],
        groups=[group(1, 2003.5, 2015.0)],
        memberships=[member(1, 1, 2003.5, 2015.0), member(2, 1, 2003.5, 2015.0)],
        visits=[
            visit(1, 1, "pair_grouper", (2001.0, 2004.0)),
            visit(2, 2, "pair_grouper", (2002.0, 2004.0)),
            visit(3, 1, "pair_choice", (2009.0, 2010.0), sync_group_id=1),
            visit(4, 2, "pair_choice", (2010.0, 2010.0), sync_group_id=1),
            visit(5, 3, "pair_grouper", (2003.0, 2023.5), state="timed_out", reason="waited too long"),
        ],
        presence=[interval(1, 1, "present", 2001.0, None), interval(2, 3, "present", 2003.0, None)],
        effects=[{"id": 1, "barrier_id": "pair_choice", "group_id": 1, "visits": [3, 4]}],
    )


def only_found(record: Record) -> str:
    """The one property that is broken, with its first sentence."""
    found = check(record)
    assert len({violation.broken for violation in found}) == 1, found
    return str(found[0])

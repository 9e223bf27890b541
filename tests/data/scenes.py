"""What the tests of data out begin with, and how they read what has been written."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from bench import seeds
from syncgroups import arrivals, exporting, testing
from syncgroups.models import get_participant_model
from tests.acceptance.researchers import pairs_waiting


def history() -> Any:
    """Two pairs, each in a cohort of its own, of whom some have waited, have been seen, have failed."""
    scene = pairs_waiting(2)
    for person in scene.pairs[0]:
        arrivals.note_presence(person)
    arrivals.fail(scene.absentee, "=rude", by="ada")
    return scene


def exported(folder: Path, **kwargs: Any) -> dict[str, list[dict[str, str]]]:
    """The tables as CSV, read again. Real ids, unless something else is said."""
    kwargs = {"tables": exporting.chosen(), "naming": exporting.real_ids, **kwargs}
    exporting.export(folder, kwargs.pop("selection", exporting.Selection()), **kwargs)
    return read(folder)


def read(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Each table in a folder, a dictionary a row."""
    found = {}
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def person(**fields: Any) -> Any:
    return testing.make_participants(1, **fields)[0]


def public_ids() -> set[str]:
    return {str(row.public_id) for row in get_participant_model()._default_manager.all()}


VISITS = {
    "participant_id": "p",
    "barrier_id": "'lobby'",
    "visit": "'visit ' || v",
    "state": "'released'",
    "reason": "'a reason that takes some room'",
    "arrival_time": "now() - interval '1 hour'",
    "deadline": "now()",
    "departure_time": "now() - interval '30 minutes'",
    "waited_for_others": "1800",
}


def many_visits(cursor: Any, people: int, each: int) -> None:
    """So many people, who have each been to the lobby so often, by two statements. On PostgreSQL."""
    cursor.execute(seeds.inserting(cursor, "participant", seeds.PEOPLE, seeds.EVERYBODY), {"n": people})
    source = "generate_series(1, %(n)s) AS p, generate_series(1, %(each)s) AS v"
    cursor.execute(seeds.inserting(cursor, "participantlinkbarrier", VISITS, source), {"n": people, "each": each})
    seeds.keep_counting(cursor)

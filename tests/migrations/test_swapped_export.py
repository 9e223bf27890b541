"""A site's own participants are exported, and with details their own columns are; and their database is verified."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from .site import INHERITING_MODELS, ZOO_MODELS, make_site

pytestmark = pytest.mark.once

JOURNEY = """
    from syncgroups import testing

    herd = testing.make_participants(3, species="okapi")
    testing.arrive_all(herd, "pair_grouper")
    testing.sweep()
"""


@pytest.mark.parametrize("models", [ZOO_MODELS, INHERITING_MODELS], ids=["uuid keys", "columns of a parent"])
def test_participants_of_the_site_s_own_are_exported_and_verified(
    tmp_path: Path, sqlite_address: str, models: str
) -> None:
    """Catches: a table, or a promise, that holds for the app's own participants only."""
    site = make_site(tmp_path, database=sqlite_address, participant="zoo.Animal", models=models)
    site.manage("migrate")
    site.python(JOURNEY)
    for name, *options in (["plain"], ["full", "--details"]):
        site.manage("syncgroups_export", "--output", str(tmp_path / name), *options)
    assert "species" not in rows(tmp_path / "plain" / "participants.csv")[0]
    found = rows(tmp_path / "full" / "participants.csv")
    assert [row["species"] for row in found] == ["okapi"] * 3
    assert {"id", "abstractparticipant_ptr", "person_ptr"}.isdisjoint(found[0])
    people = {row["participant_id"] for row in found}
    assert {row["participant_id"] for row in rows(tmp_path / "full" / "visits.csv")} == people
    assert "promises are kept" in site.manage("syncgroups_check")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))

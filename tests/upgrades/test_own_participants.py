"""Sites with participants of their own: columns that we add to these come by a migration that the site makes itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.db import models

from syncgroups.models import AbstractParticipant
from tests.migrations.conftest import postgresql_address
from tests.migrations.site import Site, make_site

from .linting import faults
from .migrating import APP, FIRST, models_at

__all__ = ["postgresql_address"]

#: A column of which the site in these tests knows nothing at first, beside those that came after the first release.
NEW = "creation_time"

#: Columns that the site's own migration gives their indexes at once. The README tells of them.
INDEXED = {"quiet_at", "gone_at"}

UPGRADE = """
    from importlib import invalidate_caches
    from django.core.management import call_command
    from django.db import connection
    from syncgroups import testing
    from syncgroups.models import ParticipantLinkBarrier
    from zoo.models import Animal

    def let_older_code_store_one():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO zoo_animal (id, public_id, cohort, status, failed, failed_reason, ended_by,"
                " time_credit, details, species) VALUES (gen_random_uuid(), gen_random_uuid(), '', 'working', false,"
                " '', '', 0, '{}', 'gnu')")

    call_command("migrate", verbosity=0)
    let_older_code_store_one()

    call_command("makemigrations", "zoo", name="upgrade", verbosity=0)
    invalidate_caches()
    call_command("sqlmigrate", "zoo", "0002_upgrade")
    call_command("migrate", verbosity=0)
    let_older_code_store_one()

    herd = list(Animal.objects.all())
    assert len(herd) == 2 and all(animal.creation_time for animal in herd), herd
    testing.arrive_all(herd, "pair_grouper")
    testing.sweep()
    print("--", *ParticipantLinkBarrier.objects.values_list("state", flat=True))
"""


def without_a_value(fields: Iterable[Any], known: Iterable[str]) -> list[str]:
    """Fields that are not known and that the database cannot fill for code that leaves them out."""
    later = [field for field in fields if field.name not in known]
    return [field.name for field in later if not (field.null or field.has_db_default())]


def columns_of_the_first_release() -> set[str]:
    return {field.name for field in models_at(FIRST).get_model(APP, "Participant")._meta.get_fields()}


def test_columns_of_participants_that_come_later_have_a_value_for_older_code():
    assert without_a_value(AbstractParticipant._meta.get_fields(), columns_of_the_first_release()) == []


def test_columns_without_a_value_for_older_code_are_noticed():
    new = [models.IntegerField(default=0), models.IntegerField(db_default=0), models.IntegerField(null=True)]
    for name, field in zip("abc", new, strict=True):
        field.set_attributes_from_name(name)
    assert without_a_value(new, known=[]) == ["a"]


def forget(site: Site, column: str) -> None:
    """Let the site's first migration be one from before this column was there."""
    (migration,) = (site.folder / "zoo" / "migrations").glob("0001*.py")
    text, times = re.subn(rf"\n *\('{column}', [^\n]*,(?=\n)", "", migration.read_text())
    assert times == 1
    migration.write_text(text)


@pytest.mark.postgresql
def test_the_migration_that_the_site_makes_of_a_new_column_is_as_good_as_ours(tmp_path: Path, postgresql_address: str):
    site = make_site(tmp_path, database=postgresql_address, participant="zoo.Animal")
    later = {field.name for field in AbstractParticipant._meta.get_fields()} - columns_of_the_first_release()
    for column in {NEW, *later}:
        forget(site, column)
    printed = site.python(UPGRADE).splitlines()
    statements = [line for line in printed if not line.startswith("--")]
    assert all(f'ADD COLUMN "{column}"' in " ".join(statements) for column in {NEW, *later})
    found = faults(statements)
    assert [fault for fault in found if "CONCURRENTLY" not in fault] == []
    assert set(re.findall(r'\("(\w+)"\)', " ".join(found))) == INDEXED
    assert printed[-1] == "-- released released"

"""Migrations serve each choice of participant: none made, the app's own named, and a site's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from .site import make_site

pytestmark = pytest.mark.once

CHOICES = [
    pytest.param(None, id="setting absent"),
    pytest.param("syncgroups.Participant", id="setting given"),
    pytest.param("zoo.Animal", id="swapped to a UUID key under a late label"),
]


@pytest.mark.parametrize("participant", CHOICES)
def test_the_models_need_no_further_migration(tmp_path: Path, sqlite_address: str, participant: str | None) -> None:
    site = make_site(tmp_path, database=sqlite_address, participant=participant)
    site.manage("makemigrations", "--check", "--dry-run")


@pytest.mark.parametrize("participant", CHOICES)
def test_every_migration_runs_and_can_be_taken_back(
    tmp_path: Path, empty_database: str, participant: str | None
) -> None:
    site = make_site(tmp_path, database=empty_database, participant=participant)
    site.manage("migrate")
    site.manage("migrate", "--check")
    site.manage("migrate", "syncgroups", "zero")


@pytest.mark.parametrize("participant", CHOICES)
def test_foreign_keys_lead_to_the_chosen_model(tmp_path: Path, sqlite_address: str, participant: str | None) -> None:
    site = make_site(tmp_path, database=sqlite_address, participant=participant)
    site.manage("migrate")
    table = site.python("""
        from django.db import connection
        from syncgroups.models import ParticipantLinkBarrier, get_participant_model
        with connection.cursor() as cursor:
            relations = connection.introspection.get_relations(cursor, ParticipantLinkBarrier._meta.db_table)
        key, table, *rest = relations["participant_id"]
        assert table == get_participant_model()._meta.db_table, table
        print(table)
    """)
    assert table.strip() == ("zoo_animal" if participant == "zoo.Animal" else "syncgroups_participant")


def test_a_swapped_site_has_no_table_for_the_apps_own_participants(tmp_path: Path, sqlite_address: str) -> None:
    site = make_site(tmp_path, database=sqlite_address, participant="zoo.Animal")
    site.manage("migrate")
    tables = site.python("from django.db import connection; print(connection.introspection.table_names())")
    assert "syncgroups_participant'" not in tables


@pytest.mark.parametrize("participant", CHOICES)
def test_the_system_checks_of_each_site_pass(tmp_path: Path, sqlite_address: str, participant: str | None) -> None:
    site = make_site(tmp_path, database=sqlite_address, participant=participant)
    site.manage("migrate")
    site.manage("check", "--database", "default", "--fail-level", "WARNING")

"""An export is of one moment, holds nobody up, and needs no more memory for many rows than for few."""

import os
import subprocess
import sys
from contextlib import suppress
from threading import Thread

import pyarrow.parquet
import pytest
from django.db import connection, connections

from syncgroups import arrivals, exporting, testing
from syncgroups.barriers import Barrier
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.moments import one_moment
from tests.servers import ROOT

from .scenes import exported, many_visits


class Lobby(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


def elsewhere(act):
    """Do it on a connection of its own; it is not held up."""

    def with_own_connection():
        try:
            act()
        finally:
            connections.close_all()

    thread = Thread(target=with_own_connection, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it waits for the export"


@pytest.mark.django_db(transaction=True)
def test_tables_are_of_one_moment_and_nobody_waits_for_them(tmp_path):
    """Catches: a visit of somebody who is in no table of participants; arrivals that wait until all is written."""
    with testing.declared(Lobby("lobby")):
        testing.arrive_all(testing.make_participants(2), "lobby")

        def meanwhile(table: str, rows: int) -> None:
            if table == "participants":
                elsewhere(lambda: testing.arrive_all(testing.make_participants(1), "lobby"))

        tables = exported(tmp_path / "out", progress=meanwhile)
        assert ParticipantLinkBarrier.objects.count() == 3
        assert len(tables["visits"]) == len(tables["participants"]) == 2


@pytest.mark.django_db(transaction=True)
def test_transactions_after_a_moment_are_as_they_were_before():
    """Catches: a connection that stays at an isolation level at which locks do not help, or begins no writer."""

    def sees_others() -> bool:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                return bool(connection.transaction_mode == "IMMEDIATE")
            cursor.execute("SHOW transaction_isolation")
            return bool(cursor.fetchone() == ("read committed",))

    for error in (None, ZeroDivisionError):
        with suppress(ZeroDivisionError), one_moment():
            assert not sees_others()
            if error:
                raise error
        assert sees_others()
        [person] = testing.make_participants(1)
        with testing.declared(Lobby("lobby")):
            arrivals.arrive(person, "lobby")


MEASURED = """
import re, sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "syncgroups_export", *sys.argv[1:]])
# Of this program alone; what getrusage() tells is also of the one that has started it.
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""

#: Megabytes by which a hundred thousand visits may need more than a thousand. Read whole they need 200.
LIMIT = 40


def memory_of_an_export(folder, database_url, format):
    """Megabytes that a process takes for it at the most."""
    command = [sys.executable, "-c", MEASURED, "--output", str(folder), "--format", format]
    environment = {**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "project.settings"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1]) / 1024


@pytest.mark.postgresql
@pytest.mark.parametrize("format", exporting.FORMATS)
def test_a_hundred_thousand_visits_are_exported_in_the_memory_for_a_thousand(tmp_path, database_url, format):
    """Catches: rows that are gathered, by us or by the database's driver, before they are written."""
    with connection.cursor() as cursor:
        many_visits(cursor, 100, 10)
    few = memory_of_an_export(tmp_path / "few", database_url, format)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE syncgroups_participant RESTART IDENTITY CASCADE")
        many_visits(cursor, 10_000, 10)
    many = memory_of_an_export(tmp_path / "many", database_url, format)
    print(few, many)
    assert n_rows(tmp_path / "many" / f"visits.{format}") == 100_000
    assert many - few < LIMIT


def n_rows(path):
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_metadata(path).num_rows
    with path.open() as file:
        return sum(1 for _ in file) - (path.suffix == ".csv")

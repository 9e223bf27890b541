"""What the barriers that are measured call when a group goes."""

from typing import Any

from django.db import connection


def note(group: Any) -> None:
    """Do nothing: what is left is the cost of calling."""


def score(group: Any) -> None:
    """Let the database work for some twenty milliseconds, and store something."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(md5(i::text)) FROM generate_series(1, 75000) AS i")
        cursor.execute(
            "UPDATE syncgroups_syncgroup SET details = jsonb_build_object('score', %s) WHERE id = %s",
            [cursor.fetchone()[0], group.pk],
        )

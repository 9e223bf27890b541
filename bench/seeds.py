"""Rows to start from, in this app's tables, by a few statements however many there are.

Participant p is in group (p - 1) / size + 1. Standard library only; a cursor is handed in.
"""

from __future__ import annotations

from typing import Any

TABLES = ("participant", "syncgroup", "participantlinksyncgroup", "participantlinkbarrier", "barrierrecord", "wakeup")
BARRIERS = ["pairs_grouper", "hall_grouper", "meet", "noted", "scored", "closer_pairs"]

#: What is put into columns of these types that must not be null and about which nothing is said.
BLANKS = {
    "boolean": "false",
    "bigint": "0",
    "character varying": "''",
    "double precision": "0",
    "integer": "0",
    "jsonb": "'{}'",
    "text": "''",
    "uuid": "gen_random_uuid()",
}
REQUIRED = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_name = %s AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
"""

PEOPLE = {
    "id": "p",
    "status": "'working'",
    "last_seen_at": "now()",
    "quiet_at": "now() + interval '1 hour'",
    "gone_at": "now() + interval '2 hours'",
}
GROUPS = {
    "id": "g",
    "kind": "'SimpleSyncGroup'",
    "group_type": "'pairs'",
    "active": "true",
    "n_active_participants": "%(size)s",
    "initial_group_size": "%(size)s",
    "min_group_size": "%(size)s",
    "max_group_size": "%(size)s",
    "leader_id": "(g - 1) * %(size)s + 1",
}
MEMBERSHIPS = {
    "participant_id": "p",
    "sync_group_id": "(p - 1) / %(size)s + 1",
    "group_type": "'pairs'",
    "active": "true",
}
VISITS = {
    "participant_id": "p",
    "barrier_id": "%(barrier)s",
    "sync_group_id": "CASE WHEN %(grouped)s THEN (p - 1) / %(size)s + 1 END",
    "state": "'waiting'",
    "deadline": "now() + interval '1 hour'",
}
EVERYBODY = "generate_series(1, %(n)s) AS p"
EVERY_GROUP = "generate_series(1, %(n)s / %(size)s) AS g"
THOSE_HERE = f"{EVERYBODY} WHERE (p - 1) %% %(size)s < %(here)s"


def inserting(cursor: Any, name: str, given: dict[str, str], source: str = "") -> str:
    """The statement that inserts these expressions, for every row of the source, and blanks elsewhere."""
    cursor.execute(REQUIRED, [f"syncgroups_{name}"])
    columns = {column: BLANKS.get(kind, "NULL") for column, kind in cursor.fetchall()} | given
    rest = f" FROM {source}" if source else ""
    return f"INSERT INTO syncgroups_{name} ({', '.join(columns)}) SELECT {', '.join(columns.values())}{rest}"


def empty(cursor: Any) -> None:
    """Throw everything away, but for the barriers' records."""
    cursor.execute("TRUNCATE " + ", ".join(f"syncgroups_{name}" for name in TABLES) + " RESTART IDENTITY CASCADE")
    statement = inserting(cursor, "barrierrecord", {"barrier_id": "b"}, "unnest(%(barriers)s) AS b")
    cursor.execute(statement, {"barriers": BARRIERS})


def people(cursor: Any, n: int) -> None:
    """Participants 1 to n, in no group."""
    cursor.execute(inserting(cursor, "participant", PEOPLE, EVERYBODY), {"n": n})
    keep_counting(cursor)


def groups(cursor: Any, n: int, size: int) -> None:
    """Participants 1 to n in groups of that size."""
    people(cursor, n)
    for statement in forming(cursor):
        cursor.execute(statement, {"n": n, "size": size})
    keep_counting(cursor)


def forming(cursor: Any) -> list[str]:
    """The statements that put everybody into groups."""
    return [
        inserting(cursor, "syncgroup", GROUPS, EVERY_GROUP),
        inserting(cursor, "participantlinksyncgroup", MEMBERSHIPS, EVERYBODY),
    ]


def waiting(cursor: Any, barrier: str, n: int, *, size: int = 1, here: int = 1, called: bool = False) -> None:
    """Of every `size` of the n participants the first `here` wait at the barrier; `called`: with their wake-ups."""
    values = {"n": n, "size": size, "here": here, "barrier": barrier, "grouped": not barrier.endswith("_grouper")}
    cursor.execute(inserting(cursor, "participantlinkbarrier", VISITS, THOSE_HERE), values)
    if called:
        source = "syncgroups_participantlinkbarrier AS v WHERE v.state = 'waiting'"
        calls = {"barrier_id": "v.barrier_id", "cohort": "v.cohort", "sync_group_id": "v.sync_group_id"}
        cursor.execute(inserting(cursor, "wakeup", calls, source))


def settle(cursor: Any) -> None:
    """Let the planner know what there is; nothing is left to be done in the background."""
    cursor.execute("VACUUM ANALYZE " + ", ".join(f"syncgroups_{name}" for name in TABLES))


def keep_counting(cursor: Any) -> None:
    """Let the next keys follow those that were given."""
    for name in ("participant", "syncgroup"):
        table = f"syncgroups_{name}"
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false) FROM {table}"
        )

"""Rows to start from, in this app's tables, by a few statements however many there are.

Participant p is in group (p - 1) / size + 1. Standard library only; a cursor is handed in.
"""

from typing import Any

TABLES = ("participant", "syncgroup", "participantlinksyncgroup", "participantlinkbarrier", "barrierrecord", "wakeup")

PEOPLE = """
    INSERT INTO syncgroups_participant
        (id, details, public_id, cohort, status, failed, failed_reason, time_credit, last_seen_at)
    SELECT p, '{}', gen_random_uuid(), '', 'working', false, '', 0, now() FROM generate_series(1, %(n)s) AS p
"""
GROUPS = """
    INSERT INTO syncgroups_syncgroup
        (id, details, last_error, error_count, public_id, kind, group_type, cohort, active, end_reason,
         n_active_participants, initial_group_size, min_group_size, max_group_size, join_existing_groups,
         failed, failed_reason, leader_id)
    SELECT g, '{}', '', 0, gen_random_uuid(), 'SimpleSyncGroup', 'pairs', '', true, '',
           %(size)s, %(size)s, %(size)s, %(size)s, false, false, '', (g - 1) * %(size)s + 1
    FROM generate_series(1, %(n)s / %(size)s) AS g
"""
MEMBERSHIPS = """
    INSERT INTO syncgroups_participantlinksyncgroup (details, participant_id, sync_group_id, group_type, active, reason)
    SELECT '{}', p, (p - 1) / %(size)s + 1, 'pairs', true, '' FROM generate_series(1, %(n)s) AS p
"""
VISITS = """
    INSERT INTO syncgroups_participantlinkbarrier
        (details, public_id, participant_id, barrier_id, cohort, sync_group_id, state, deadline, reason, ended_by,
         time_credit)
    SELECT '{}', gen_random_uuid(), p, %(barrier)s, '',
           CASE WHEN %(grouped)s THEN (p - 1) / %(size)s + 1 END, 'waiting', now() + interval '1 hour', '', '', 0
    FROM generate_series(1, %(n)s) AS p WHERE (p - 1) %% %(size)s < %(here)s
"""
CALLS = """
    INSERT INTO syncgroups_wakeup (barrier_id, cohort, sync_group_id)
    SELECT barrier_id, cohort, sync_group_id FROM syncgroups_participantlinkbarrier WHERE state = 'waiting'
"""
RECORDS = """
    INSERT INTO syncgroups_barrierrecord (barrier_id, cohort, last_error, error_count, paused_by)
    SELECT unnest(%(barriers)s), '', '', 0, ''
"""
BARRIERS = ["pairs_grouper", "hall_grouper", "meet", "noted", "scored", "closer_pairs"]


def empty(cursor: Any) -> None:
    """Throw everything away, but for the barriers' records."""
    cursor.execute("TRUNCATE " + ", ".join(f"syncgroups_{name}" for name in TABLES) + " RESTART IDENTITY CASCADE")
    cursor.execute(RECORDS, {"barriers": BARRIERS})


def people(cursor: Any, n: int) -> None:
    """Participants 1 to n, in no group."""
    cursor.execute(PEOPLE, {"n": n})
    keep_counting(cursor)


def groups(cursor: Any, n: int, size: int) -> None:
    """Participants 1 to n in groups of that size."""
    people(cursor, n)
    cursor.execute(GROUPS, {"n": n, "size": size})
    cursor.execute(MEMBERSHIPS, {"n": n, "size": size})
    keep_counting(cursor)


def waiting(cursor: Any, barrier: str, n: int, *, size: int = 1, here: int = 1, called: bool = False) -> None:
    """Of every `size` of the n participants the first `here` wait at the barrier; `called`: with their wake-ups."""
    grouped = not barrier.endswith("_grouper")
    cursor.execute(VISITS, {"n": n, "size": size, "here": here, "barrier": barrier, "grouped": grouped})
    if called:
        cursor.execute(CALLS)


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

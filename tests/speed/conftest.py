"""A site with a long history: many visits that have ended, and few that go on.

SYNCGROUPS_SPEED_ROWS   how many visits; `dev.py bench --only plans` takes a million
"""

import os
from collections.abc import Iterator

import pytest
from django.db import connection

from bench import seeds

ROWS = int(os.environ.get("SYNCGROUPS_SPEED_ROWS", "50000"))
#: Participants who have been everywhere, ten visits each, and are in pairs.
OLD_HANDS = ROWS // 10
#: How many wait at each of the barriers: few beside those who have been there.
WAITING = ROWS // 5000

HISTORY = """
    INSERT INTO syncgroups_participantlinkbarrier
        (details, public_id, participant_id, barrier_id, cohort, sync_group_id, visit, state, deadline,
         departure_time, reason, ended_by, time_credit)
    SELECT '{}', gen_random_uuid(), p, b, '', (p - 1) / 2 + 1, v, 'released', now(), now(), '', '', 0
    FROM generate_series(1, %(people)s) AS p, unnest(ARRAY['meet', 'pairs_grouper']) AS b, generate_series(1, 5) AS v
"""
NEWCOMERS = """
    INSERT INTO syncgroups_participant
        (details, public_id, cohort, status, failed, failed_reason, time_credit)
    SELECT '{}', gen_random_uuid(), '', 'working', false, '', 0 FROM generate_series(1, %(n)s)
"""
AT_THE_GROUPER = """
    INSERT INTO syncgroups_participantlinkbarrier
        (details, public_id, participant_id, barrier_id, cohort, state, deadline, reason, ended_by, time_credit)
    SELECT '{}', gen_random_uuid(), id, 'pairs_grouper', '', 'waiting', now() + interval '1 hour', '', '', 0
    FROM syncgroups_participant WHERE id > %(people)s
"""
ENDED_MEMBERSHIPS = """
    INSERT INTO syncgroups_participantlinksyncgroup
        (details, participant_id, sync_group_id, group_type, active, departure_time, reason)
    SELECT '{}', p, (p - 1) / 2 + 1, 'pairs', false, now(), ''
    FROM generate_series(1, %(people)s) AS p, generate_series(1, 3)
"""
# One in a hundred is due.
CALLS_ELSEWHERE = """
    INSERT INTO syncgroups_wakeup (barrier_id, cohort, sync_group_id, due_at)
    SELECT 'elsewhere', '', id, now() + interval '1 hour' * (id % 100) FROM syncgroups_syncgroup LIMIT 10000
"""
WITH_ROOM = "UPDATE syncgroups_syncgroup SET join_existing_groups = true, max_group_size = 3 WHERE id <= 100"


@pytest.fixture(scope="package")
def long_history(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """The rows, as long as the tests of this folder last."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        seeds.empty(cursor)
        seeds.groups(cursor, OLD_HANDS, 2)
        seeds.waiting(cursor, "meet", 2 * WAITING, size=2, here=1)
        cursor.execute(HISTORY, {"people": OLD_HANDS})
        cursor.execute(NEWCOMERS, {"n": WAITING})
        cursor.execute(AT_THE_GROUPER, {"people": OLD_HANDS})
        cursor.execute(ENDED_MEMBERSHIPS, {"people": OLD_HANDS})
        cursor.execute(CALLS_ELSEWHERE)
        cursor.execute(WITH_ROOM)
        seeds.settle(cursor)
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        seeds.empty(cursor)
        cursor.execute("TRUNCATE syncgroups_barrierrecord")

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

HISTORY = (
    "participantlinkbarrier",
    {
        "participant_id": "p",
        "barrier_id": "b",
        "sync_group_id": "(p - 1) / 2 + 1",
        "visit": "v",
        "state": "'released'",
        "deadline": "now()",
        "departure_time": "now()",
    },
    "generate_series(1, %(people)s) AS p, unnest(ARRAY['meet', 'pairs_grouper']) AS b, generate_series(1, 5) AS v",
)
NEWCOMERS = ("participant", {"status": "'working'"}, "generate_series(1, %(newcomers)s)")
AT_THE_GROUPER = (
    "participantlinkbarrier",
    {
        "participant_id": "p.id",
        "barrier_id": "'pairs_grouper'",
        "state": "'waiting'",
        "deadline": "now() + interval '1 hour'",
    },
    "syncgroups_participant AS p WHERE p.id > %(people)s",
)
ENDED_MEMBERSHIPS = (
    "participantlinksyncgroup",
    {
        "participant_id": "p",
        "sync_group_id": "(p - 1) / 2 + 1",
        "group_type": "'pairs'",
        "active": "false",
        "departure_time": "now()",
    },
    "generate_series(1, %(people)s) AS p, generate_series(1, 3)",
)
# One in a hundred is due.
CALLS_ELSEWHERE = (
    "wakeup",
    {
        "barrier_id": "'elsewhere'",
        "sync_group_id": "g.id",
        "due_at": "now() + interval '1 hour' * (g.id %% 100)",
    },
    "syncgroups_syncgroup AS g LIMIT 10000",
)
WITH_ROOM = "UPDATE syncgroups_syncgroup SET join_existing_groups = true, max_group_size = 3 WHERE id <= 100"


@pytest.fixture(scope="package")
def long_history(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """The rows, as long as the tests of this folder last."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        seeds.empty(cursor)
        seeds.groups(cursor, OLD_HANDS, 2)
        seeds.waiting(cursor, "meet", 2 * WAITING, size=2, here=1)
        for rows in (HISTORY, NEWCOMERS, AT_THE_GROUPER, ENDED_MEMBERSHIPS, CALLS_ELSEWHERE):
            cursor.execute(seeds.inserting(cursor, *rows), {"people": OLD_HANDS, "newcomers": WAITING})
        cursor.execute(WITH_ROOM)
        seeds.settle(cursor)
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        seeds.empty(cursor)
        cursor.execute("TRUNCATE syncgroups_barrierrecord")

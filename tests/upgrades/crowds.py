"""A database of a site that has been used for long: 100,000 visits, at the first migration."""

from __future__ import annotations

from typing import Any

from .migrating import FIRST, migrate

PEOPLE, BARRIERS = 10_000, 10

PARTICIPANTS = f"""
    INSERT INTO syncgroups_participant
        (id, public_id, cohort, details, status, failed, failed_reason, ended_by, time_credit)
    SELECT n, gen_random_uuid(), '', '{{}}', 'working', false, '', '', 0 FROM generate_series(1, {PEOPLE}) AS n
"""
VISITS = f"""
    INSERT INTO syncgroups_participantlinkbarrier (public_id, participant_id, barrier_id, cohort, details, state,
        arrival_time, deadline, departure_time, reason, ended_by, time_credit)
    SELECT gen_random_uuid(), n, 'place_' || place, '', '{{}}', CASE place WHEN 1 THEN 'waiting' ELSE 'released' END,
        now(), now() + interval '1 day', CASE place WHEN 1 THEN NULL ELSE now() END, '', '', 0
    FROM generate_series(1, {PEOPLE}) AS n, generate_series(1, {BARRIERS}) AS place
"""
KEYS = """
    SELECT setval('syncgroups_participant_id_seq', (SELECT max(id) FROM syncgroups_participant))
"""


def fill(connection: Any) -> None:
    migrate(connection, FIRST)
    with connection.cursor() as cursor:
        for statement in (PARTICIPANTS, VISITS, KEYS, "ANALYZE"):
            cursor.execute(statement)

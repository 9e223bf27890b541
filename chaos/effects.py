"""What the site does as a group goes on: one row in a table of its own, in the transaction of the release."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction

from syncgroups.models import ParticipantLinkBarrier, SyncGroup

from .daggers import ACTING, strike
from .history import tell

#: How often the site's own code fails.
FLAKY = 0.03


def store(group: SyncGroup, participants: Sequence[Any], barrier: Any) -> None:
    """The ``on_release`` of every barrier of the site that groups pass."""
    facts = {"barrier": barrier.id, "group": group.pk, "visits": _visits(barrier.id, group, participants)}
    tell("effect", phase="attempted", **facts)
    transaction.on_commit(partial(tell, "effect", phase="committed", **facts))
    strike(ACTING)
    connection.chaos_acts = connection.chaos_stores = True  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chaos_effect (barrier_id, group_id, visits) VALUES (%s, %s, %s)",
            [barrier.id, group.pk, facts["visits"]],
        )
    if random.random() < FLAKY:
        raise RuntimeError("the site's own code has failed")


def _visits(barrier_id: str, group: SyncGroup, participants: Sequence[Any]) -> list[int]:
    """The visits that end by this release: the newest one of each member who has come."""
    visits = ParticipantLinkBarrier.objects.at(barrier_id).filter(sync_group=group)
    newest = visits.filter(participant__in=[who.pk for who in participants])
    newest = newest.order_by("participant", "-pk").distinct("participant")
    return list(newest.values_list("pk", flat=True))


def passes(group_id: int, barrier_id: str) -> int:
    """How often the group has passed the barrier."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM chaos_effect WHERE group_id = %s AND barrier_id = %s", [group_id, barrier_id]
        )
        return int(cursor.fetchone()[0])

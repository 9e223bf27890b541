"""A world to show to rules: rows that are in no database, tied to one another as the engine ties them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from syncgroups.models import ParticipantLinkBarrier, SyncGroup, get_participant_model

_keys = count(1)

#: When the rules look.
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


def people(n: int, **fields: Any) -> list[Any]:
    """So many participants in no group, in order of arrival."""
    model: Any = get_participant_model()
    made: list[Any] = [model(pk=next(_keys), **fields) for _ in range(n)]
    for person in made:
        person.__dict__["seen_groups"] = {}
        person.__dict__["seen_barriers"] = {}
    return made


def group_of(*members: Any, group_type: str = "pair", **fields: Any) -> SyncGroup:
    """An active group of these members, the first of whom leads; of two at least unless `fields` say otherwise."""
    sizes = {"initial_group_size": 2, "min_group_size": 2, "max_group_size": 2}
    group = SyncGroup(pk=next(_keys), group_type=group_type, **{**sizes, **fields})
    group.__dict__["seen_members"] = list(members)
    group.n_active_participants = len(members)
    group.leader_id = members[0].pk if members else None
    for member in members:
        member.__dict__["seen_groups"][group_type] = group
    return group


def visit(person: Any, barrier_id: str, **fields: Any) -> ParticipantLinkBarrier:
    """The person's open visit to the barrier."""
    link = ParticipantLinkBarrier(pk=next(_keys), participant=person, barrier_id=barrier_id, **fields)
    person.__dict__["seen_barriers"][barrier_id] = link
    return link


def waits(person: Any, barrier_id: str, *, late: bool = False) -> Any:
    """The person, who has come to the barrier a minute ago, and whose time there is up or not."""
    deadline = NOW - A_MINUTE / 2 if late else NOW + A_MINUTE
    visit(person, barrier_id, arrival_time=NOW - A_MINUTE, deadline=deadline).__dict__["seen_at"] = NOW
    return person

"""What the engine has stored, told in the words of the model, to be compared with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models.functions import Now

from syncgroups.models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
    all_participants,
    get_participant_model,
)
from syncgroups.prepared import prepared

from .world import MINUTE, World

#: Children before parents.
MODELS = [WakeUp, ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup, BarrierRecord]

Facts = dict[Any, tuple[Any, ...]]


def clear() -> None:
    """Empty the tables, and count from one again. For few rows that is much faster than to truncate them."""
    tables = [model._meta.db_table for model in (*MODELS, get_participant_model())]
    keys = [{"table": table, "column": "id"} for table in tables]
    restart = connection.ops.sequence_reset_by_name_sql(no_style(), keys)
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')
        for statement in restart:
            cursor.execute(statement)


def stored() -> dict[str, Facts]:
    """Everything that the model has something to say about."""
    return {"people": _people_now(), "visits": _visits_now(), "groups": _groups_now()}


def expected(world: World) -> dict[str, Facts]:
    """The same, as the model has it."""
    return {
        "people": {
            person.key: (person.status, person.failed, _minutes(person.credit), _since(world, person.last_seen))
            for person in world.people.values()
        },
        "visits": {
            visit.key: (
                visit.person.key,
                visit.place,
                visit.name,
                visit.group and visit.group.key,
                visit.state,
                _minutes(visit.credit),
            )
            for visit in world.visits.values()
        },
        "groups": {
            group.key: (
                group.active,
                group.failed,
                group.calls,
                group.leader.key if group.active and group.leader else None,
                tuple(person.key for person in group.joined),
                tuple(person.key for person in group.members),
            )
            for group in world.groups.values()
        },
    }


def _minutes(seconds: float) -> int:
    """Whole minutes: what a test takes itself is far less."""
    return round(seconds / MINUTE)


def _since(world: World, minute: int | None) -> int | None:
    return None if minute is None else world.now - minute


def _people_now() -> Facts:
    def age(seen: datetime | None, now: datetime) -> int | None:
        return None if seen is None else _minutes((now - seen).total_seconds())

    return {
        pk: (status, failed, _minutes(credit), age(seen, now)) for pk, status, failed, credit, seen, now in _people()
    }


def _visits_now() -> Facts:
    return {pk: (*facts, _minutes(credit)) for pk, *facts, credit in _visits()}


def _groups_now() -> Facts:
    joined: dict[Any, list[Any]] = {}
    members: dict[Any, list[Any]] = {}
    for group, person, active in _memberships():
        joined.setdefault(group, []).append(person)
        if active:
            members.setdefault(group, []).append(person)
    return {
        pk: (
            active,
            failed,
            details.get("calls", 0),
            leader if active else None,
            tuple(joined.get(pk, ())),
            tuple(members.get(pk, ())),
        )
        for pk, active, failed, details, leader in _groups()
    }


@prepared
def _people() -> Any:
    people = all_participants().annotate(now=Now())
    return people.values_list("pk", "status", "failed", "time_credit", "last_seen_at", "now")


@prepared
def _visits() -> Any:
    visits = ParticipantLinkBarrier.objects.all()
    return visits.values_list("pk", "participant", "barrier_id", "visit", "sync_group", "state", "time_credit")


@prepared
def _groups() -> Any:
    return SyncGroup.objects.values_list("pk", "active", "failed", "details", "leader")


@prepared
def _memberships() -> Any:
    links = ParticipantLinkSyncGroup.objects.in_order_of_arrival()
    return links.values_list("sync_group", "participant", "active")

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
    PresenceInterval,
    SyncGroup,
    WakeUp,
    all_participants,
    get_participant_model,
)
from syncgroups.prepared import prepared

from .places import MINUTE
from .world import World

#: Children before parents.
MODELS = [WakeUp, ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup, BarrierRecord, PresenceInterval]

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
    """The same, as the model has it. Moments are so many minutes ago."""

    def ago(minute: int | None) -> int | None:
        return None if minute is None else world.now - minute

    return {
        "people": {
            person.key: (
                person.status,
                person.failed,
                person.presence,
                person.hidden,
                _minutes(person.credit),
                ago(person.last_seen),
                ago(person.quiet_at),
                ago(person.gone_at),
                tuple((state, ago(began), ago(ended)) for state, began, ended in person.intervals),
            )
            for person in world.people.values()
        },
        "visits": {
            visit.key: (
                visit.person.key,
                visit.place,
                visit.name,
                visit.group and visit.group.key,
                visit.state,
                visit.extensions,
                _minutes(visit.credit),
                visit.waited["match"],
                visit.waited["others"],
                visit.paused,
            )
            for visit in world.visits.values()
        },
        "groups": {
            group.key: (
                group.active,
                group.failed,
                group.calls,
                group.leader.key if group.active and group.leader else None,
                len(group.members) if group.active else None,
                tuple(person.key for person in group.joined),
                tuple(person.key for person in group.members),
            )
            for group in world.groups.values()
        },
    }


def _minutes(seconds: float) -> int:
    """Whole minutes: what a test takes itself is far less."""
    return round(seconds / MINUTE)


def _ago(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else _minutes((now - moment).total_seconds())


def _people_now() -> Facts:
    """People, each with what is stored of their presence."""
    people: Facts = {}
    for pk, state, began, ended, now, credit, seen, quiet, gone, *facts in _people():
        before = people[pk][-1] if pk in people else ()
        interval = ((state, _ago(began, now), _ago(ended, now)),) if state else ()
        moments = (_ago(moment, now) for moment in (seen, quiet, gone))
        people[pk] = (*facts, _minutes(credit), *moments, (*before, *interval))
    return people


def _visits_now() -> Facts:
    return {pk: (*facts[:-4], *map(_minutes, facts[-4:])) for pk, *facts in _visits()}


def _groups_now() -> Facts:
    """Groups, each with who has joined it, and who is in it."""
    groups: Facts = {}
    for pk, person, standing, active, failed, details, leader, counted in _groups():
        *_, joined, members = groups.get(pk, ((), ()))
        told = (leader, counted) if active else (None, None)
        joined, members = (*joined, person), (*members, person) if standing else members
        groups[pk] = (active, failed, details.get("calls", 0), *told, joined, members)
    return groups


@prepared
def _people() -> Any:
    people = all_participants().annotate(now=Now()).order_by("pk", "presence_intervals__pk")
    intervals = (f"presence_intervals__{name}" for name in ("state", "began_at", "ended_at"))
    moments = ("last_seen_at", "quiet_at", "gone_at")
    facts = ("status", "failed", "presence", "page_hidden")
    return people.values_list("pk", *intervals, "now", "time_credit", *moments, *facts)


@prepared
def _visits() -> Any:
    visits = ParticipantLinkBarrier.objects.all()
    spent = ("time_credit", "waited_for_match", "waited_for_others", "paused_for")
    return visits.values_list("pk", "participant", "barrier_id", "visit", "sync_group", "state", "extensions", *spent)


@prepared
def _groups() -> Any:
    links = ParticipantLinkSyncGroup.objects.in_order_of_arrival()
    facts = ("active", "failed", "details", "leader", "n_active_participants")
    return links.values_list("sync_group", "participant", "active", *(f"sync_group__{name}" for name in facts))

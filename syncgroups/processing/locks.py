"""Row locks, in the one order: barrier record → groups → participants, each by primary key.

Whoever ends a visit, or adds a membership, holds the participant; whoever changes who is in a group, or closes it,
holds the group; whoever decides about a barrier that does not go by groups holds its record. Visits and memberships
are guarded by these and need no lock of their own. All locks are ``FOR NO KEY UPDATE``, so that
arrivals, whose rows only point at participants and groups, never wait.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from functools import partial
from random import uniform
from time import sleep
from typing import Any, TypeVar

from django.db import OperationalError, transaction

from ..exceptions import Contended
from ..models import AbstractParticipant, BarrierRecord, SyncGroup, all_participants
from ..prepared import Among, prepared
from ..states import ParticipantStatus
from .refusals import in_time, may_start_over

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Fields of a participant that tell whether they take part.
STANDING = ("status", "failed", "failed_reason", "cohort", "public_id")

#: How often a transaction starts over before it gives up.
TRIES = 8

#: Seconds, at most, for which a transaction that the database has ended waits before its second try; then longer.
PAUSE = 0.02


class WorldMoved(Exception):
    """What was decided no longer fits what is stored."""


class GroupsNeeded(WorldMoved):
    """Groups turned out to be concerned that have to be locked before what is locked already."""

    def __init__(self, pks: Iterable[int]) -> None:
        self.pks = frozenset(pks)
        super().__init__(f"groups {sorted(self.pks)} have to be locked, too")


def until_settled(attempt: Callable[[frozenset[int]], T]) -> T:
    """Run `attempt` in a transaction of its own, over again when the world has moved meanwhile.

    It is given the primary keys of groups to lock beyond those it knows of. Raises `Contended` after some tries, and
    `DatabaseBusy` when it took longer than the database allows. A transaction that the database has ended, because
    of a deadlock or because it cannot be serialised, starts over, too, unless it was part of a caller's.
    """
    groups: frozenset[int] = frozenset()
    outermost = not transaction.get_connection().in_atomic_block
    ended: Exception | None = None
    for tries in range(TRIES):
        try:
            return _once(attempt, groups)
        except GroupsNeeded as more:
            groups |= more.pks
        except WorldMoved:
            continue
        except OperationalError as error:
            if not (outermost and may_start_over(error)):
                raise
            ended = error
            sleep(uniform(0, PAUSE * (tries + 1)))  # noqa: S311
    raise Contended("Others kept changing the same participants or groups. Nothing was changed: try again.") from ended


def _once(attempt: Callable[[frozenset[int]], T], groups: frozenset[int]) -> T:
    committed: list[bool] = []
    try:
        with in_time(), transaction.atomic():
            # The first of the hooks, so that one of the site's own that raises does not prevent it.
            transaction.on_commit(partial(committed.append, True))
            result = attempt(groups)
    except Exception:
        if not committed:
            raise
        # It is done: what raised was something that the site wanted to happen afterwards.
        logger.exception("A hook of the site's own raised after a commit.")
    return result


def lock_record(barrier_id: str, cohort: str, *, skip_locked: bool = False) -> BarrierRecord | None:
    """The barrier's record, locked; None when somebody else has it and `skip_locked` was asked for."""
    return next(iter(_record(barrier_id, cohort, skip_locked=skip_locked)), None)


def lock_groups(pks: Collection[int], *, skip_locked: bool = False) -> dict[int, SyncGroup]:
    """These groups, locked in order; with `skip_locked` those that nobody else has."""
    if not pks:
        return {}
    return {group.pk: group for group in _groups(pks, skip_locked=skip_locked)}


def lock_participants(pks: Collection[int]) -> dict[int, AbstractParticipant]:
    """These participants, locked in order. Only what tells whether they take part is loaded."""
    if not pks:
        return {}
    return {person.pk: person for person in _people(pks, lock=True)}


def lock_active(pks: Collection[int]) -> dict[int, str]:
    """Lock these participants, in order; tell which of them take part, and the presence of those."""
    if not pks:
        return {}
    working = ParticipantStatus.WORKING
    return {pk: here for pk, status, failed, here in _standing(pks) if status == working and not failed}


def load_participants(pks: Collection[int]) -> dict[int, AbstractParticipant]:
    """These participants, who are locked already, as `lock_participants` gives them."""
    return {person.pk: person for person in _people(pks, lock=False)} if pks else {}


@prepared
def _record(barrier_id: str, cohort: str, *, skip_locked: bool) -> Any:
    records = BarrierRecord.objects.filter(barrier_id=barrier_id, cohort=cohort)
    return records.select_for_update(skip_locked=skip_locked, no_key=True)


@prepared
def _groups(pks: Any, *, skip_locked: bool) -> Any:
    groups = SyncGroup.objects.filter(Among("pk", pks)).order_by("pk")
    return groups.select_for_update(skip_locked=skip_locked, no_key=True)


@prepared
def _people(pks: Any, *, lock: bool) -> Any:
    people = all_participants().filter(Among("pk", pks)).order_by("pk").only(*STANDING)
    return people.select_for_update(no_key=True) if lock else people


@prepared
def _standing(pks: Any) -> Any:
    people = all_participants().filter(Among("pk", pks)).order_by("pk").select_for_update(no_key=True)
    return people.values_list("pk", "status", "failed", "presence")

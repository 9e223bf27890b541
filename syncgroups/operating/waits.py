"""What a researcher does for those who wait: at one visit, in a group, at a barrier, or in a whole cohort."""

from __future__ import annotations

from functools import partial, singledispatch
from typing import Any

from django.utils.translation import gettext as _

from .. import processing
from ..exceptions import ImpossibleOrder, NotWaiting
from ..models import AuditEntry, BarrierRecord, ParticipantLinkBarrier, SyncGroup
from ..states import Verb
from .facts import Cohort
from .recording import carry_out

#: More than that is a slip of the hand.
LONGEST = 24 * 60 * 60


def put_off(row: Any, *, seconds: float, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Let those wait for so many seconds more who do so now, without using up their own extensions.

    `row` is a visit, a group, a barrier's record or a `Cohort`. Raises `NotWaiting` where nobody waits,
    `ImpossibleOrder` for too little time or too much.
    """
    if not 0 < seconds <= LONGEST:
        raise ImpossibleOrder(_("Give more than no time, and at most %(n)d seconds.") % {"n": LONGEST})
    act = partial(processing.put_off_deadlines, visits := visits_of(row), seconds=seconds)
    return _of_waits(Verb.PUT_OFF, row, visits, act, reason=reason, by=by, seen=seen, seconds=seconds)


def message(row: Any, *, text: str, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Show a text on the waiting pages of those who wait now; an empty one takes it away.

    `row` is a visit, a group, a barrier's record or a `Cohort`. Raises `NotWaiting` where nobody waits.
    """
    act = partial(processing.send_message, visits := visits_of(row), text)
    return _of_waits(Verb.MESSAGE, row, visits, act, reason=reason, by=by, seen=seen, text=text)


def _of_waits(verb: Verb, row: Any, visits: list[ParticipantLinkBarrier], act: Any, **order: Any) -> AuditEntry:
    if not visits:
        raise NotWaiting(_("Nobody waits there."))
    people = [visit.participant_id for visit in visits]
    heeded = ["state", "until", "allowed"] if verb == Verb.PUT_OFF else ["state", "message"]
    return carry_out(verb, row, act, people=people, heeded=heeded, waiting=len(visits), **order)


@singledispatch
def visits_of(row: Any) -> list[ParticipantLinkBarrier]:
    """The open visits that a row stands for."""
    raise TypeError(f"Nobody waits at {row!r}.")


@visits_of.register
def _of_visit(visit: ParticipantLinkBarrier) -> list[ParticipantLinkBarrier]:
    return [visit]


@visits_of.register
def _of_group(group: SyncGroup) -> list[ParticipantLinkBarrier]:
    return _waiting(sync_group=group.pk)


@visits_of.register
def _of_record(record: BarrierRecord) -> list[ParticipantLinkBarrier]:
    return _waiting(barrier_id=record.barrier_id, cohort=record.cohort)


@visits_of.register
def _of_cohort(cohort: Cohort) -> list[ParticipantLinkBarrier]:
    return _waiting(cohort=cohort.name)


def _waiting(**where: Any) -> list[ParticipantLinkBarrier]:
    return list(ParticipantLinkBarrier.objects.waiting().filter(**where))

"""How a researcher holds barriers, lets them go on, and has them processed."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from .. import arrivals, processing, registry
from ..models import AuditEntry, BarrierRecord
from ..states import PassOutcome, Verb
from .facts import Cohort
from .recording import carry_out, how_it_went, rung


def record_of(barrier_id: str, cohort: str) -> BarrierRecord:
    """The record of a declared barrier in a cohort, made where no pass has been yet.

    So that one can act on a barrier before anybody has come, or a worker has run. Raises `BarrierNotRegistered`.
    """
    return processing.record_of(registry.get(barrier_id).id, cohort)


def records_of(cohort: Cohort) -> list[BarrierRecord]:
    """As `record_of`, for every declared barrier."""
    return [record_of(barrier_id, cohort.name) for barrier_id in sorted(one.id for one in registry.all_barriers())]


def pause(record: BarrierRecord, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Hold a barrier in one cohort: nobody is released, no wait ends, no time runs. Once this returns, no pass goes on.

    Raises `DatabaseBusy` when it is paused, but a pass that began before has not ended yet.
    """
    place = (record.barrier_id, record.cohort)
    act = partial(processing.hold, *place, by)
    entry = _of_record(Verb.PAUSE, record, act, reason=reason, by=by, seen=seen, why_not=_("paused already"))
    processing.wait_for_passes(*place)
    return entry


def resume(record: BarrierRecord, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Let a paused barrier go on; those who wait get back the time."""
    act = partial(arrivals.resume, record.barrier_id, record.cohort)
    return _of_record(Verb.RESUME, record, act, reason=reason, by=by, seen=seen, why_not=_("not paused"))


def process_now(record: BarrierRecord, *, reason: str, by: str, seen: Any = None) -> tuple[AuditEntry, PassOutcome]:
    """Ask the rule at once, also of groups whose last pass failed; and say how that went.

    A pass is a transaction of its own: the entry says that it was asked for, and afterwards how it went. Raises
    `BarrierNotRegistered`.
    """
    registry.get(record.barrier_id)
    entry = _of_record(Verb.PROCESS, record, lambda: None, reason=reason, by=by, seen=seen)
    outcome = arrivals.process_now(record.barrier_id, record.cohort)
    return how_it_went(entry, outcome), outcome


def pause_cohort(cohort: Cohort, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Hold every declared barrier of a cohort, also those where nobody has arrived yet."""
    ids = sorted(barrier.id for barrier in registry.all_barriers())

    def act() -> bool:
        records_of(cohort)
        held = [barrier_id for barrier_id in ids if processing.hold(barrier_id, cohort.name, by)]
        return bool(held)

    order = {"records": _places(ids, cohort), "reason": reason, "by": by, "seen": seen}
    entry = carry_out(Verb.PAUSE, cohort, act, why_not=_("paused already"), heeded=["paused"], **order)
    for barrier_id in ids:
        processing.wait_for_passes(barrier_id, cohort.name)
    return entry


def resume_cohort(cohort: Cohort, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Let every paused barrier of a cohort go on; those who wait get back the time. Groups that are paused stay so."""
    ids = list(BarrierRecord.objects.filter(cohort=cohort.name).values_list("barrier_id", flat=True))

    def act() -> bool:
        woken = processing.resume_all(ids, cohort.name)
        return bool(woken) and rung(woken)

    order = {"records": _places(ids, cohort), "reason": reason, "by": by, "seen": seen}
    return carry_out(Verb.RESUME, cohort, act, why_not=_("not paused"), heeded=["paused"], **order)


def _places(barrier_ids: Collection[str], cohort: Cohort) -> list[tuple[str, str]]:
    return [(barrier_id, cohort.name) for barrier_id in barrier_ids]


def _of_record(verb: Verb, record: BarrierRecord, act: Any, **order: Any) -> AuditEntry:
    return carry_out(verb, record, act, records=[(record.barrier_id, record.cohort)], heeded=["paused"], **order)

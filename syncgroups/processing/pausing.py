"""The researcher's switch: hold a barrier in one cohort, clocks included, and let it go again."""

from __future__ import annotations

from django.db.models.functions import Now

from ..exceptions import DatabaseBusy
from ..models import BarrierRecord, ParticipantLinkBarrier
from .locks import lock_groups, lock_participants, lock_record, until_settled
from .results import record_of
from .units import Unit, wake


def pause(barrier_id: str, cohort: str = "", *, by: str = "") -> bool:
    """Hold the barrier. Once this returns nobody is released there and no wait ends, until `resume`.

    Waits for the passes under way: first by locking the record, then, once the switch is committed, by locking
    the groups that wait there. True unless it was paused before. Raises `DatabaseBusy`, and says so, when the
    barrier is paused but those passes were not over in the time that the database gives.
    """
    record_of(barrier_id, cohort)
    if not until_settled(lambda _: _hold(barrier_id, cohort, by)):
        return False
    # Only now can passes see the switch: those that began before are waited for.
    try:
        until_settled(lambda _: lock_groups(_groups_at(barrier_id, cohort)))
    except DatabaseBusy as error:
        raise DatabaseBusy("The barrier is paused, but a pass that began before has not ended yet.") from error
    return True


def _hold(barrier_id: str, cohort: str, by: str) -> bool:
    record = lock_record(barrier_id, cohort)
    if record is None or record.paused:
        return False
    BarrierRecord.objects.filter(pk=record.pk).update(paused_at=Now(), paused_by=by)
    return True


def resume(barrier_id: str, cohort: str = "") -> set[Unit]:
    """Let the barrier go on; everybody who waits gets back the time for which it was held.

    Locks the record and then those who wait. Returns the units to process (woken already).
    """
    return until_settled(lambda _: _let_go_on(barrier_id, cohort))


def _let_go_on(barrier_id: str, cohort: str) -> set[Unit]:
    record = lock_record(barrier_id, cohort)
    if record is None or not record.paused:
        return set()
    waiting = _waiting(barrier_id, cohort)
    lock_participants(set(waiting.values_list("participant", flat=True)))
    records = BarrierRecord.objects.filter(pk=record.pk)
    waiting.put_off(records)
    records.update(paused_at=None, paused_by="")
    groups = set(waiting.values_list("sync_group", flat=True).order_by())
    units = {Unit(barrier_id, cohort, group) for group in groups or {None}}
    wake(units)
    return units


def _groups_at(barrier_id: str, cohort: str) -> set[int]:
    return set(_waiting(barrier_id, cohort).exclude(sync_group=None).values_list("sync_group", flat=True))


def _waiting(barrier_id: str, cohort: str):  # type: ignore[no-untyped-def]
    return ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting()

"""The researcher's switch: hold a barrier in one cohort, or one group, clocks included, and let it go again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce, Least, Now

from .. import registry
from ..exceptions import DatabaseBusy
from ..models import BarrierRecord, ParticipantLinkBarrier, SyncGroup
from ..prepared import Among, prepared
from ..push import publish
from .locks import lock_groups, lock_participants, lock_record, until_settled
from .results import record_of
from .units import Unit, wake


def barrier_held_since() -> Subquery:
    """Since when a pause has held the barrier of a visit; nothing where none does."""
    records = BarrierRecord.objects.paused().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    return Subquery(records.values("paused_at"))


def group_held_since() -> Subquery:
    """Since when a pause has held the group of a visit; nothing where none does."""
    return Subquery(SyncGroup.objects.paused().filter(pk=OuterRef("sync_group")).values("paused_at"))


def held_since() -> Any:
    """Since when pauses have held a visit, one or the other or both; nothing where none does."""
    by_barrier, by_group = barrier_held_since(), group_held_since()
    # PostgreSQL's LEAST passes over what is null, SQLite's does not.
    return Least(Coalesce(by_barrier, by_group), Coalesce(by_group, by_barrier))


@prepared
def put_off_held(pks: Any) -> Any:
    """No time has run for those of these visits that pauses hold. For visits that are about to end."""
    return ParticipantLinkBarrier.objects.filter(Among("pk", pks)).put_off(held_since(), Now())


def pause(barrier_id: str, cohort: str = "", *, by: str = "") -> bool:
    """Hold the barrier. Once this returns nobody is released there and no wait ends, until `resume`.

    Waits for the passes under way: first by locking the record, then, once the switch is committed, by locking
    the groups that wait there. True unless it was paused before. Raises `DatabaseBusy`, and says so, when the
    barrier is paused but those passes were not over in the time that the database gives.
    """
    record_of(barrier_id, cohort)
    if not until_settled(lambda _: hold(barrier_id, cohort, by)):
        return False
    wait_for_passes(barrier_id, cohort)
    return True


def hold(barrier_id: str, cohort: str, by: str) -> bool:
    """The first half of `pause`: the switch. Locks the record, which has to be there."""
    record = lock_record(barrier_id, cohort)
    if record is None or record.paused:
        return False
    BarrierRecord.objects.filter(pk=record.pk).update(paused_at=Now(), paused_by=by)
    _tell(_waiting(barrier_id, cohort))
    return True


def wait_for_passes(barrier_id: str, cohort: str) -> None:
    """The second half of `pause`, once the switch is committed: passes that began before it are waited for."""
    try:
        until_settled(lambda _: lock_groups(_groups_at(barrier_id, cohort)))
    except DatabaseBusy as error:
        raise DatabaseBusy("The barrier is paused, but a pass that began before has not ended yet.") from error


def resume(barrier_id: str, cohort: str = "") -> set[Unit]:
    """Let the barrier go on; everybody who waits gets back the time for which it was held.

    Locks the record and then those who wait. Returns the units to process (woken already).
    """
    return resume_all([barrier_id], cohort)


def resume_all(barrier_ids: Collection[str], cohort: str) -> set[Unit]:
    """As `resume`, for those of several barriers of a cohort that are paused: all records are locked before anybody."""
    return until_settled(lambda _: _let_go_on(barrier_ids, cohort))


def _let_go_on(barrier_ids: Collection[str], cohort: str) -> set[Unit]:
    records = [lock_record(barrier_id, cohort) for barrier_id in sorted(barrier_ids)]
    paused = {record.barrier_id: record.pk for record in records if record is not None and record.paused}
    if not paused:
        return set()
    waiting = ParticipantLinkBarrier.objects.waiting().filter(barrier_id__in=paused, cohort=cohort)
    lock_participants(set(waiting.values_list("participant", flat=True)))
    # What a pause of the group goes on to hold is put down when that one ends.
    waiting.put_off(barrier_held_since(), Coalesce(group_held_since(), Now()))
    BarrierRecord.objects.filter(pk__in=paused.values()).update(paused_at=None, paused_by="")
    _tell(waiting)
    places = set(waiting.values_list("barrier_id", "sync_group").order_by())
    empty = {(barrier_id, None) for barrier_id in paused.keys() - {barrier_id for barrier_id, _ in places}}
    units = {Unit(barrier_id, cohort, group) for barrier_id, group in places | empty}
    wake(units)
    return units


def pause_group(group: SyncGroup, *, by: str = "") -> bool:
    """Hold the group at every group barrier. Locks the group, and by that waits for a pass under way.

    True unless it was paused before, or is closed.
    """

    def attempt(more: frozenset[int]) -> bool:
        locked = lock_groups({group.pk})[group.pk]
        if locked.paused or not locked.active:
            return False
        SyncGroup.objects.filter(pk=group.pk).update(paused_at=Now(), paused_by=by)
        _tell(_waiting_with([group.pk]))
        return True

    held = until_settled(attempt)
    group.refresh_from_db()
    return held


def resume_group(group: SyncGroup) -> set[Unit] | None:
    """Let the group go on; its members get back the time for which it was held. Locks the group and who waits.

    Returns the units to process (woken already), or None when it was not paused.
    """

    def attempt(more: frozenset[int]) -> set[Unit] | None:
        locked = lock_groups({group.pk})[group.pk]
        if not locked.paused:
            return None
        places = _waiting_with([group.pk]).order_by()
        lock_participants(set(places.values_list("participant", flat=True)))
        let_groups_go_on([group.pk])
        units = {Unit(*place) for place in places.values_list("barrier_id", "cohort", "sync_group").distinct()}
        if locked.join_existing_groups:
            units |= {Unit(grouper.id, locked.cohort) for grouper in registry.groupers_of(locked.group_type)}
        wake(units)
        return units

    units = until_settled(attempt)
    group.refresh_from_db()
    return units


def let_groups_go_on(pks: Any) -> None:
    """End the pauses of these locked groups, and put them down."""
    visits = _waiting_with(pks)
    let_visits_go_on(visits)
    SyncGroup.objects.filter(pk__in=pks).update(paused_at=None, paused_by="")
    _tell(visits)


def let_visits_go_on(visits: Any) -> None:
    """Put down, for these visits, what of a pause of their group no pause of their barrier goes on to hold."""
    visits.put_off(group_held_since(), Coalesce(barrier_held_since(), Now()))


def _tell(visits: Any) -> None:
    """Let the pages of those who wait ask how things stand."""
    publish(visits.order_by().values_list("participant", flat=True))


def _groups_at(barrier_id: str, cohort: str) -> set[int]:
    return set(_waiting(barrier_id, cohort).exclude(sync_group=None).values_list("sync_group", flat=True))


def _waiting(barrier_id: str, cohort: str) -> Any:
    return ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting()


def _waiting_with(groups: Any) -> Any:
    return ParticipantLinkBarrier.objects.waiting().filter(sync_group__in=groups)

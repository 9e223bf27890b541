"""The front door: arrive, leave, fail, and a researcher's verbs. One short transaction each; doorbells after commit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction

from . import processing, registry, signals
from .exceptions import AlreadyInGroup, InvalidVisit, NotInGroup, ParticipantNotActive
from .models import (
    AbstractParticipant,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    all_participants,
)
from .prepared import Is, insert, planned
from .processing import Unit
from .querysets import ARRIVING
from .signs import note_presence as note_presence
from .states import LinkState, ParticipantStatus, PassOutcome
from .tasks import ring

T = TypeVar("T")


def arrive(participant: AbstractParticipant, barrier_id: str, *, visit: str | None = None) -> ParticipantLinkBarrier:
    """Begin to wait at a barrier, and return the visit.

    Arriving twice is arriving once: while a visit is open it is returned as it is. A visit that is named
    (`visit`, e.g. the round) is made once only: after it has ended it is returned in the state in which it ended. Only
    one that ended because its group could not go on is made anew, once the participant is in another one.

    Takes no lock that a pass holds. Raises `BarrierNotRegistered`, `ParticipantNotActive`, `AlreadyInGroup` (at a
    grouper, in an active group of its type), `NotInGroup` (at a group barrier, without one), `InvalidVisit`,
    `DatabaseBusy`.
    """
    barrier = registry.get(barrier_id)
    _require_storable(visit)
    rows = _look(participant.pk, barrier.id, visit, barrier.group_type)
    if not rows:
        raise ParticipantNotActive(f"{participant} is not stored (any longer).")
    [seen] = rows
    for name in ARRIVING:
        setattr(participant, name, seen[name])
    if seen["link"]:
        known: ParticipantLinkBarrier = _stored().get(pk=seen["link"])
        if known.state != LinkState.REGROUPED or seen["group"] is None:
            return _named(known, visit)
    _require_place(participant, barrier, seen["group"])
    if not participant.is_present:
        # Those who wait already are not told that who has just come is absent.
        note_presence(participant, hidden=participant.page_hidden, barriers=[barrier_id])
    try:
        return processing.until_settled(lambda _: _begin(participant, barrier, visit, seen))
    except IntegrityError:
        # A second tab was faster: its visit is the one, whatever has become of it meanwhile.
        visits = _stored().filter(participant=participant.pk).at(barrier.id).exclude(state=LinkState.REGROUPED)
        named = visits.filter(visit=visit).first() if visit is not None else None
        link: ParticipantLinkBarrier = named or visits.latest("pk")
        return link


def _stored() -> Any:
    """Visits as they are where they are written: a replica may not know them yet."""
    return ParticipantLinkBarrier.objects.using(DEFAULT_DB_ALIAS)


def _named(link: ParticipantLinkBarrier, visit: str | None) -> ParticipantLinkBarrier:
    """The visit. While it is open and has no name, it takes the one by which it is asked for."""
    if link.visit is None and visit is not None and _stored().filter(pk=link.pk).name(visit):
        link.visit = visit
    return link


@planned
def _look(participant: Any, barrier_id: str, visit: str | None, group_type: str | None) -> Any:
    return all_participants().filter(Is("pk", participant)).as_arriving(barrier_id, visit, group_type)


def _begin(
    participant: AbstractParticipant, barrier: Any, visit: str | None, seen: dict[str, Any]
) -> ParticipantLinkBarrier:
    """Two rows: the visit, and the wake-up. Times are the database's, from the moment of the look."""
    link = ParticipantLinkBarrier(
        participant_id=participant.pk,
        barrier_id=barrier.id,
        cohort=participant.cohort,
        sync_group_id=seen["group"],
        visit=visit,
        creation_time=seen["now"],
        arrival_time=seen["now"],
        deadline=barrier.deadline(seen["now"]),
    )
    if seen["link"]:
        # A name is borne by one visit only: the one that goes on.
        _stored().filter(pk=seen["link"]).update(visit=None)
    insert(link)
    unit = Unit(barrier.id, participant.cohort, seen["group"] if barrier.per_group else None)
    processing.wake([unit])
    transaction.on_commit(partial(ring, [unit]))
    transaction.on_commit(partial(signals.arrived.send_robust, ParticipantLinkBarrier, link=link))
    return link


def let_arrive_anew(participant: AbstractParticipant, group_type: str) -> None:
    """Let somebody who has lost their group before they had done with it be grouped anew by the page that led into it.

    That page knows their visit by its name, and would let them through for ever. The name becomes free.
    """
    groupers = [grouper.id for grouper in registry.groupers_of(group_type)]
    visits = _stored().filter(participant=participant.pk)
    last = visits.filter(barrier_id__in=groupers).order_by("-pk").first()
    if last is None or last.state != LinkState.RELEASED:
        return
    closers = [barrier.id for barrier in registry.all_barriers() if barrier.closes_group]
    memberships = ParticipantLinkSyncGroup.objects.using(DEFAULT_DB_ALIAS).of([participant])
    group = memberships.filter(group_type=group_type).order_by("-pk").values("sync_group")[:1]
    if not visits.filter(barrier_id__in=closers, state=LinkState.RELEASED, sync_group__in=group).exists():
        _stored().filter(pk=last.pk).update(visit=None)


def _require_storable(visit: str | None) -> None:
    longest = ParticipantLinkBarrier._meta.get_field("visit").max_length or 0
    if visit is not None and (len(visit) > longest or "\0" in visit):
        raise InvalidVisit(f"The name of a visit has at most {longest} characters, none of them NUL.")


def _require_place(participant: AbstractParticipant, barrier: Any, group: int | None) -> None:
    """Raise where arriving makes no sense."""
    if not participant.is_active:
        raise ParticipantNotActive(f"{participant} takes part no longer ({participant.get_status_display()}).")
    if barrier.forms_groups and group is not None:
        raise AlreadyInGroup(
            f"{participant} is in an active group of type '{barrier.group_type}' already. Close it first, for example"
            f" with a GroupCloser, before arriving at grouper '{barrier.id}'."
        )
    if barrier.group_type is not None and not barrier.forms_groups and group is None:
        raise NotInGroup(
            f"{participant} is in no active group of type '{barrier.group_type}', and cannot wait for one at"
            f" '{barrier.id}'."
        )


def extend(link: ParticipantLinkBarrier) -> None:
    """See `ParticipantLinkBarrier.extend`."""
    barrier = registry.get(link.barrier_id)
    processing.extend(link, seconds=barrier.extension_time, limit=barrier.extensions)


def turn_page(link: ParticipantLinkBarrier, turn: int) -> bool:
    """Note that the page of the waiting logic with that number (from 0) is done. True unless it was done before."""
    return bool(_stored().filter(pk=link.pk).turn_page(turn))


def take_turn(link: ParticipantLinkBarrier, turn: int, act: Callable[[], T], *, done: Callable[[T], bool]) -> T:
    """Do what there is to do in that turn, and turn the page if it is `done`, in one transaction. Returns the answer.

    Nothing of it is stored if the page has been turned before: what is sent twice counts once.
    """
    with transaction.atomic():
        answer = act()
        if done(answer) and not turn_page(link, turn):
            transaction.set_rollback(True)
    return answer


def fail(participant: AbstractParticipant, reason: str = "", *, by: str = "") -> bool:
    """See `AbstractParticipant.fail`."""
    return _end(participant, ParticipantStatus.WORKING, reason, failed=True, by=by)


def leave(
    participant: AbstractParticipant, reason: str = "", *, by: str = "", visit: ParticipantLinkBarrier | None = None
) -> bool:
    """See `AbstractParticipant.leave`. With `visit` only instead of waiting: raises `NotWaiting` when it has ended."""
    return _end(participant, ParticipantStatus.LEFT, reason or "left", by=by, visit=visit)


def finish(participant: AbstractParticipant, reason: str = "", *, by: str = "") -> bool:
    """See `AbstractParticipant.finish`."""
    return _end(participant, ParticipantStatus.FINISHED, reason or "finished", by=by)


def _end(participant: AbstractParticipant, status: str, reason: str, **how: Any) -> bool:
    ended, woken = processing.end_participation(participant, status=status, reason=reason, **how)
    transaction.on_commit(partial(ring, woken))
    return ended


def release(link: ParticipantLinkBarrier, reason: str = "", *, by: str = "") -> None:
    """See `ParticipantLinkBarrier.release`."""
    transaction.on_commit(partial(ring, processing.release(link, reason=reason, by=by)))


def release_group(group: SyncGroup, reason: str = "", *, by: str = "") -> bool:
    """Let through every member who waits with the group, whatever the rule says. Locks the group, and them.

    Returns whether anybody waited.
    """
    released, woken = processing.release_group(group, reason=reason, by=by)
    transaction.on_commit(partial(ring, woken))
    return released


def close_group(group: SyncGroup, reason: str = "", *, by: str = "") -> bool:
    """See `SyncGroup.close`."""
    closed, woken = processing.close_group(group, reason=reason, by=by)
    transaction.on_commit(partial(ring, woken))
    return closed


def settle(group: SyncGroup) -> None:
    """See `SyncGroup.check_numbers` and `SyncGroup.check_leader`."""
    transaction.on_commit(partial(ring, processing.settle(group)))


def elect_leader(group: SyncGroup, participant: AbstractParticipant | None = None) -> None:
    """Let this active member lead the group, or else the one who joined next after the present leader.

    Locks the group. Raises `GroupNotActive`, or `NotInGroup` when the participant is no active member.
    """
    processing.elect_leader(group, participant)


def add_to_group(group: SyncGroup, participant: AbstractParticipant, *, by: str = "") -> None:
    """See `SyncGroup.add`."""
    transaction.on_commit(partial(ring, processing.add_to_group(group, participant, by=by)))


def process_now(barrier_id: str, cohort: str = "") -> PassOutcome:
    """Ask a barrier's rule at once, whether or not anything is known to be due, and say how that went."""
    barrier = registry.get(barrier_id)
    groups = processing.groups_at(barrier_id, cohort) if barrier.per_group else [None]
    processing.wake([Unit(barrier_id, cohort, group) for group in groups])
    result = processing.process_barrier(barrier_id, cohort)
    transaction.on_commit(partial(ring, result.rerun))
    return result.outcome


def pause(barrier_id: str, cohort: str = "", *, by: str = "") -> bool:
    """Hold a barrier in one cohort: nobody is released, no wait ends. True unless it was paused before."""
    return processing.pause(barrier_id, cohort, by=by)


def resume(barrier_id: str, cohort: str = "") -> bool:
    """Let a paused barrier go on; those who wait get back the time. True unless it was not paused."""
    woken = processing.resume(barrier_id, cohort)
    transaction.on_commit(partial(ring, woken))
    return bool(woken)


def waiting_participants(barrier_id: str, cohort: str = "", *, for_update: bool = False) -> list[AbstractParticipant]:
    """Active participants who wait at the barrier, in order of arrival. With `for_update` they are locked."""
    return processing.waiting_participants(barrier_id, cohort, for_update=for_update)

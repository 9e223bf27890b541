"""How visits, participations and groups end, and what follows for those who stay."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction

from .. import registry, signals
from ..exceptions import GroupNotActive, NoExtensionLeft, NotInGroup, NotWaiting
from ..models import (
    AbstractParticipant,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    all_participants,
)
from ..prepared import Among, prepared
from ..push import publish
from ..states import LinkState, ParticipantStatus
from .locks import GroupsNeeded, WorldMoved, lock_groups, lock_participants, until_settled
from .looking import attach_members, untie
from .presence import end_presence
from .units import Unit, wake


def end_participation(
    participant: AbstractParticipant, *, status: str, failed: bool = False, reason: str = "", by: str = ""
) -> tuple[bool, set[Unit]]:
    """Fail, leave or finish: visits, memberships and the participation itself end in one transaction.

    Locks the participant's groups, then the participant. Returns whether it was active until now, and the
    units that have something to decide because of it (woken already).
    """

    def attempt(more: frozenset[int]) -> tuple[bool, set[Unit]]:
        memberships = ParticipantLinkSyncGroup.objects.active().of([participant.pk])
        groups = lock_groups({*memberships.values_list("sync_group", flat=True), *more})
        person = lock_participants([participant.pk]).get(participant.pk)
        if person is None or not person.is_active:
            return False, set()
        return True, end_people([person], groups, status=status, failed=failed, reason=reason, by=by)

    result = until_settled(attempt)
    participant.refresh_from_db(
        fields=["status", "failed", "failed_reason", "time_of_death", "time_credit"],
        from_queryset=all_participants(),
    )
    return result


def end_people(
    people: Sequence[AbstractParticipant],
    groups: dict[int, SyncGroup],
    *,
    status: str = ParticipantStatus.WORKING,
    failed: bool = True,
    reason: str,
    by: str = "",
) -> set[Unit]:
    """End these participations. The people and all of their groups are locked, else `GroupsNeeded` is raised."""
    pks = [person.pk for person in people]
    concerned = require_locked_groups(pks, groups)
    publish(pks)
    all_participants().filter(pk__in=pks).end(status, failed=failed, reason=reason, by=by)
    open_visits = ParticipantLinkBarrier.objects.waiting().filter(participant__in=pks)
    state = LinkState.FAILED if failed else LinkState.WITHDRAWN
    pools = end_visits(open_visits, state, reason, by=by, maybe_paused=True)
    wake(pools)
    end_presence(pks)
    ParticipantLinkSyncGroup.objects.active().of(pks).end(reason, by=by)
    for person in people:
        person.status, person.failed, person.failed_reason = status, failed, reason if failed else ""
        announce(signals.participant_ended, type(person), participant=person, reason=reason)
    return pools | settle_locked([groups[pk] for pk in concerned])


def require_locked_groups(participants: Sequence[Any], groups: dict[int, SyncGroup]) -> set[int]:
    """Primary keys of the groups that these locked participants are in. Raises `GroupsNeeded` unless all are locked."""
    if not participants:
        return set()
    concerned = set(ParticipantLinkSyncGroup.objects.active().of(participants).values_list("sync_group", flat=True))
    if not concerned <= groups.keys():
        raise GroupsNeeded(concerned)
    return concerned


def end_visits(
    links: Iterable[ParticipantLinkBarrier],
    state: str,
    reason: str,
    *,
    by: str = "",
    maybe_paused: bool = False,
) -> set[Unit]:
    """End these open visits of locked participants, and credit them. Raises `WorldMoved` if one ended before.

    With `maybe_paused` their barriers are looked at for a pause that goes on; no pass ends anything at its own
    barrier meanwhile.
    Returns the units whose rules see fewer people now; where groups pass, that is told by their settling.
    """
    links = sorted(links, key=attrgetter("barrier_id"))
    publish(link.participant_id for link in links)
    if maybe_paused and links:
        _put_off([link.pk for link in links])
    for barrier_id, visits in groupby(links, key=attrgetter("barrier_id")):
        pks = [visit.pk for visit in visits]
        barrier = registry.find(barrier_id) or registry.Undeclared(barrier_id)
        ended = _end_visits(pks, state, reason, by, barrier.fixed_credit, matching=barrier.forms_groups)
        if ended != len(pks):
            raise WorldMoved
    if links:
        _credit([link.participant_id for link in links], [link.pk for link in links])
    return {Unit(link.barrier_id, link.cohort) for link in links if link.sync_group_id is None}


@prepared
def _put_off(pks: Any) -> Any:
    return ParticipantLinkBarrier.objects.filter(Among("pk", pks)).put_off(BarrierRecord.objects.all())


@prepared
def _end_visits(pks: Any, state: str, reason: str, by: str, credit: float | None, *, matching: bool) -> Any:
    visits = ParticipantLinkBarrier.objects.filter(Among("pk", pks))
    return visits.end(state, reason, by=by, fixed_credit=credit, matching=matching)


@prepared
def _credit(participants: Any, visits: Any) -> Any:
    people = all_participants().filter(Among("pk", participants))
    return people.add_credit_of(ParticipantLinkBarrier.objects.filter(Among("pk", visits)))


def release(link: ParticipantLinkBarrier, *, reason: str = "", by: str = "") -> set[Unit]:
    """Let one participant through, whatever the rule says. Raises `NotWaiting`. Locks the participant.

    Returns the units that have something to decide because of it (woken already).
    """

    def attempt(more: frozenset[int]) -> set[Unit]:
        lock_participants([link.participant_id])
        link.refresh_from_db()
        if link.state != LinkState.WAITING:
            raise NotWaiting(f"The visit of participant {link.participant_id} to '{link.barrier_id}' has ended.")
        end_visits([link], LinkState.RELEASED, reason, by=by, maybe_paused=True)
        announce_departures(signals.released, link.barrier_id, link.cohort, [link], group=link.sync_group_id)
        units = {Unit(link.barrier_id, link.cohort, link.sync_group_id)}
        wake(units)
        return units

    units = until_settled(attempt)
    link.refresh_from_db()
    return units


def extend(link: ParticipantLinkBarrier, *, seconds: float, limit: int) -> None:
    """Give somebody who waits so many seconds more, `limit` times at most. Locks the participant.

    Does nothing when that has happened since the link was read: who asks twice at once is given it once.
    Raises `NotWaiting` or `NoExtensionLeft`.
    """
    asked = link.extensions

    def attempt(more: frozenset[int]) -> None:
        lock_participants([link.participant_id])
        link.refresh_from_db()
        if link.state != LinkState.WAITING:
            raise NotWaiting(f"The visit of participant {link.participant_id} to '{link.barrier_id}' has ended.")
        if asked >= limit:
            raise NoExtensionLeft(f"There is no more time to be had at '{link.barrier_id}'.")
        if link.extensions == asked:
            ParticipantLinkBarrier.objects.filter(pk=link.pk).extend(seconds, BarrierRecord.objects.all())

    until_settled(attempt)
    link.refresh_from_db()


def settle(group: SyncGroup) -> set[Unit]:
    """Put count, leader and memberships right; close the group if it is empty. Locks the group."""

    def attempt(more: frozenset[int]) -> set[Unit]:
        return settle_locked(lock_groups({group.pk}).values())

    units = until_settled(attempt)
    group.refresh_from_db()
    return units


def settle_all(pks: Collection[int]) -> set[Unit]:
    """As `settle`, for those of the groups that nobody else is at work on."""
    return until_settled(lambda more: settle_locked(lock_groups(pks, skip_locked=True).values()))


def settle_locked(groups: Collection[SyncGroup]) -> set[Unit]:
    """As `settle`, for groups that are locked. Wakes and returns the units for which that matters."""
    groups = [group for group in groups if group.active]
    if not groups:
        return set()
    gone = attach_members(groups)
    ParticipantLinkSyncGroup.objects.filter(pk__in=list(gone)).end("takes part no longer")
    changed = [group for group in groups if _put_right(group)]
    SyncGroup.objects.bulk_update(changed, ["n_active_participants", "leader"])
    woken = wake_for({group.pk: group for group in [*changed, *gone.values()]}.values())
    return woken | close_locked([group for group in groups if not group.active_participants], "no members are left")


def _put_right(group: SyncGroup) -> bool:
    """Recount, and elect the member who joined first if the leader cannot lead any longer. Stores nothing yet."""
    members = {member.pk: member for member in group.active_participants}
    leader = group.leader_id if group.leader_id in members else next(iter(members), None)
    right = (len(members), leader)
    if right == (group.n_active_participants, group.leader_id):
        return False
    group.n_active_participants, group.leader_id = right
    return True


def elect_leader(group: SyncGroup, participant: AbstractParticipant | None = None) -> None:
    """Give the lead to this member, or to the next one in order of joining. Locks the group.

    Raises `GroupNotActive`, or `NotInGroup` when the participant is no active member.
    """

    def attempt(more: frozenset[int]) -> None:
        locked = lock_groups({group.pk})[group.pk]
        if not locked.active:
            raise GroupNotActive(f"Group {group.pk} is closed.")
        settle_locked([locked])
        members = [member.pk for member in locked.active_participants]
        if participant is None and not members:
            return
        if participant is not None and participant.pk not in members:
            raise NotInGroup(f"{participant} is no active member of group {group.pk}.")
        following = members[(members.index(locked.leader_id) + 1) % len(members)]
        leader = following if participant is None else participant.pk
        SyncGroup.objects.filter(pk=group.pk).update(leader_id=leader)

    until_settled(attempt)
    group.refresh_from_db()


def close_group(group: SyncGroup, *, reason: str = "", by: str = "") -> tuple[bool, set[Unit]]:
    """End a group and its memberships. Locks the group. Returns whether it was active, and whom that concerns."""

    def attempt(more: frozenset[int]) -> tuple[bool, set[Unit]]:
        locked = [locked for locked in lock_groups({group.pk}).values() if locked.active]
        return bool(locked), close_locked(locked, reason, by=by)

    result = until_settled(attempt)
    group.refresh_from_db()
    return result


def close_locked(groups: Collection[SyncGroup], reason: str, *, by: str = "") -> set[Unit]:
    """As `close_group`, for groups that are locked."""
    if not groups:
        return set()
    pks = [group.pk for group in groups]
    SyncGroup.objects.filter(pk__in=pks).close(reason, by=by)
    ParticipantLinkSyncGroup.objects.filter(sync_group__in=pks).end(reason or "group closed", by=by)
    for group in groups:
        group.active = False
        untie(group)
        announce(signals.group_closed, SyncGroup, group=group, reason=reason)
    return wake_for(groups)


def wake_for(groups: Collection[SyncGroup]) -> set[Unit]:
    """Wake the barriers where members of these groups wait, and the groupers that could fill a free place."""
    if not groups:
        return set()
    places = ParticipantLinkBarrier.objects.waiting().filter(sync_group__in=[group.pk for group in groups]).order_by()
    units = {Unit(*place) for place in places.values_list("barrier_id", "cohort", "sync_group").distinct()}
    for group in groups:
        if group.join_existing_groups and group.active:
            units |= {Unit(grouper.id, group.cohort) for grouper in registry.groupers_of(group.group_type)}
    wake(units)
    return units


def announce_departures(
    signal: Any, barrier_id: str, cohort: str, links: Sequence[ParticipantLinkBarrier], *, group: int | None
) -> None:
    """Tell the site, after commit, who departed from a barrier."""
    barrier = registry.find(barrier_id)
    people = [link.participant_id for link in links]
    announce(signal, type(barrier), barrier_id=barrier_id, cohort=cohort, participants=people, group=group)


def announce(signal: Any, sender: Any, **facts: Any) -> None:
    """Send a signal after commit; receivers that raise are logged by Django and disturb nobody."""
    transaction.on_commit(partial(signal.send_robust, sender, **facts))

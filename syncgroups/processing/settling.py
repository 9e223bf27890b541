"""What follows for groups once somebody has come or gone: counts, leaders, closing, and who is to be woken and told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from .. import registry, signals
from ..exceptions import GroupNotActive, NotInGroup
from ..models import (
    AbstractParticipant,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
)
from .locks import lock_groups, until_settled
from .looking import attach_members, untie
from .pausing import let_groups_go_on
from .units import Unit, wake


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
            raise GroupNotActive(_("Group %(group)s is closed.") % {"group": group})
        settle_locked([locked])
        members = [member.pk for member in locked.active_participants]
        if participant is None and not members:
            return
        if participant is not None and participant.pk not in members:
            told = _("%(person)s is no active member of group %(group)s.")
            raise NotInGroup(told % {"person": participant, "group": group})
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
    if held := [group.pk for group in groups if group.paused]:
        let_groups_go_on(held)
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


def announce_each(signal: Any, links: Sequence[ParticipantLinkBarrier]) -> None:
    """As `announce_departures`, of visits that end wherever they are."""
    for link in links:
        announce_departures(signal, link.barrier_id, link.cohort, [link], group=link.sync_group_id)


def announce(signal: Any, sender: Any, **facts: Any) -> None:
    """Send a signal after commit; receivers that raise are logged by Django and disturb nobody."""
    transaction.on_commit(partial(signal.send_robust, sender, **facts))

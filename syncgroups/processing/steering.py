"""What a researcher changes by hand: who is with whom, how long one may wait, and what one is told meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import IsNull
from django.utils.translation import gettext as _

from .. import registry, signals
from ..decisions import Decision, check
from ..exceptions import (
    AlreadyInGroup,
    BadProposal,
    GroupFull,
    GroupNotActive,
    GroupPaused,
    NotInGroup,
    NotWaiting,
    ParticipantNotActive,
    WrongCohort,
)
from ..models import AbstractParticipant, ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from ..push import publish
from ..states import LinkState
from .acting import let_through_elsewhere
from .endings import NO_MEMBER, end_visits, require_locked_groups
from .joining import form_groups, new_membership
from .locks import lock_groups, lock_participants, lock_record, until_settled
from .looking import attach_members
from .pausing import held_since, let_visits_go_on
from .results import record_of
from .settling import announce_departures, announce_each, settle_locked, wake_for
from .units import Unit, wake


def lock(records: Collection[tuple[str, str]], groups: Collection[int], people: Collection[Any]) -> None:
    """Lock barriers with their cohorts, groups and participants, these with all of their groups, in the one order.

    Raises `GroupsNeeded`, for `until_settled`.
    """
    for barrier_id, cohort in sorted(records):
        lock_record(barrier_id, cohort)
    memberships = ParticipantLinkSyncGroup.objects.active().of(people)
    locked = lock_groups({*memberships.values_list("sync_group", flat=True), *groups})
    lock_participants(people)
    require_locked_groups(list(people), locked)


def form_group(
    barrier: Any, cohort: str, participants: Sequence[AbstractParticipant], *, by: str = ""
) -> tuple[SyncGroup, set[Unit]]:
    """Make one group of people who wait at a grouper, whatever its rule says. Locks the record, then the people.

    Raises `NotWaiting` unless all of them wait there, or `BadProposal`. Returns the group, and the units that have
    something to decide because of it (woken already).
    """
    record_of(barrier.id, cohort)

    def attempt(more: frozenset[int]) -> tuple[SyncGroup, set[Unit]]:
        lock_record(barrier.id, cohort)
        pks = [participant.pk for participant in participants]
        lock_participants(pks)
        visits = ParticipantLinkBarrier.objects.at(barrier.id, cohort).waiting().filter(participant__in=pks)
        links = list(visits.in_order_of_arrival().select_related("participant").annotate(seen_at=Now()))
        if missing := set(pks) - {link.participant_id for link in links}:
            names = ", ".join(str(person) for person in participants if person.pk in missing)
            sentence = _("Not waiting at “%(barrier)s” (any longer): %(names)s. No group was formed.")
            raise NotWaiting(sentence % {"barrier": barrier.id, "names": names})
        if not links:
            raise BadProposal(_("Choose whom to group."))
        people = [link.participant for link in links]
        for link in ParticipantLinkSyncGroup.objects.active().of(pks).filter(group_type=barrier.group_type)[:1]:
            raise AlreadyInGroup(_("%(name)s is in a group already.") % {"name": link.participant})
        proposal = barrier.group_by_hand(people)
        check(Decision(groups=[proposal]), people, barrier_id=barrier.id)
        [group] = form_groups(barrier, cohort, [proposal], now=links[0].seen_at)
        woken = let_through_elsewhere(barrier, people)
        pools = end_visits(links, LinkState.RELEASED, "put into a group by a researcher", by=by, maybe_paused=True)
        announce_departures(signals.released, barrier.id, cohort, links, group=None)
        wake(pools)
        return group, woken | pools

    return until_settled(attempt)


def add_to_group(group: SyncGroup, participant: AbstractParticipant, *, by: str = "") -> set[Unit]:
    """Make one participant a member. Locks the group, then the participant.

    Raises `GroupNotActive`, `GroupFull`, `WrongCohort`, `AlreadyInGroup` or `ParticipantNotActive`.
    """

    def attempt(more: frozenset[int]) -> set[Unit]:
        locked = lock_groups({group.pk})[group.pk]
        person = lock_participants([participant.pk])[participant.pk]
        return _let_in(locked, person, by)

    units = until_settled(attempt)
    group.refresh_from_db()
    return units


def remove_from_group(
    group: SyncGroup, participant: AbstractParticipant, reason: str = "", *, by: str = ""
) -> set[Unit]:
    """End a membership of somebody who goes on taking part. Locks the group, then the participant.

    Where they wait with the group they are let through. Raises `NotInGroup`.
    """

    def attempt(more: frozenset[int]) -> set[Unit]:
        locked = lock_groups({group.pk})[group.pk]
        lock_participants([participant.pk])
        units = _end_and_settle(locked, participant, reason, by)
        return units | _end_waits(_visits_with(group, participant), NO_MEMBER, by)

    units = until_settled(attempt)
    group.refresh_from_db()
    return units


def move_member(
    participant: AbstractParticipant, group: SyncGroup, to: SyncGroup, reason: str = "", *, by: str = ""
) -> set[Unit]:
    """Let a member of one group be one of another from now on, also where they wait. Locks both, then the participant.

    Where the other group has passed already they go on. Raises `NotInGroup`, `GroupPaused`, and as `add_to_group`.
    """

    def attempt(more: frozenset[int]) -> set[Unit]:
        locked = lock_groups({group.pk, to.pk})
        person = lock_participants([participant.pk])[participant.pk]
        if to.group_type != group.group_type or to.pk == group.pk:
            raise AlreadyInGroup(_("%(group)s is no other group of the same type.") % {"group": to})
        visits = _visits_with(group, person)
        if locked[to.pk].paused and visits.exists():
            # Its pause would count from before they came.
            raise GroupPaused(
                _("%(group)s is paused: resume it before somebody who waits comes into it.") % {"group": to}
            )
        # No visit is of the group that is left once that is settled: as it is closed, its pause is put down for all.
        units = _end_waits(visits.filter(_has_passed(to)), "the group has passed already", by)
        let_visits_go_on(visits)
        visits.update(sync_group=to.pk)
        units |= _end_and_settle(locked[group.pk], person, reason, by)
        units |= _let_in(locked[to.pk], person, by)
        return units | wake_for([locked[to.pk]])

    units = until_settled(attempt)
    group.refresh_from_db()
    to.refresh_from_db()
    return units


def replace_member(
    group: SyncGroup, out: AbstractParticipant, into: AbstractParticipant, reason: str = "", *, by: str = ""
) -> set[Unit]:
    """Give somebody's place in a group, and their lead, to another one. Locks the group, then both participants.

    Raises `NotInGroup`, and as `add_to_group`.
    """

    def attempt(more: frozenset[int]) -> set[Unit]:
        locked = lock_groups({group.pk})[group.pk]
        people = lock_participants([out.pk, into.pk])
        led = locked.leader_id == out.pk
        if out.pk == into.pk:
            raise AlreadyInGroup(_("Nobody can be replaced by themselves."))
        _end_membership(locked, out, reason, by)
        units = _let_in(locked, people[into.pk], by)
        units |= _end_waits(_visits_with(group, out), NO_MEMBER, by)
        if led:
            SyncGroup.objects.filter(pk=locked.pk).update(leader_id=into.pk)
        return units

    units = until_settled(attempt)
    group.refresh_from_db()
    return units


def _let_in(group: SyncGroup, person: AbstractParticipant, by: str) -> set[Unit]:
    attach_members([group])
    _require_place(group, person)
    new_membership(person, group).save()
    # Who waited for such a group has one now.
    groupers = [grouper.id for grouper in registry.groupers_of(group.group_type)]
    visits = ParticipantLinkBarrier.objects.waiting().filter(participant=person.pk, barrier_id__in=groupers)
    pools = _end_waits(visits, "added to a group", by)
    return pools | settle_locked([group])


def _end_and_settle(group: SyncGroup, person: AbstractParticipant, reason: str, by: str) -> set[Unit]:
    _end_membership(group, person, reason, by)
    return settle_locked([group]) | wake_for([group])


def _visits_with(group: SyncGroup, person: AbstractParticipant) -> Any:
    """Open visits of somebody who waits with the group."""
    return ParticipantLinkBarrier.objects.waiting().filter(participant=person.pk, sync_group=group.pk)


def _has_passed(group: SyncGroup) -> Any:
    """Whether the group has passed the barrier of a visit, that time: members of it have, and none of it waits there.

    Those only who are in it still: who was taken out of it went on alone.
    """
    same_time = Q(visit=OuterRef("visit")) | Q(visit=None) & IsNull(OuterRef("visit"), True)
    there = ParticipantLinkBarrier.objects.filter(same_time, sync_group=group.pk, barrier_id=OuterRef("barrier_id"))
    members = ParticipantLinkSyncGroup.objects.active().filter(sync_group=group.pk).values("participant")
    passed = there.filter(state=LinkState.RELEASED, participant__in=members)
    return Exists(passed) & ~Exists(there.waiting())


def _end_waits(visits: Any, reason: str, by: str) -> set[Unit]:
    """Let somebody who is locked go on from where they wait."""
    links = list(visits)
    pools = end_visits(links, LinkState.RELEASED, reason, by=by, maybe_paused=True)
    announce_each(signals.released, links)
    wake(pools)
    return pools


def _end_membership(group: SyncGroup, person: AbstractParticipant, reason: str, by: str) -> None:
    memberships = ParticipantLinkSyncGroup.objects.active().of([person.pk]).filter(sync_group=group.pk)
    if not memberships.end(reason or "taken out by a researcher", by=by):
        raise NotInGroup(_("%(name)s is no member of %(group)s (any longer).") % {"name": person, "group": group})


def _require_place(group: SyncGroup, participant: AbstractParticipant) -> None:
    facts = {"name": participant, "group": group, "type": group.group_type}
    if not group.active:
        raise GroupNotActive(_("%(group)s is closed.") % facts)
    if group.cohort != participant.cohort:
        raise WrongCohort(_("%(name)s and %(group)s are of different cohorts.") % facts)
    if not participant.is_active:
        raise ParticipantNotActive(_("%(name)s takes part no longer.") % facts)
    memberships = ParticipantLinkSyncGroup.objects.active().of([participant])
    if memberships.filter(group_type=group.group_type).exists():
        raise AlreadyInGroup(_("%(name)s is in an active group of type “%(type)s” already.") % facts)
    if group.max_group_size is not None and len(group.active_participants) >= group.max_group_size:
        raise GroupFull(_("%(group)s has as many members as it may have.") % facts)


def put_off_deadlines(visits: Collection[ParticipantLinkBarrier], *, seconds: float) -> int:
    """Give those who make these visits, and still wait, so many seconds more. Locks them. Returns how many.

    Raises `NotWaiting` when none of them waits any longer.
    """

    def attempt(more: frozenset[int]) -> int:
        open_visits = _still_open(visits)
        n: int = open_visits.extend(seconds, Coalesce(held_since(), Now()))
        publish(visit.participant_id for visit in visits)
        return _require_some(n)

    return until_settled(attempt)


def send_message(visits: Collection[ParticipantLinkBarrier], text: str) -> int:
    """Show those who make these visits, and still wait, a text; empty to show none. Locks them. Returns how many.

    Raises `NotWaiting` when none of them waits any longer.
    """

    def attempt(more: frozenset[int]) -> int:
        n: int = _still_open(visits).update(message=text)
        publish(visit.participant_id for visit in visits)
        return _require_some(n)

    return until_settled(attempt)


def _still_open(visits: Collection[ParticipantLinkBarrier]) -> Any:
    lock_participants({visit.participant_id for visit in visits})
    return ParticipantLinkBarrier.objects.waiting().filter(pk__in=[visit.pk for visit in visits])


def _require_some(n: int) -> int:
    if not n:
        raise NotWaiting(_("Nobody of them waits any longer."))
    return n

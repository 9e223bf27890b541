"""What a researcher does to groups and to who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from .. import arrivals, processing, registry
from ..exceptions import AlreadyInGroup, BadProposal, ImpossibleOrder, NotWaiting
from ..models import (
    AbstractParticipant,
    AuditEntry,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
)
from ..processing import PassResult, Unit
from ..states import ParticipantStatus, PassOutcome, Verb
from .people import fail, leave
from .recording import carry_out, how_it_went, rung

#: What of a group has to be as it was seen where people come and go.
WHO = ["active", "members", "leader"]
#: And where all of them go on.
ALL = [*WHO, "paused"]


def close_group(group: SyncGroup, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Close the group: its members are in it no longer, and those of them who wait with it go on."""
    act = partial(arrivals.close_group, group, reason, by=by)
    order = {"why_not": _("closed already"), "heeded": ALL}
    return _of_group(Verb.CLOSE_GROUP, group, act, reason=reason, by=by, seen=seen, **order)


def elect_leader(
    group: SyncGroup, participant: AbstractParticipant | None = None, *, reason: str, by: str, seen: Any = None
) -> AuditEntry:
    """Let this member lead, or else the next in order of joining. Raises `GroupNotActive`, `NotInGroup`."""

    def act() -> bool:
        # It is locked by now, and may have been read before others elected somebody.
        group.refresh_from_db(fields=["leader"])
        before = group.leader_id
        arrivals.elect_leader(group, participant)
        return bool(group.leader_id != before)

    why_not = _("leads already") if participant else _("there is no other active member")
    order = {"why_not": why_not, "heeded": WHO, "whom": participant}
    return _of_group(Verb.ELECT_LEADER, group, act, reason=reason, by=by, seen=seen, **order)


def release_group(group: SyncGroup, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Let through every member who waits with the group, whatever the rule says. No ``on_release`` is called."""

    act = partial(arrivals.release_group, group, reason, by=by)
    order = {"why_not": _("no member waits"), "heeded": ALL}
    return _of_group(Verb.RELEASE, group, act, reason=reason, by=by, seen=seen, **order)


def pause_group(group: SyncGroup, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Hold the group: it passes no group barrier, and no time runs for its members who wait there."""
    act = partial(processing.pause_group, group, by=by)
    why_not = _("paused already, or closed")
    return _of_group(Verb.PAUSE, group, act, reason=reason, by=by, seen=seen, why_not=why_not, heeded=["paused"])


def resume_group(group: SyncGroup, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Let a paused group go on; its members get back the time."""

    def act() -> bool:
        woken = processing.resume_group(group)
        return woken is not None and rung(woken)

    why_not = _("not paused")
    return _of_group(Verb.RESUME, group, act, reason=reason, by=by, seen=seen, why_not=why_not, heeded=["paused"])


def retry(group: SyncGroup, *, reason: str, by: str, seen: Any = None) -> tuple[AuditEntry, PassOutcome]:
    """Try at once to let the group go from where it waits, also after passes that failed; and say how that went.

    A pass is a transaction of its own: the entry says that it was asked for, and afterwards how it went. Raises
    `NotWaiting`.
    """
    places = ParticipantLinkBarrier.objects.waiting().filter(sync_group=group.pk).order_by()
    units = {Unit(*place) for place in places.values_list("barrier_id", "cohort", "sync_group").distinct()}
    if not units:
        raise NotWaiting(_("no member waits"))
    entry = _of_group(Verb.PROCESS, group, lambda: None, reason=reason, by=by, seen=seen, heeded=["active"])
    processing.wake(units)
    result = sum((processing.process_barrier(*unit) for unit in sorted(units)), PassResult(PassOutcome.IDLE))
    rung(set(result.rerun))
    return how_it_went(entry, result.outcome), result.outcome


def add_member(
    group: SyncGroup, participant: AbstractParticipant, *, reason: str, by: str, seen: Any = None
) -> AuditEntry:
    """Make somebody a member; where they wait for such a group they go on.

    Raises `GroupNotActive`, `GroupFull`, `WrongCohort`, `AlreadyInGroup`, `ParticipantNotActive`.
    """

    def act() -> bool:
        return rung(processing.add_to_group(group, participant, by=by))

    return _moving(Verb.ADD_MEMBER, group, act, [participant], reason=reason, by=by, seen=seen)


def remove_member(
    group: SyncGroup, participant: AbstractParticipant, *, reason: str, by: str, seen: Any = None
) -> AuditEntry:
    """Take somebody out of their group. They take part, and go on where they wait with it. Raises `NotInGroup`."""

    def act() -> bool:
        return rung(processing.remove_from_group(group, participant, reason, by=by))

    return _moving(Verb.REMOVE_MEMBER, group, act, [participant], reason=reason, by=by, seen=seen)


def move_member(
    participant: AbstractParticipant, group: SyncGroup, to: SyncGroup, *, reason: str, by: str, seen: Any = None
) -> AuditEntry:
    """Let a member of one group be one of another from now on, also where they wait.

    Raises `NotInGroup`, `ImpossibleOrder` for this very group or one of another type, and as `add_member`.
    """

    def act() -> bool:
        return rung(processing.move_member(participant, group, to, reason, by=by))

    if to.pk == group.pk:
        raise ImpossibleOrder(_("Choose another group: they are in this one."))
    if to.group_type != group.group_type:
        facts = {"to": to, "type": group.group_type}
        raise ImpossibleOrder(_("Choose a group of type '%(type)s', which %(to)s is not.") % facts)
    order = {"groups": [group, to], "also": [to], "to": str(to), "to_id": str(to.public_id)}
    return _moving(Verb.MOVE_MEMBER, group, act, [participant], reason=reason, by=by, seen=seen, **order)


def replace_member(
    group: SyncGroup,
    out: AbstractParticipant,
    into: AbstractParticipant,
    *,
    reason: str,
    by: str,
    then: str = ParticipantStatus.WORKING,
    seen: Any = None,
) -> AuditEntry:
    """Give somebody's place in a group, and their lead, to another one.

    `then` says what becomes of who is replaced: they go on ("working"), leave without fault ("left"), or fail
    ("failed"). Raises `NotInGroup`, `ImpossibleOrder` where both are one, and as `add_member`.
    """

    def act() -> None:
        rung(processing.replace_member(group, out, into, reason, by=by))
        if then == ParticipantStatus.LEFT:
            leave(out, reason=reason, by=by)
        elif then == "failed":
            fail(out, reason=reason, by=by)

    if into.pk == out.pk:
        raise ImpossibleOrder(_("Choose somebody else: nobody can take their own place."))
    order = {"also": [into], "then": then}
    return _moving(Verb.REPLACE_MEMBER, group, act, [out, into], reason=reason, by=by, seen=seen, **order)


def form_group(
    barrier_id: str,
    cohort: str,
    participants: Sequence[AbstractParticipant],
    *,
    reason: str,
    by: str,
    seen: Any = None,
) -> AuditEntry:
    """Make one group of people who wait at a grouper, whatever its rule says. What is `seen` is the barrier's record.

    Raises `NotWaiting`, `BadProposal`, `AlreadyInGroup`, `ImpossibleOrder` where somebody is named twice.
    """
    if len({person.pk for person in participants}) < len(participants):
        raise ImpossibleOrder(_("Name everybody once: nobody can be in a group twice."))
    barrier = registry.get(barrier_id)
    if not barrier.forms_groups:
        raise BadProposal(_("Barrier '%(barrier)s' forms no groups.") % {"barrier": barrier_id})

    def act() -> SyncGroup:
        _require_groupless(participants, barrier.group_type)
        group, woken = processing.form_group(barrier, cohort, participants, by=by)
        rung(woken)
        return group

    order: dict[str, Any] = {"records": [(barrier_id, cohort)], "reason": reason, "by": by, "seen": seen}
    order |= {"heeded": ["paused"], "also": participants, **_named(participants)}
    return carry_out(Verb.FORM_GROUP, BarrierRecord(barrier_id=barrier_id, cohort=cohort), act, **order)


def _require_groupless(people: Sequence[AbstractParticipant], group_type: str) -> None:
    memberships = ParticipantLinkSyncGroup.objects.active().of([person.pk for person in people])
    taken = set(memberships.filter(group_type=group_type).values_list("participant", flat=True))
    if taken:
        facts = {"people": ", ".join(str(person) for person in people if person.pk in taken), "type": group_type}
        raise AlreadyInGroup(_("In an active group of type '%(type)s' already: %(people)s.") % facts)


def _moving(verb: Verb, group: SyncGroup, act: Any, people: Sequence[Any], **order: Any) -> AuditEntry:
    """The entry is about the first of these people."""
    order = {"groups": [group], "heeded": WHO, "whom": people[0], **order}
    return carry_out(verb, group, act, **_named(people), **order)


def _named(people: Sequence[Any]) -> dict[str, Any]:
    """Whom to lock, and as whom they are noted: by the names that pages show, and by what nobody else is called."""
    names, ids = [str(person) for person in people], [str(person.public_id) for person in people]
    return {"people": [person.pk for person in people], "participants": names, "participant_ids": ids}


def _of_group(verb: Verb, group: SyncGroup, act: Any, **order: Any) -> AuditEntry:
    return carry_out(verb, group, act, groups=[group], **order)

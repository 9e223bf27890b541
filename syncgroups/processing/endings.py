"""How visits, memberships and participations end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from .. import registry, signals
from ..exceptions import NoExtensionLeft, NotWaiting
from ..models import (
    AbstractParticipant,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    all_participants,
)
from ..prepared import Among, prepared
from ..push import publish
from ..states import LinkState, ParticipantStatus
from .locks import GroupsNeeded, WorldMoved, lock_groups, lock_participants, until_settled
from .pausing import held_since, put_off_held
from .presence import end_presence
from .settling import announce, announce_each, settle_locked
from .units import Unit, wake

#: Why a visit ends that was made with a group.
NO_MEMBER = "no longer a member of the group"


def end_participation(
    participant: AbstractParticipant,
    *,
    status: str,
    failed: bool = False,
    reason: str = "",
    by: str = "",
    visit: ParticipantLinkBarrier | None = None,
) -> tuple[bool, set[Unit]]:
    """Fail, leave or finish: visits, memberships and the participation itself end in one transaction.

    With `visit` only while they make it: raises `NotWaiting` when it has ended.
    Locks the participant's groups, then the participant. Returns whether it was active until now, and the
    units that have something to decide because of it (woken already).
    """

    def attempt(more: frozenset[int]) -> tuple[bool, set[Unit]]:
        memberships = ParticipantLinkSyncGroup.objects.active().of([participant.pk])
        groups = lock_groups({*memberships.values_list("sync_group", flat=True), *more})
        person = lock_participants([participant.pk]).get(participant.pk)
        if person is None or not person.is_active:
            return False, set()
        if visit is not None and not ParticipantLinkBarrier.objects.waiting().filter(pk=visit.pk).exists():
            raise NotWaiting(_over(visit))
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
    # Whoever goes on earns what the wait was expected to take; nobody else comes to wait for that long.
    capped = state not in (LinkState.RELEASED, LinkState.REGROUPED)
    publish(link.participant_id for link in links)
    if maybe_paused and links:
        put_off_held([link.pk for link in links])
    for barrier_id, visits in groupby(links, key=attrgetter("barrier_id")):
        pks = [visit.pk for visit in visits]
        barrier = registry.find(barrier_id) or registry.Undeclared(barrier_id)
        ended = _end_visits(pks, state, reason, by, barrier.fixed_credit, matching=barrier.forms_groups, capped=capped)
        if ended != len(pks):
            raise WorldMoved
    if links:
        _credit([link.participant_id for link in links], [link.pk for link in links])
    return {Unit(link.barrier_id, link.cohort) for link in links if link.sync_group_id is None}


@prepared
def _end_visits(
    pks: Any, state: str, reason: str, by: str, credit: float | None, *, matching: bool, capped: bool
) -> Any:
    visits = ParticipantLinkBarrier.objects.filter(Among("pk", pks))
    return visits.end(state, reason, by=by, fixed_credit=credit, matching=matching, capped=capped)


@prepared
def _credit(participants: Any, visits: Any) -> Any:
    people = all_participants().filter(Among("pk", participants))
    return people.add_credit_of(ParticipantLinkBarrier.objects.filter(Among("pk", visits)))


def release(link: ParticipantLinkBarrier, *, reason: str = "", by: str = "") -> set[Unit]:
    """Let one participant through, whatever the rule says; where groups are closed, also out of the group.

    Raises `NotWaiting`. Locks that group, if any, and the participant.
    Returns the units that have something to decide because of it (woken already).
    """

    def attempt(more: frozenset[int]) -> set[Unit]:
        groups = lock_groups({*_left_behind([link]), *more})
        lock_participants([link.participant_id])
        link.refresh_from_db()
        if link.state != LinkState.WAITING:
            raise NotWaiting(_over(link))
        return _let_go_on([link], groups, reason, by)

    units = until_settled(attempt)
    link.refresh_from_db()
    return units


def release_group(group: SyncGroup, *, reason: str = "", by: str = "") -> tuple[bool, set[Unit]]:
    """Let through every member who waits with the group, as `release` does for one.

    Locks the group, and those who wait with it. Returns whether anybody did, and whom that concerns.
    """

    def attempt(more: frozenset[int]) -> tuple[bool, set[Unit]]:
        groups = lock_groups({group.pk, *more})
        visits = ParticipantLinkBarrier.objects.waiting().filter(sync_group=group.pk)
        people = lock_participants(visits.values_list("participant", flat=True))
        links = list(visits.filter(participant__in=people).order_by("participant_id", "pk"))
        return bool(links), _let_go_on(links, groups, reason, by)

    return until_settled(attempt)


def _let_go_on(
    links: Sequence[ParticipantLinkBarrier], groups: dict[int, SyncGroup], reason: str, by: str
) -> set[Unit]:
    """Let people go on who are locked and wait. Raises `GroupsNeeded` unless the groups that they leave are locked."""
    leaving = [link for link in links if _left_behind([link])]
    left_behind = _left_behind(leaving)
    if not left_behind <= groups.keys():
        raise GroupsNeeded(left_behind)
    end_visits(links, LinkState.RELEASED, reason, by=by, maybe_paused=True)
    announce_each(signals.released, links)
    units = {Unit(link.barrier_id, link.cohort, link.sync_group_id) for link in links}
    wake(units)
    end_memberships([groups[pk] for pk in left_behind], leaving, reason, by=by)
    return units | settle_locked([groups[pk] for pk in left_behind])


def _left_behind(links: Iterable[ParticipantLinkBarrier]) -> set[int]:
    """The groups that those are in no longer who go on from there alone, because groups are closed there."""
    barriers = [(registry.find(link.barrier_id), link.sync_group_id) for link in links]
    return {pk for barrier, pk in barriers if pk is not None and barrier is not None and barrier.closes_group}


def end_memberships(
    groups: Collection[SyncGroup], links: Iterable[ParticipantLinkBarrier], reason: str, *, by: str = ""
) -> None:
    """Who makes these visits is in these locked groups no longer, which are to be settled."""
    memberships = ParticipantLinkSyncGroup.objects.filter(sync_group__in=[group.pk for group in groups])
    memberships.of([link.participant_id for link in links]).end(reason, by=by)


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
            raise NotWaiting(_over(link))
        if asked >= limit:
            told = _("There is no more time to be had at '%(barrier)s'.")
            raise NoExtensionLeft(told % {"barrier": link.barrier_id})
        if link.extensions == asked:
            visits = ParticipantLinkBarrier.objects.filter(pk=link.pk)
            visits.extend(seconds, Coalesce(held_since(), Now()), extensions=F("extensions") + 1)

    until_settled(attempt)
    link.refresh_from_db()


def _over(link: ParticipantLinkBarrier) -> str:
    facts = {"person": link.participant, "barrier": link.barrier_id}
    return _("%(person)s waits at '%(barrier)s' no longer.") % facts

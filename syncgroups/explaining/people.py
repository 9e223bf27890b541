"""Why a participant does not move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import registry
from ..models import AbstractParticipant, ParticipantLinkBarrier
from ..states import LinkState, ParticipantStatus, Presence
from .barriers import facts_of_barrier, undeclared
from .causes import ends, is_held, nobody_at_work, paused
from .facts import Fact, Level
from .groups import facts_at_barrier, place, seen
from .looks import Look
from .times import in_words, moment

#: How visits end that end together with the participation of somebody who leaves. The reason of others is their own.
BY_LEAVING = (LinkState.WITHDRAWN, LinkState.TIMED_OUT)


def facts_of_person(look: Look, person: AbstractParticipant, barrier_id: str | None = None) -> list[Fact]:
    """Everything that keeps the participant, at one barrier or wherever they wait."""
    return list(_facts(look, person, barrier_id))


def _facts(look: Look, person: AbstractParticipant, barrier_id: str | None) -> Iterator[Fact]:
    if not person.is_active:
        yield ended(look, person)
        return
    links = [link for link in person.active_barriers.values() if barrier_id in (None, link.barrier_id)]
    if person.presence != Presence.PRESENT:
        told = _("{person} is {seen}: groupers match only those who are present.")
        yield Fact("silent", told.format(person=person, seen=seen(look, person)), Level.WARNING)
    if not links:
        yield _not_waiting(look, person, barrier_id)
    for link in links:
        yield from _at(look, link)


def _at(look: Look, link: ParticipantLinkBarrier) -> Iterator[Fact]:
    waited = in_words((look.now - link.arrival_time).total_seconds())
    told = _("{person} has waited at '{barrier}' for {duration}.")
    yield Fact("waits", told.format(person=link.participant, barrier=link.barrier_id, duration=waited))
    barrier = registry.find(link.barrier_id)
    if barrier is None or not barrier.per_group:
        # Everybody there waits for the same.
        yield from facts_of_barrier(look, link.barrier_id) if barrier else [undeclared(link.barrier_id)]
    else:
        yield from paused(look.records.get(link.barrier_id))
        yield from _with_the_group(look, barrier, link)
        group = look.groups.get(link.sync_group_id or 0)
        if not is_held(group):
            yield from nobody_at_work(look, link.barrier_id, link.deadline)
            yield from ends(look, link.barrier_id, link.deadline, group)
    yield from _extensions(barrier, link)


def _with_the_group(look: Look, barrier: Any, link: ParticipantLinkBarrier) -> Iterator[Fact]:
    group = look.groups.get(link.sync_group_id) if link.sync_group_id else None
    if group is None or link.participant not in group.active_participants:
        told = _("{person} is in no active group of type '{type}', and waits for nobody: the next pass ends the visit.")
        yield Fact("no_group", told.format(person=link.participant, type=barrier.group_type), Level.WARNING)
    else:
        yield from paused(group)
        yield from facts_at_barrier(look, group, barrier)


def _extensions(barrier: Any, link: ParticipantLinkBarrier) -> Iterator[Fact]:
    left = getattr(barrier, "extensions", 0) - link.extensions
    if left > 0:
        told = ngettext(
            "{person} may ask {n} more time for {duration} more.",
            "{person} may ask {n} more times for {duration} more each.",
            left,
        )
        values = {"person": link.participant, "n": left, "duration": in_words(barrier.extension_time)}
        yield Fact("extensions", told.format(**values))


def _not_waiting(look: Look, person: AbstractParticipant, barrier_id: str | None) -> Fact:
    elsewhere = bool(person.active_barriers)
    if barrier_id is None:
        told = _("{person} waits nowhere: {seen}, {place}.")
    elif elsewhere:
        told = _("{person} does not wait at '{barrier}': {seen}, {place}.")
    else:
        told = _("{person} does not wait at '{barrier}', nor anywhere else: {seen}, {place}.")
    values = {"person": person, "barrier": barrier_id, "seen": seen(look, person), "place": place(look, person)}
    return Fact("not_waiting", told.format(**values))


def ended(look: Look, person: AbstractParticipant) -> Fact:
    """How the participation ended, why, and by whom."""
    last = look.last.get(person.pk)
    when = person.time_of_death or (last.departure_time if last else None)
    if person.failed:
        told, reason = _("{person} has failed."), person.failed_reason
    elif person.status == ParticipantStatus.FINISHED:
        told, reason = _("{person} has finished."), ""
    else:
        told, reason = _("{person} has left."), last.reason if last and last.state in BY_LEAVING else ""
    more = [_("At {time}.").format(time=moment(when))] if person.failed and when else []
    more += [_("The reason: {reason}.").format(reason=reason.rstrip("."))] if reason else []
    more += [_("By {by}.").format(by=person.ended_by)] if person.ended_by else []
    return Fact("ended", " ".join([told.format(person=person), *more]))

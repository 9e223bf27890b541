"""Why a group does not move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from .. import registry
from ..models import SyncGroup
from .causes import ends, failing, is_held, lack, nobody_at_work, paused
from .facts import Fact, Level
from .looks import Look
from .times import in_words, moment


def facts_of_group(look: Look, group: SyncGroup, barrier_id: str | None = None) -> list[Fact]:
    """Everything that keeps the group, at one barrier or wherever its members wait."""
    return list(_facts(look, group, barrier_id))


def _facts(look: Look, group: SyncGroup, barrier_id: str | None) -> Iterator[Fact]:
    if not group.active:
        yield closed(group)
        return
    yield from paused(group)
    members = group.active_participants
    places = list(dict.fromkeys(link.barrier_id for link in look.waiting_with(group)))
    wanted = [place for place in places if barrier_id in (None, place)]
    if not members:
        yield Fact("no_members", _("The group has no active members: the next pass closes it."), Level.WARNING)
    elif not wanted:
        told = _("No member waits, so that nothing keeps the group here: {people}.")
        yield Fact("not_waiting", told.format(people=named(look, members)))
    for place in wanted:
        yield from _at(look, group, place)
    together = [place for place in places if getattr(registry.find(place), "per_group", False)]
    if len(together) > 1:
        yield apart(look, group, together)


def _at(look: Look, group: SyncGroup, barrier_id: str) -> Iterator[Fact]:
    barrier = registry.find(barrier_id)
    deadline = min((link.deadline for link in look.waiting_at(barrier_id, group)), default=None)
    if barrier is None:
        told = _("Members wait at '{barrier}', which is not declared on this site.").format(barrier=barrier_id)
        yield Fact("undeclared", told, Level.ERROR)
    else:
        yield from paused(look.records.get(barrier_id))
        yield from facts_at_barrier(look, group, barrier)
        if not is_held(group):
            yield from nobody_at_work(look, barrier_id, deadline)
    if not is_held(group):
        yield from ends(look, barrier_id, deadline, group)


def facts_at_barrier(look: Look, group: SyncGroup, barrier: Any) -> Iterator[Fact]:
    """Why the group does not pass the barrier where members of it wait."""
    if not group.active:
        yield closed(group)
        return
    waiting = [link.participant for link in look.waiting_at(barrier.id, group)]
    if not waiting:
        return
    missing = lack(barrier, waiting, group)
    errors = list(failing(look, group, barrier.id, group))
    if errors:
        told = _("Group {group} cannot pass '{barrier}':").format(group=group, barrier=barrier.id)
        yield Fact("group_failing", f"{told} {' '.join(map(str, errors))}", Level.ERROR)
    if isinstance(missing, Fact):
        yield missing
        return
    facts = {"group": group, "barrier": barrier.id, "people": named(look, missing.members)}
    if missing.members:
        told = _("'{barrier}' is held by group {group}: waits for {people}.")
        silent = any(not member.is_present for member in missing.members)
        yield Fact("held", told.format(**facts), Level.WARNING if silent else Level.INFO)
    yield from (Fact("rule", f"{group}: {sentence}", Level.WARNING) for sentence in missing.sentences)
    held = is_held(group) or is_held(look.records.get(barrier.id))
    if not (missing.members or missing.sentences or missing.n or errors or held):
        called = (barrier.id, group.pk) in look.calls
        told = _("Every active member of group {group} is at '{barrier}': the next pass lets them go.")
        if not called:
            told = _("Every active member of group {group} is at '{barrier}'. Its rule was asked, and let nobody go.")
        yield Fact("complete", told.format(**facts))


def group_paused(group: SyncGroup) -> Fact:
    """A researcher holds one of the groups that wait at a barrier."""
    told = _("Group {group} was paused by {by} at {time}: it does not go on, and no time runs for it.")
    if not group.paused_by:
        told = _("Group {group} was paused at {time}: it does not go on, and no time runs for it.")
    return Fact("group_paused", told.format(group=group, by=group.paused_by, time=moment(group.paused_at)), Level.ERROR)


def closed(group: SyncGroup) -> Fact:
    """When the group ended, by whom, and why."""
    told = (
        _("Group {group} was closed at {time} by {by}.") if group.ended_by else _("Group {group} was closed at {time}.")
    )
    sentence = told.format(group=group, time=moment(group.end_time), by=group.ended_by)
    if group.end_reason:
        why = _("The reason: {reason}.").format(reason=group.end_reason.rstrip("."))
        sentence = f"{sentence} {why}"
    return Fact("closed", sentence)


def apart(look: Look, group: SyncGroup, places: Iterable[str]) -> Fact:
    """Members of one group wait at several barriers that it can only pass together."""
    told = _("{people} at '{barrier}'")
    where = [
        told.format(people=", ".join(str(link.participant) for link in look.waiting_at(place, group)), barrier=place)
        for place in places
    ]
    sentence = _("Members of group {group} wait for one another at different barriers: {places}.")
    return Fact("apart", sentence.format(group=group, places="; ".join(where)), Level.ERROR)


def named(look: Look, people: Iterable[Any]) -> str:
    """These people, when they were seen last and where they are, as part of a sentence."""
    return "; ".join(f"{person} ({whereabouts(look, person)})" for person in people)


def whereabouts(look: Look, person: Any) -> str:
    """When somebody was seen last, and where."""
    return ", ".join([seen(look, person), place(look, person)])


def seen(look: Look, person: Any) -> str:
    """Whether somebody is there, and since when they have given no sign."""
    if person.last_seen_at is None:
        return _("not seen yet")
    ago = in_words((look.now - person.last_seen_at).total_seconds())
    told = {"quiet": _("quiet, last seen {ago} ago"), "gone": _("gone, last seen {ago} ago")}
    return told.get(person.presence, _("last seen {ago} ago")).format(ago=ago)


def place(look: Look, person: Any) -> str:
    """Where somebody waits, or has waited last."""
    waits = list(person.active_barriers)
    if waits:
        return _("waits at {barriers}").format(barriers=", ".join(f"'{barrier_id}'" for barrier_id in waits))
    last = look.last.get(person.pk)
    return _("last at '{barrier}'").format(barrier=last.barrier_id) if last else _("at no barrier so far")

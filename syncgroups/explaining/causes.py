"""Facts that barriers and groups have in common: a switch, an error, nobody at work, the end of the time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import registry
from ..decisions import Missing
from ..models import SyncGroup
from ..processing.looking import no_queries
from ..states import AbsencePolicy, Presence, TimeoutPolicy
from .facts import Fact, Level
from .looks import Look
from .times import in_words, moment

#: How long something may be due before nobody seems to be at work: the beat's sweep comes every second.
LATE = timedelta(seconds=10)

#: What is stored about an error: whether ``on_release`` raised it, and its type.
TOLD = re.compile(r"(?P<source>on_release raised )?(?P<name>\w+): ")

ENDS: dict[str, Any] = {
    TimeoutPolicy.FAIL: gettext_lazy("The next wait ends at {time}, by failing."),
    TimeoutPolicy.LEAVE: gettext_lazy("The next wait ends at {time}, by leaving with the credit earned."),
    TimeoutPolicy.RELEASE: gettext_lazy("The next wait ends at {time}, by going on alone."),
}
ENDS_FOR_THE_ABSENT: dict[str, Any] = {
    AbsencePolicy.GO_ON: gettext_lazy("At {time} who is absent is failed, and the present go on without them."),
    AbsencePolicy.REGROUP: gettext_lazy("At {time} who is absent is failed, and the present go back to the grouper."),
    AbsencePolicy.LEAVE: gettext_lazy("At {time} who is absent is failed, and the present leave with their credit."),
    AbsencePolicy.FAIL: gettext_lazy("At {time} the whole group is failed, because members are absent."),
}


def paused(row: Any) -> Iterator[Fact]:
    """A researcher holds what this row is about."""
    if not is_held(row):
        return
    told = _("Paused by {by} at {time}: nobody goes on, and no time runs.")
    if not row.paused_by:
        told = _("Paused at {time}: nobody goes on, and no time runs.")
    yield Fact("paused", told.format(by=row.paused_by, time=moment(row.paused_at)), Level.ERROR)


def is_held(row: Any) -> bool:
    """Whether a pause goes on of the barrier, or group, of this row; there may be none, or it may know no pauses."""
    return getattr(row, "paused_at", None) is not None


def fails(row: Any) -> bool:
    """Whether the last pass over what this row is about has failed. Then nobody is at fault whose time is up."""
    return row is not None and bool(row.error_count and row.last_error)


def failing(look: Look, row: Any, barrier_id: str, group: SyncGroup | None = None) -> Iterator[Fact]:
    """What the passes over a barrier or a group have raised, and when the next one is due."""
    if not fails(row):
        return
    found = TOLD.match(row.last_error)
    if found and found["name"] == "CallUnreturned":
        yield Fact(
            "unreturned",
            _("on_release was called at {time} and has not returned: it hangs, or ends its process.").format(
                time=moment(row.last_error_at)
            ),
            Level.ERROR,
        )
    elif found and found["source"]:
        sentence = ngettext(
            "on_release raised {error} once.", "on_release raised {error} {n} times in a row.", row.error_count
        )
        yield Fact("on_release", sentence.format(error=found["name"], n=row.error_count), Level.ERROR)
    else:
        sentence = ngettext(
            "The last pass failed with {error}.", "The last {n} passes failed, with {error}.", row.error_count
        )
        name = found["name"] if found else row.last_error
        yield Fact("failing", sentence.format(error=name, n=row.error_count), Level.ERROR)
    yield from _next_try(look, barrier_id, group)


def _next_try(look: Look, barrier_id: str, group: SyncGroup | None) -> Iterator[Fact]:
    due = look.calls.get((barrier_id, group.pk if group else None))
    if due is None:
        return
    if due <= look.now:
        yield Fact("next_try", _("The next try is due now."))
    else:
        left = in_words((due - look.now).total_seconds())
        yield Fact("next_try", _("The next try is in {duration}.").format(duration=left))


def nobody_at_work(look: Look, barrier_id: str, deadline: datetime | None) -> Iterator[Fact]:
    """What is due has been so for longer than a sweep can take to come."""
    if is_held(look.records.get(barrier_id)) or registry.find(barrier_id) is None:
        return
    since = min((time for time in (look.due_since(barrier_id), deadline) if time), default=look.now)
    if look.now - since <= LATE:
        return
    told = _(
        "No worker and no sweep seems to run: what has been due since {time} ({duration}) is not done. Start a"
        " Celery worker and beat, or `manage.py process_barriers --loop 1`."
    )
    ago = in_words((look.now - since).total_seconds())
    yield Fact("nobody_at_work", told.format(time=moment(since), duration=ago), Level.ERROR)


def ends(look: Look, barrier_id: str, deadline: datetime | None, group: SyncGroup | None = None) -> Iterator[Fact]:
    """When the first of some waits, of one group or of all, ends, and how."""
    barrier = registry.find(barrier_id)
    if deadline is None or is_held(look.records.get(barrier_id)):
        return
    if deadline <= look.now:
        told = _("The time of somebody here has been up since {time}.").format(time=moment(deadline))
        yield Fact("overdue", told, Level.WARNING)
        return
    if barrier is None:
        told = _("Whoever waits here is let go a minute after the deadline, the next at {time}.")
    elif barrier.on_member_timeout:
        link = _first_to_strike(look, barrier, group)
        if link is None:
            return
        deadline, told = link.deadline, _when_it_strikes(look, barrier, look.groups.get(link.sync_group_id or 0))
    elif callable(barrier.on_timeout):
        told = _("The next wait ends at {time}, as the barrier's on_timeout() decides.")
    else:
        told = ENDS[TimeoutPolicy.LEAVE if fails(_decided(look, barrier, deadline, group)) else barrier.on_timeout]
    yield Fact("ends", told.format(time=moment(deadline)))


def _decided(look: Look, barrier: Any, deadline: datetime, group: SyncGroup | None) -> Any:
    """The row that tells how the last pass went over those whose wait ends then."""
    if not barrier.per_group:
        return look.records.get(barrier.id)
    links = look.waiting_at(barrier.id, group)
    return next((look.groups.get(link.sync_group_id or 0) for link in links if link.deadline == deadline), None)


def _first_to_strike(look: Look, barrier: Any, group: SyncGroup | None) -> Any:
    """The visit whose time is up first, of groups that wait for somebody or cannot go; others it does not strike."""
    links = look.waiting_at(barrier.id, group)
    struck = {pk: _is_struck(look, barrier, pk) for pk in {link.sync_group_id for link in links}}
    return min((link for link in links if struck[link.sync_group_id]), key=attrgetter("deadline"), default=None)


def _is_struck(look: Look, barrier: Any, pk: int | None) -> bool:
    group = look.groups.get(pk) if pk else None
    if group is None or is_held(group):
        return pk is None
    too_few = barrier.is_below_minimum(group) and barrier.policy_for_too_few(group) is None
    here = {link.participant_id for link in look.waiting_at(barrier.id, group)}
    return too_few or fails(group) or any(member.pk not in here for member in group.active_participants)


def _when_it_strikes(look: Look, barrier: Any, group: SyncGroup | None) -> Any:
    """What the present get: as things are, they may be too few to go on."""
    if fails(group):
        return ENDS[TimeoutPolicy.LEAVE]
    policy = barrier.on_member_timeout
    if policy == AbsencePolicy.GO_ON and group is not None and not barrier.closes_group:
        waiting = [link.participant for link in look.waiting_at(barrier.id, group)]
        if sum(person.presence != Presence.GONE for person in waiting) < group.min_group_size:
            policy = barrier.policy_for_too_few(group) or AbsencePolicy.LEAVE
    return ENDS_FOR_THE_ABSENT[policy]


def lack(barrier: Any, waiting: Sequence[Any], group: SyncGroup | None = None) -> Missing | Fact:
    """What the rule waits for; or what went wrong as it was asked, which is code of the site."""
    try:
        with no_queries(barrier.id):
            missing: Missing = barrier.missing(waiting, group)
            return missing
    except Exception as error:
        told = _("The barrier cannot say what it waits for: missing() raised {error}.")
        return Fact("missing_raised", told.format(error=type(error).__name__), Level.WARNING)

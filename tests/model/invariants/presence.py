"""Promises about presence: what is known of it is told by intervals, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import F, Q

from syncgroups.models import PresenceInterval, all_participants
from syncgroups.prepared import prepared
from syncgroups.querysets import ACTIVE
from syncgroups.states import Presence

#: Within which one interval follows the other: two statements of one transaction.
AT_ONCE = timedelta(seconds=1)


def intervals_of_presence_follow_one_another() -> Iterator[str]:
    """The first one is of presence, no two in a row are alike, and between them there is nothing."""
    last: dict[Any, tuple[Any, ...]] = {}
    for person, pk, state, began, ended in _intervals():
        before = last.get(person)
        last[person] = (state, ended)
        if before is None and state != Presence.PRESENT:
            yield f"Interval {pk} is the first one of participant {person}, and not of presence."
        if before is not None and (before[1] is None or before[0] == state or abs(began - before[1]) > AT_ONCE):
            yield f"Interval {pk} of participant {person} does not follow the one before ({before})."
        if ended is not None and ended < began:
            yield f"Interval {pk} of participant {person} ends before it begins."


@prepared
def _intervals() -> Any:
    intervals = PresenceInterval.objects.order_by("began_at", "pk")
    return intervals.values_list("participant", "pk", "state", "began_at", "ended_at")


def an_interval_goes_on_while_the_participation_does() -> Iterator[str]:
    """It says what the participant's row says. Of those of whom nothing has been heard there is none."""
    for person, presence, state in _at_odds():
        yield f"Participant {person} is {presence}, and the interval that goes on is {state or 'missing'}."
    for (person,) in _left_open():
        yield f"Participant {person} takes part no longer, and their presence goes on."


@prepared
def _at_odds() -> Any:
    heard_of = all_participants().filter(ACTIVE, last_seen_at__isnull=False)
    going_on = Q(presence_intervals__ended_at__isnull=True, presence_intervals__state=F("presence"))
    right = heard_of.filter(going_on).values("pk")
    wrong = heard_of.exclude(pk__in=right)
    return wrong.values_list("pk", "presence", "presence_intervals__state")


@prepared
def _left_open() -> Any:
    return PresenceInterval.objects.filter(ended_at=None).exclude(_of_the_active()).values_list("participant")


def _of_the_active() -> Q:
    return Q(participant__in=all_participants().filter(ACTIVE).values("pk"))


def silence_is_looked_for_while_it_matters() -> Iterator[str]:
    """Who is present is to be quiet, who is quiet is to be gone, and of nobody else is there anything to come."""
    for person, presence in _without_consequence():
        yield f"Participant {person} is {presence}, and silence would have no, or another, consequence."


@prepared
def _without_consequence() -> Any:
    present = Q(presence=Presence.PRESENT, quiet_at__isnull=False, gone_at__gte=F("quiet_at"))
    quiet = Q(presence=Presence.QUIET, quiet_at__isnull=True, gone_at__isnull=False)
    nothing = Q(quiet_at__isnull=True, gone_at__isnull=True)
    unheard = Q(presence=Presence.PRESENT, last_seen_at__isnull=True)
    good = ACTIVE & (present | quiet | (nothing & (unheard | Q(presence=Presence.GONE)))) | (~ACTIVE & nothing)
    return all_participants().exclude(good).values_list("pk", "presence")

"""What a waiting page says in words and in numbers. Every sentence of it that depends on something is made here."""

from __future__ import annotations

import json
import math
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import registry
from .estimates import Estimate, estimate_of
from .models import AbstractParticipant, ParticipantLinkBarrier
from .standing import Wait

#: Numbers that tell apart all forms that a plural has in any language: a script finds, by the rules of the language,
#: the one of the same form as its own number.
SAMPLES = (0, 1, 2, 3, 5, 6, 7, 11, 20, 100)


def words_of_wait(participant: AbstractParticipant, link: ParticipantLinkBarrier, wait: Wait | None) -> dict[str, Any]:
    """What the template of a waiting page says about the wait. One query, for the estimate."""
    now, deadline = timezone.now(), wait.until if wait else link.deadline
    barrier = registry.get(link.barrier_id)
    words = {
        "sent_back": sent_back(link),
        "purpose": purpose(barrier),
        "extend_label": more_time(barrier.extension_time),
        "now": now,
        "since": link.arrival_time,
        "deadline": deadline,
        "waited": clock((now - link.arrival_time).total_seconds()),
        "left": clock((deadline - now).total_seconds()),
    }
    if wait is None:
        return words
    needed = wait.n_needed
    counts = "" if needed is None else count(wait.n_here, needed)
    forms = "" if needed is None else json.dumps(count_forms(), ensure_ascii=False)
    words |= {"paused": wait.paused, "message": wait.message, "counts": counts, "count_forms": forms}
    return {**words, "estimate": hope(estimate_of(participant, wait), time_left(wait))}


def sent_back(link: ParticipantLinkBarrier) -> str:
    """Why somebody waits to be grouped who had a group already; empty for everybody else."""
    if link.place_since is None:
        return ""
    return _(
        "Your earlier group could not go on, so we are looking for others for you. You keep your place in the queue and"
        " the credit that you have earned."
    )


def purpose(barrier: Any) -> str:
    """What is waited for; empty where only the barrier's rule knows."""
    size = getattr(barrier, "initial_group_size", None)
    if getattr(barrier, "forms_groups", False):
        return looking_for(size - 1 if isinstance(size, int) else 0)
    if getattr(barrier, "group_type", None) is not None:
        return _("We are waiting for the other members of your group.")
    return ""


def looking_for(n: int) -> str:
    """Whom a grouper looks for, in a number where it has one."""
    if n < 1:
        return _("We are looking for people to take part together with you.")
    return ngettext(
        "We are looking for {n} other person to take part together with you.",
        "We are looking for {n} other people to take part together with you.",
        n,
    ).format(n=n)


def count_form(n: int) -> str:
    """How that many are told to be here; with places for the two numbers."""
    return ngettext("{here} of {needed} is here", "{here} of {needed} are here", n)


def count(here: int, needed: int) -> str:
    """How many are here. Never more than are needed: that would be no news to who waits."""
    here = min(here, needed)
    return count_form(here).format(here=here, needed=needed)


def count_forms() -> dict[str, str]:
    """The forms of the count for a script, by a number that has the form; the last one is for all others, too."""
    forms = {str(n): count_form(n) for n in SAMPLES}
    usual = str(SAMPLES[-1])
    return {n: form for n, form in forms.items() if n == usual or form != forms[usual]}


def time_left(wait: Wait | None) -> float:
    """Seconds until the wait ends at the latest."""
    return math.inf if wait is None else (wait.until - timezone.now()).total_seconds()


def hope(estimate: Estimate, left: float = math.inf) -> str:
    """What may be said about how long it still takes, where so much time is left."""
    sentence = _hope(estimate)
    if estimate.seconds is None or estimate.seconds <= left:
        return sentence
    return " ".join([sentence, _("Your time may be up before that.")])


def _hope(estimate: Estimate) -> str:
    """How long it takes. A poor estimate is called so."""
    if estimate.seconds is None:
        if estimate.basis:
            return _("This is taking longer than usual.")
        return _("We cannot say yet how long it will take.")
    if estimate.certain:
        return _("Usually it goes on in {duration}.").format(duration=duration(estimate.seconds))
    return _("It probably goes on in {duration}, but that is a rough guess.").format(duration=rough(estimate.seconds))


def duration(seconds: int) -> str:
    """About how long, as part of a sentence."""
    if seconds < 10:
        return _("a few seconds")
    if seconds < 60:
        return ngettext("about {n} second", "about {n} seconds", seconds).format(n=seconds)
    minutes = round(seconds / 60)
    return ngettext("about {n} minute", "about {n} minutes", minutes).format(n=minutes)


def rough(seconds: int) -> str:
    """Only roughly how long: a number would claim to know more."""
    if seconds < 60:
        return _("less than a minute")
    if seconds < 300:
        return _("a few minutes")
    return duration(seconds)


def more_time(seconds: float) -> str:
    """What the button says that asks for so much more time."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes and not rest:
        return ngettext("Wait {n} more minute", "Wait {n} more minutes", minutes).format(n=minutes)
    n = round(seconds)
    return ngettext("Wait {n} more second", "Wait {n} more seconds", n).format(n=n)


def clock(seconds: float) -> str:
    """A time span as clocks show it: 0:07, 12:30, 1:02:05. The same digits in every language."""
    minutes, second = divmod(max(0, math.floor(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"

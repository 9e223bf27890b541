"""Why nobody moves at a barrier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import registry
from .causes import ends, failing, fails, is_held, lack, nobody_at_work, paused
from .facts import Fact, Level
from .groups import facts_at_barrier, group_paused, named
from .looks import Look, Numbers
from .times import in_words, moment

#: How many groups, and how many people, a barrier's explanation names.
NAMED = 10


def facts_of_barrier(look: Look, barrier_id: str) -> list[Fact]:
    """Everything that keeps those who wait there, the switch first and the end of the time last."""
    return list(_facts(look, barrier_id))


def _facts(look: Look, barrier_id: str) -> Iterator[Fact]:
    barrier, record = registry.find(barrier_id), look.records.get(barrier_id)
    numbers = look.numbers_at(barrier_id)
    if barrier is None:
        yield undeclared(barrier_id)
    yield from paused(record)
    if not numbers.n:
        yield Fact("empty", _("Nobody waits here."))
        yield from nobody_at_work(look, barrier_id, None)
        return
    yield who_waits(numbers, look)
    if barrier is not None and barrier.per_group:
        yield from _groups(look, barrier)
    elif barrier is not None:
        yield from _pool(look, barrier)
        yield from failing(look, record, barrier_id)
    yield from nobody_at_work(look, barrier_id, numbers.deadline)
    yield from ends(look, barrier_id, numbers.deadline)


def undeclared(barrier_id: str) -> Fact:
    told = _(
        "'{barrier}' is not declared on this site, so that nobody is let through. Declare it again, or end the visits"
        " in the admin."
    )
    return Fact("undeclared", told.format(barrier=barrier_id), Level.ERROR)


def who_waits(numbers: Numbers, look: Look) -> Fact:
    """How many wait, and how many of them give no sign of life."""
    silent = numbers.quiet + numbers.gone
    if not silent:
        told = ngettext("{n} waits, present.", "{n} wait, all present.", numbers.n)
        return Fact("waiting", told.format(n=numbers.n))
    since = numbers.silent_since
    silence = in_words((look.now - since).total_seconds()) if since else "-"
    if numbers.gone and numbers.quiet:
        told = ngettext(
            "{n} waits, of them {quiet} quiet and {gone} gone, for up to {silence}.",
            "{n} wait, of them {quiet} quiet and {gone} gone, for up to {silence}.",
            numbers.n,
        )
    elif numbers.gone:
        told = ngettext(
            "{n} waits, of them {gone} gone for {silence}.", "{n} wait, of them {gone} gone for {silence}.", numbers.n
        )
    else:
        told = ngettext(
            "{n} waits, of them {quiet} quiet for {silence}.",
            "{n} wait, of them {quiet} quiet for {silence}.",
            numbers.n,
        )
    values = {"n": numbers.n, "quiet": numbers.quiet, "gone": numbers.gone, "silence": silence}
    return Fact("waiting", told.format(**values), Level.WARNING)


def _pool(look: Look, barrier: Any) -> Iterator[Fact]:
    """What the rule lacks of those who may be chosen."""
    links = [link for link in look.waiting_at(barrier.id) if link.participant.is_active]
    eligible = [link.participant for link in links if link.participant.is_present or not barrier.forms_groups]
    missing = lack(barrier, eligible)
    if isinstance(missing, Fact):
        yield missing
        return
    if missing.n:
        told = ngettext("Needs {n} more.", "Needs {n} more.", missing.n)
        yield Fact("needs", told.format(n=missing.n))
    yield from (Fact("rule", sentence) for sentence in missing.sentences)
    if missing.members:
        yield Fact("waits_for", _("Waits for {people}.").format(people=named(look, missing.members)))
    record = look.records.get(barrier.id)
    if not (missing.n or missing.members or missing.sentences or is_held(record) or fails(record)):
        yield _silent_rule(look, barrier, len(eligible))


def _silent_rule(look: Look, barrier: Any, eligible: int) -> Fact:
    """The rule could let somebody go, and does not; or has not been asked yet."""
    record = look.records.get(barrier.id)
    asked = record.last_processed if record else None
    minimum = barrier.minimum_waiting
    if eligible < minimum:
        told = _("The rule is asked once {minimum} wait.")
    elif asked is None or look.due_since(barrier.id):
        told = _("The rule is to be asked by the next pass.")
    elif barrier.recheck_interval:
        told = _("The rule was asked last at {time}, and let nobody go. It is asked again every {interval}.")
    else:
        told = _("The rule was asked last at {time}, and let nobody go. It is asked again when somebody comes or goes.")
    interval = in_words(barrier.recheck_interval or 0)
    return Fact("rule", told.format(minimum=minimum, time=moment(asked), interval=interval))


def _groups(look: Look, barrier: Any) -> Iterator[Fact]:
    """Which groups hold the barrier, in order of their arrival, and those who belong to none."""
    links = look.waiting_at(barrier.id)
    pks = list(dict.fromkeys(link.sync_group_id for link in links if link.sync_group_id))
    groups = [look.groups[pk] for pk in pks if pk in look.groups]
    for group in groups[:NAMED]:
        if is_held(group):
            yield group_paused(group)
        yield from facts_at_barrier(look, group, barrier)
    if len(groups) > NAMED:
        n = len(groups) - NAMED
        told = ngettext("{n} more group waits here.", "{n} more groups wait here.", n)
        yield Fact("more_groups", told.format(n=n))
    belonging = {link.pk for group in groups for link in look.waiting_at(barrier.id, group)}
    strays = [link.participant for link in links if link.pk not in belonging]
    if strays:
        told = _("In no active group of type '{type}', so that they wait for nobody: {people}.")
        people = named(look, strays[:NAMED])
        yield Fact("no_group", told.format(type=barrier.group_type, people=people), Level.WARNING)

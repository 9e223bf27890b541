"""Around everything that a researcher does: a reason, locks, a look at what they saw, and an entry in the audit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from .. import processing
from ..exceptions import NothingToDo, ReasonRequired
from ..models import AbstractParticipant, AuditEntry, BarrierRecord, SyncGroup
from ..processing import Unit
from ..states import PassOutcome, Verb
from ..tasks import ring
from .facts import Facts, facts_of, facts_of_all, keys_of, require_as_seen, require_known


def name_of(user: Any) -> str:
    """Who somebody is in the audit: their user name, or as much of it as is stored."""
    longest = AuditEntry._meta.get_field("by").max_length
    return str(user.get_username())[:longest]


def carry_out(
    verb: Verb,
    row: Any,
    act: Callable[[], Any],
    *,
    reason: str,
    by: str,
    seen: Facts | None = None,
    records: Collection[tuple[str, str]] = (),
    groups: Collection[SyncGroup] = (),
    people: Collection[Any] = (),
    why_not: str = "",
    heeded: Collection[str] = (),
    whom: AbstractParticipant | None = None,
    also: Sequence[Any] = (),
    **details: Any,
) -> AuditEntry:
    """Do one thing to one row, and write that down, in one transaction.

    Parameters
    ----------
    row
        A barrier's record need not be stored yet.
    act
        Does it. Answers nothing that is true where there was nothing to do, if there is a sentence `why_not` that says
        so. A group that it answers is what has come to be: it is noted, with what is so of it.
    seen
        What the researcher saw of the row, as `facts_of` told it; None where that does not matter.
    heeded
        Which facts count as seen or not; all of them unless given.
    records, groups, people
        What to lock before the look: barriers with their cohorts, groups, primary keys of participants.
    whom
        The participant to whom it is done, where `row` is their group.
    also
        Further rows, of one kind, that it is done to: each has an entry of its own, by which it is found.
    details
        With what it is done; values that JSON knows.

    Raises `ReasonRequired`, `ImpossibleOrder`, `ChangedMeanwhile`, `NothingToDo`, and what `act` raises; then nothing
    has been done.
    """
    if not reason.strip():
        raise ReasonRequired(_("Say why. Nothing has been done."))

    def attempt(more: frozenset[int]) -> AuditEntry:
        there = _stored(row)
        processing.lock(records, {*(group.pk for group in groups), *more}, people)
        before, of_others = facts_of(there), facts_of_all(also)
        require_known(seen or {}, before)
        require_as_seen(there, _heeded(seen, heeded), before)
        done = act()
        if why_not and not done:
            raise NothingToDo(why_not)
        keys, after = keys_of(row) | ({"participant": whom} if whom else {}), facts_of(there)
        if isinstance(done, SyncGroup):
            keys["sync_group"], after = done, facts_of(done)
            before = dict.fromkeys(after, "")
        order = {"verb": verb, "by": by, "reason": reason.strip(), "details": details}
        now = facts_of_all(also)
        AuditEntry.objects.bulk_create(
            AuditEntry(**order, **keys_of(other), before=of_others[other.pk], after=now[other.pk]) for other in also
        )
        return AuditEntry.objects.create(**order, **keys, before=before, after=after)

    return processing.until_settled(attempt)


def _stored(row: Any) -> Any:
    """A barrier that no pass has been to has no record yet. Made within the transaction: not by what is refused."""
    missing = isinstance(row, BarrierRecord) and row.pk is None
    return processing.record_of(row.barrier_id, row.cohort) if missing else row


def how_it_went(entry: AuditEntry, outcome: PassOutcome) -> AuditEntry:
    """Add to the entry how the pass went that was asked for."""
    entry.details = {**entry.details, "outcome": outcome.value}
    entry.save(update_fields=["details"])
    return entry


def rung(woken: Collection[Unit]) -> bool:
    """Ring the doorbells of these units after the commit. True, for something has been done."""
    transaction.on_commit(partial(ring, woken))
    return True


def _heeded(seen: Facts | None, names: Collection[str]) -> Facts | None:
    return {name: seen[name] for name in names if name in seen} if seen and names else seen

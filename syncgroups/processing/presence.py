"""Signs of life, and what follows from their absence: present → quiet → gone, and back.

Down it goes by time alone, in the sweep. Up it goes by signs: one of somebody who is gone makes them quiet, and it
takes two in a row, one not too long after the other, to be present, so that a page that asks too seldom is quiet for
good and not now and then.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from ..models import AbstractParticipant, ParticipantLinkBarrier, PresenceInterval, all_participants
from ..prepared import Among, prepared
from ..querysets import ACTIVE, ParticipantQuerySet
from ..states import ParticipantStatus, Presence
from .units import Unit, wake

#: What comes after what, and which column says when.
LAPSES = (("quiet_at", Presence.PRESENT, Presence.QUIET), ("gone_at", Presence.QUIET, Presence.GONE))


def mark_seen(participant: AbstractParticipant, *, hidden: bool, quiet_after: float, gone_after: float) -> set[Unit]:
    """Store a sign of life, unless a pass is at work on the participant: then the next sign will do.

    Silence of so many seconds makes them quiet, and gone. Returns the units to process because they are
    back (woken already). Locks the participant.
    """
    quiet_at, gone_at = (Now() + timedelta(seconds=silence) for silence in (quiet_after, gone_after))
    with transaction.atomic():
        if _still_present(participant.pk, quiet_after).mark_seen(hidden, quiet_at=quiet_at, gone_at=gone_at):
            return set()
    with transaction.atomic():
        seen = _locked(participant.pk)
        if seen is None:
            return set()
        state = _after_a_sign(seen["presence"], seen["silence"], timedelta(seconds=quiet_after))
        all_participants().filter(pk=participant.pk).mark_seen(
            hidden,
            presence=state,
            quiet_at=quiet_at if state == Presence.PRESENT else None,
            gone_at=gone_at,
        )
        if state != seen["presence"] or seen["silence"] is None:
            _begin([participant.pk], state)
        back = state == Presence.PRESENT != seen["presence"]
        return _wake_pools([participant.pk]) if back else set()


def _still_present(pk: Any, quiet_after: float) -> ParticipantQuerySet:
    """The participant, if present until now, and not locked: for nearly every sign one statement is enough."""
    lately = Now() - timedelta(seconds=quiet_after)
    there = all_participants().active().present().filter(pk=pk, last_seen_at__gt=lately)
    # An UPDATE by itself would wait for the pass.
    return all_participants().filter(pk__in=there.select_for_update(skip_locked=True, no_key=True).values("pk")[:1])


def _after_a_sign(presence: str, silence: timedelta | None, quiet_after: timedelta) -> str:
    """What somebody is by a sign of life after such a silence; None where it is the first one."""
    if silence is not None and silence < quiet_after:
        return Presence.PRESENT
    return Presence.QUIET if presence == Presence.GONE else presence


def _locked(pk: Any) -> Any:
    """The participant's presence, and for how long there was no sign; None if they are locked, or have ended."""
    silence = ExpressionWrapper(Now() - F("last_seen_at"), output_field=DurationField())
    people = all_participants().active().filter(pk=pk).annotate(silence=silence)
    return people.select_for_update(skip_locked=True, no_key=True).values("presence", "silence").first()


def _wake_pools(pks: Collection[Any]) -> set[Unit]:
    """Where these wait to be matched the rule sees others than before."""
    links = ParticipantLinkBarrier.objects.waiting().filter(participant__in=pks, sync_group__isnull=True).order_by()
    units = {Unit(*place) for place in links.values_list("barrier_id", "cohort").distinct()}
    wake(units)
    return units


def let_lapse(*, limit: int) -> None:
    """Those who have been silent for too long are quiet, or gone. Locks them, but for those that others have locked.

    Costs the same however many are there: it asks only for those who are due.
    """
    for column, before, after in LAPSES:
        pks = _due(column=column, limit=limit)
        if pks:
            with transaction.atomic():
                _end_of_the_ended(pks)
                silent = _silent(pks, column=column, before=before)
                all_participants().filter(pk__in=silent).update(**{"presence": after, column: None})
                _begin(silent, after)
                _wake_pools(silent)


def put_presence_right(after: Any, *, limit: int | None) -> Any:
    """End the presence of those whom the site ended by writing to their rows: of the next `limit` of whom something is
    known, in order of primary key. Returns the last of those, and None at the end. Locks whom it finds.
    """
    known = list(_known(after, limit=limit))
    ended = [pk for pk, status, failed in known if failed or status != ParticipantStatus.WORKING]
    if ended:
        with transaction.atomic():
            _end_of_the_ended(ended)
    return known[-1][0] if limit and len(known) == limit else None


def _known(after: Any, *, limit: int | None) -> Any:
    """Of whom it is known how present they are."""
    beyond = {} if after is None else {"participant__gt": after}
    going_on = PresenceInterval.objects.filter(ended_at=None, **beyond).order_by("participant_id")
    return going_on.values_list("participant_id", "participant__status", "participant__failed")[:limit]


def _end_of_the_ended(pks: Collection[Any]) -> None:
    """Of those of them who take part no longer nothing is known any longer, and nothing is to come."""
    ended = list(_ended(pks))
    if ended:
        all_participants().filter(pk__in=ended).update(quiet_at=None, gone_at=None)
        end_presence(ended)


@prepared
def _ended(pks: Any) -> Any:
    ended = all_participants().filter(Among("pk", pks)).exclude(ACTIVE).order_by("pk")
    return ended.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)


@prepared
def _due(*, column: str, limit: int) -> Any:
    due = all_participants().filter(**{f"{column}__lte": Now()})
    return due.order_by(column).values_list("pk", flat=True)[:limit]


@prepared
def _silent(pks: Any, *, column: str, before: str) -> Any:
    due = all_participants().active().filter(Among("pk", pks), **{f"{column}__lte": Now(), "presence": before})
    return due.order_by("pk").select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)


def _begin(pks: Collection[Any], state: str) -> None:
    """These locked participants are, from now on, in that state."""
    end_presence(pks)
    PresenceInterval.objects.bulk_create(PresenceInterval(participant_id=pk, state=state) for pk in pks)


def end_presence(pks: Collection[Any]) -> None:
    """Nothing is known of these locked participants from now on."""
    PresenceInterval.objects.filter(participant__in=pks, ended_at=None).update(ended_at=Now())

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
from ..states import Presence
from .units import Unit, wake

#: What comes after what, and which column says when.
LAPSES = (("quiet_at", Presence.PRESENT, Presence.QUIET), ("gone_at", Presence.QUIET, Presence.GONE))


def mark_seen(participant: AbstractParticipant, *, hidden: bool, quiet_after: float, gone_after: float) -> set[Unit]:
    """Store a sign of life, unless a pass is at work on the participant: then the next sign will do.

    Silence of so many seconds makes them quiet, and gone. Returns the units to process because they are
    back (woken already). Locks the participant.
    """
    with transaction.atomic():
        seen = _locked(participant.pk)
        if seen is None:
            return set()
        state = _after_a_sign(seen["presence"], seen["silence"], timedelta(seconds=quiet_after))
        all_participants().filter(pk=participant.pk).mark_seen(
            hidden,
            presence=state,
            quiet_at=Now() + timedelta(seconds=quiet_after) if state == Presence.PRESENT else None,
            gone_at=Now() + timedelta(seconds=gone_after),
        )
        if state != seen["presence"] or seen["silence"] is None:
            _begin([participant.pk], state)
        back = state == Presence.PRESENT != seen["presence"]
        return _wake_pools([participant.pk]) if back else set()


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
                silent = _silent(pks, column=column, before=before)
                all_participants().filter(pk__in=silent).update(**{"presence": after, column: None})
                _begin(silent, after)
                _wake_pools(silent)


@prepared
def _due(*, column: str, limit: int) -> Any:
    due = all_participants().filter(**{f"{column}__lte": Now()})
    return due.order_by(column).values_list("pk", flat=True)[:limit]


@prepared
def _silent(pks: Any, *, column: str, before: str) -> Any:
    due = all_participants().filter(Among("pk", pks), **{f"{column}__lte": Now(), "presence": before})
    return due.order_by("pk").select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)


def _begin(pks: Collection[Any], state: str) -> None:
    """These locked participants are, from now on, in that state."""
    end_presence(pks)
    PresenceInterval.objects.bulk_create(PresenceInterval(participant_id=pk, state=state) for pk in pks)


def end_presence(pks: Collection[Any]) -> None:
    """Nothing is known of these locked participants from now on."""
    PresenceInterval.objects.filter(participant__in=pks, ended_at=None).update(ended_at=Now())

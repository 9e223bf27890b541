"""Promises about participants: what they have earned, and what is known of their presence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum, Window
from django.db.models.functions import Abs, Coalesce, Lead
from django.utils.translation import gettext_lazy as _

from ..models import ParticipantLinkBarrier, PresenceInterval, all_participants
from ..querysets import ACTIVE
from ..states import Presence
from .cures import BY_HAND
from .promises import Promise

#: Seconds by which sums may be off, and the part of a sum: floating-point numbers are added in another order.
TOLERANCE, RELATIVE = 0.01, 1e-9

#: Within which one interval follows the other: two statements of one transaction.
AT_ONCE = timedelta(seconds=1)

INTERVALS = PresenceInterval.objects
PERSON = {"participant": "public_id"}
INTERVAL = {"participant": "participant__public_id", "state": "state", "began": "began_at", "ended": "ended_at"}


def _badly_credited(_: timedelta) -> Any:
    visits = ParticipantLinkBarrier.objects.filter(participant=OuterRef("pk")).order_by().values("participant")
    earned = Coalesce(Subquery(visits.annotate(total=Sum("time_credit")).values("total")), 0.0)
    people = all_participants().annotate(earned=earned, off=Abs(F("time_credit") - earned))
    return people.filter(off__gt=TOLERANCE + F("earned") * RELATIVE)


def _overlapping(_: timedelta) -> Any:
    following = Window(Lead("began_at"), partition_by="participant", order_by=["began_at", "pk"])
    intervals = INTERVALS.annotate(following=following).filter(following__isnull=False)
    return intervals.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=F("following") + AT_ONCE))


def _torn(_: timedelta) -> Any:
    """What follows on itself, or after a while of nothing."""
    following = Window(Lead("began_at"), partition_by="participant", order_by=["began_at", "pk"])
    state = Window(Lead("state"), partition_by="participant", order_by=["began_at", "pk"])
    intervals = INTERVALS.annotate(following=following, next_state=state).filter(following__isnull=False)
    return intervals.filter(Q(following__gt=F("ended_at") + AT_ONCE) | Q(next_state=F("state")))


def _not_looked_for(_: timedelta) -> Any:
    """Of those who are present silence makes quiet, of those who are quiet, gone."""
    present = Q(presence=Presence.PRESENT, quiet_at__isnull=False, gone_at__gte=F("quiet_at"))
    quiet = Q(presence=Presence.QUIET, quiet_at__isnull=True, gone_at__isnull=False)
    gone = Q(presence=Presence.GONE, quiet_at__isnull=True, gone_at__isnull=True)
    return all_participants().filter(ACTIVE, last_seen_at__isnull=False).exclude(present | quiet | gone)


def _left_open(_: timedelta) -> Any:
    return INTERVALS.filter(ended_at=None).exclude(participant__in=all_participants().filter(ACTIVE).values("pk"))


def _at_odds(_: timedelta) -> Any:
    """Of those of whom nothing has been heard there is no interval."""
    going_on = INTERVALS.filter(participant=OuterRef("pk"), ended_at=None)
    told = Exists(going_on.filter(state=OuterRef("presence")))
    return all_participants().filter(ACTIVE, ~told, last_seen_at__isnull=False)


PROMISES = [
    Promise(
        "credit_is_what_was_earned",
        _badly_credited,
        _("Participant %(participant)s has a credit of %(credit)s s, and earned %(earned)s s by waiting."),
        {**PERSON, "credit": "time_credit", "earned": "earned"},
        _("Keep credit of other kinds elsewhere. Set the participant's time_credit to the sum of that of the visits."),
    ),
    Promise(
        "presence_is_one_at_a_time",
        _overlapping,
        _("Participant %(participant)s is %(state)s from %(began)s to %(ended)s, and something else before that ends."),
        INTERVAL,
        BY_HAND,
        cohort="participant__cohort",
    ),
    Promise(
        "presence_is_told_without_a_gap",
        _torn,
        _("Participant %(participant)s is %(state)s from %(began)s to %(ended)s, and then the same, or nothing."),
        INTERVAL,
        BY_HAND,
        cohort="participant__cohort",
    ),
    Promise(
        "silence_has_a_consequence",
        _not_looked_for,
        _("Participant %(participant)s is %(presence)s, and silence would have no, or another, consequence."),
        {**PERSON, "presence": "presence"},
        _("The next sign of life puts that right. Never write to the columns of presence, but call note_presence()."),
    ),
    Promise(
        "presence_ends_after_it_began",
        lambda _: INTERVALS.filter(ended_at__lt=F("began_at")),
        _("Participant %(participant)s is %(state)s from %(began)s to %(ended)s, which is before."),
        INTERVAL,
        BY_HAND,
        cohort="participant__cohort",
    ),
    Promise(
        "presence_ends_with_the_participation",
        _left_open,
        _("Participant %(participant)s takes part no longer, and is %(state)s since %(began)s without an end."),
        INTERVAL,
        _(
            "End participations by participant.fail(), leave() or finish(), never by writing to the row. Look whether a"
            " worker and a beat are running: the sweep ends the interval."
        ),
        cohort="participant__cohort",
        mended=True,
    ),
    Promise(
        "presence_is_told",
        _at_odds,
        _("Participant %(participant)s is %(presence)s, and no interval that goes on says so."),
        {**PERSON, "presence": "presence"},
        BY_HAND,
    ),
]

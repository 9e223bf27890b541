"""Promises about visits: how they end, what they earn, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from .. import registry
from ..models import ParticipantLinkBarrier, ParticipantLinkSyncGroup
from ..querysets import InSeconds
from ..states import LinkState
from .cures import BY_HAND, END_PROPERLY
from .promises import TICK, Promise

#: Seconds by which sums of floating-point numbers may be off.
TOLERANCE = 0.01

VISITS = ParticipantLinkBarrier.objects

#: What is said of a visit.
NAMES = {"visit": "public_id", "participant": "participant__public_id", "barrier": "barrier_id"}


def _open_twice(_: timedelta) -> Any:
    earlier = VISITS.waiting().filter(participant=OuterRef("participant"), barrier_id=OuterRef("barrier_id"))
    return VISITS.waiting().filter(Exists(earlier.filter(pk__lt=OuterRef("pk"))))


def _made_twice(_: timedelta) -> Any:
    earlier = VISITS.filter(participant=OuterRef("participant"), barrier_id=OuterRef("barrier_id"))
    return VISITS.filter(Exists(earlier.filter(visit=OuterRef("visit"), pk__lt=OuterRef("pk"))), visit__isnull=False)


def _badly_ended(_: timedelta) -> Any:
    ended = ~Q(state=LinkState.WAITING) & Q(departure_time__gt=F("arrival_time") - TICK)
    good = Q(state=LinkState.WAITING, departure_time__isnull=True) | ended
    return VISITS.exclude(good & Q(state__in=LinkState.values))


def _badly_earned(_: timedelta) -> Any:
    return VISITS.filter(Q(time_credit__lt=0) | (Q(state=LinkState.WAITING) & ~Q(time_credit=0)))


def _badly_spent(_: timedelta) -> Any:
    """Visits that ended before there was a ledger have nothing in it."""
    parts = ("waited_for_match", "waited_for_others", "paused_for")
    spent = F("waited_for_match") + F("waited_for_others") + F("paused_for")
    off = spent - InSeconds(F("departure_time") - F("arrival_time"))
    negative = Q(*((f"{part}__lt", 0) for part in parts), _connector=Q.OR)
    early = Q(state=LinkState.WAITING) & ~Q(waited_for_match=0, waited_for_others=0)
    wrong = (Q(off__gt=TOLERANCE) | Q(off__lt=-TOLERANCE)) & ~Q(waited_for_match=0, waited_for_others=0, paused_for=0)
    return VISITS.annotate(off=off).filter(negative | early | wrong)


def _of_wrong_group(_: timedelta) -> Any:
    """Visits from before a barrier went by groups belong to none, and end at their deadlines."""
    wrong = Q(pk__in=[])
    for barrier in registry.all_barriers():
        if barrier.per_group:
            wrong |= Q(barrier_id=barrier.id) & ~Q(sync_group__group_type=barrier.group_type)
    return VISITS.waiting().filter(wrong, sync_group__isnull=False)


def _of_no_member(_: timedelta) -> Any:
    """Who waited with a group that was closed may go on to do so, and is told that they have none."""
    members = ParticipantLinkSyncGroup.objects.active().filter(participant=OuterRef("participant"))
    with_it = Exists(members.filter(sync_group=OuterRef("sync_group")))
    return VISITS.waiting().filter(~with_it, sync_group__active=True)


def _overpaid(_: timedelta) -> Any:
    measured = [barrier.id for barrier in registry.all_barriers() if barrier.fixed_credit is None]
    most = InSeconds(F("deadline") - F("arrival_time"))
    return VISITS.annotate(most=most).filter(barrier_id__in=measured, time_credit__gt=F("most") + TOLERANCE)


def _misplaced(_: timedelta) -> Any:
    """Of those who wait: a barrier may have been a grouper before."""
    without_queue = [barrier.id for barrier in registry.all_barriers() if not barrier.forms_groups]
    return VISITS.waiting().filter(barrier_id__in=without_queue, place_since__isnull=False)


def _of_another_cohort(_: timedelta) -> Any:
    in_group = Q(sync_group__isnull=True) | Q(sync_group__cohort=F("cohort"))
    return VISITS.exclude(in_group & Q(participant__cohort=F("cohort")))


def _of_the_gone(_: timedelta) -> Any:
    return VISITS.waiting().exclude(pk__in=VISITS.waiting().by_active_participants().values("pk"))


PROMISES = [
    Promise(
        "one_open_visit",
        _open_twice,
        _("Participant %(participant)s waits at '%(barrier)s' more than once: visit %(visit)s is one too many."),
        NAMES,
        BY_HAND,
    ),
    Promise(
        "visits_happen_once",
        _made_twice,
        _("Participant %(participant)s has made visit '%(name)s' to '%(barrier)s' twice: visit %(visit)s is too many."),
        {**NAMES, "name": "visit"},
        BY_HAND,
    ),
    Promise(
        "ended_visits_have_outcome_and_time",
        _badly_ended,
        _(
            "Visit %(visit)s of participant %(participant)s to '%(barrier)s' is '%(state)s', arrived at %(arrival)s and"
            " departed at %(departure)s: that cannot be."
        ),
        {**NAMES, "state": "state", "arrival": "arrival_time", "departure": "departure_time"},
        BY_HAND,
    ),
    Promise(
        "waits_have_time",
        lambda _: VISITS.filter(deadline__lte=F("arrival_time")),
        _("Visit %(visit)s of participant %(participant)s to '%(barrier)s' was to end before it began."),
        NAMES,
        BY_HAND,
    ),
    Promise(
        "credit_comes_with_the_end",
        _badly_earned,
        _(
            "Visit %(visit)s of participant %(participant)s to '%(barrier)s' has a credit of %(credit)s s, and is"
            " '%(state)s'."
        ),
        {**NAMES, "credit": "time_credit", "state": "state"},
        BY_HAND,
    ),
    Promise(
        "credit_can_be_earned",
        _overpaid,
        _(
            "Visit %(visit)s of participant %(participant)s to '%(barrier)s' has a credit of %(credit)s s, and could"
            " earn %(most)s s at most."
        ),
        {**NAMES, "credit": "time_credit", "most": "most"},
        _("Give a barrier another id when it has a fixed credit no longer. Otherwise put the credit right by hand."),
    ),
    Promise(
        "ledgers_add_up",
        _badly_spent,
        _(
            "Visit %(visit)s of participant %(participant)s to '%(barrier)s' was spent on a match for %(match)s s, on"
            " others for %(others)s s and paused for %(paused)s s: that is not the time that it took."
        ),
        {**NAMES, "match": "waited_for_match", "others": "waited_for_others", "paused": "paused_for"},
        BY_HAND,
    ),
    Promise(
        "places_are_kept",
        lambda _: VISITS.filter(place_since__gt=F("arrival_time")),
        _("Visit %(visit)s of participant %(participant)s to '%(barrier)s' has its place since after it began."),
        NAMES,
        BY_HAND,
    ),
    Promise(
        "places_are_in_queues",
        _misplaced,
        _("Visit %(visit)s of participant %(participant)s has a place in a queue, and '%(barrier)s' forms no groups."),
        NAMES,
        BY_HAND,
    ),
    Promise(
        "members_wait_with_their_group",
        _of_no_member,
        _(
            "Participant %(participant)s waits at '%(barrier)s' with group %(group)s, and is no member of it (visit"
            " %(visit)s)."
        ),
        {**NAMES, "group": "sync_group__public_id"},
        _("End memberships in the admin, or by leave() of the group, never by writing to the row. Release the visit."),
    ),
    Promise(
        "groups_wait_where_they_pass",
        _of_wrong_group,
        _("Visit %(visit)s of participant %(participant)s to '%(barrier)s' is with a group of type '%(type)s'."),
        {**NAMES, "type": "sync_group__group_type"},
        _("Give a barrier another id when its group type changes. Release the visit, or let it end at its deadline."),
    ),
    Promise(
        "visits_stay_in_their_cohort",
        _of_another_cohort,
        _(
            "Visit %(visit)s of participant %(participant)s to '%(barrier)s' is of cohort '%(cohort)s', and the"
            " participant or the group is not."
        ),
        {**NAMES, "cohort": "cohort"},
        _("Let nobody change their cohort: make a new participant. Cohorts have met that never should."),
    ),
    Promise(
        "only_those_wait_who_take_part",
        _of_the_gone,
        _("Participant %(participant)s takes part no longer, and waits at '%(barrier)s' (visit %(visit)s)."),
        NAMES,
        END_PROPERLY,
        mended=True,
    ),
]

"""Promises that a sweep keeps: what is due is done. A sweep that comes late is allowed for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .. import registry
from ..barriers import GroupBarrier
from ..models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
    all_participants,
)
from ..states import ParticipantStatus
from .cures import BY_HAND, SWEEP
from .promises import Promise

CALL = {"barrier": "barrier_id", "cohort": "cohort", "due": "due_at"}


def _unpaused(rows: Any) -> Any:
    paused = BarrierRecord.objects.paused().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    held = SyncGroup.objects.paused().filter(pk=OuterRef("sync_group"))
    return rows.filter(~Exists(paused), ~Exists(held))


def _declared() -> list[str]:
    return [barrier.id for barrier in registry.all_barriers()]


def _overdue(allowance: timedelta) -> Any:
    return _unpaused(ParticipantLinkBarrier.objects.waiting().filter(deadline__lte=Now() - allowance))


def _unserved(allowance: timedelta) -> Any:
    return _unpaused(WakeUp.objects.filter(due_at__lte=Now() - allowance, barrier_id__in=_declared()))


def _orphaned(allowance: timedelta) -> Any:
    return WakeUp.objects.filter(due_at__lte=Now() - allowance).exclude(barrier_id__in=_declared())


def _forgotten(allowance: timedelta) -> Any:
    """Groups that could go, and at which no call will have anybody look. Of each the first of its visits.

    Only where the rule is the plain one: others may hold a group that is complete for what is not in the database.
    """
    here = ParticipantLinkBarrier.objects.waiting().filter(
        participant=OuterRef("participant"), barrier_id=OuterRef(OuterRef("barrier_id"))
    )
    members = ParticipantLinkSyncGroup.objects.active().filter(sync_group=OuterRef("sync_group"))
    taking_part = members.filter(participant__failed=False, participant__status=ParticipantStatus.WORKING)
    missing = taking_part.filter(~Exists(here.filter(arrival_time__lte=Now() - allowance)))
    calls = WakeUp.objects.filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    called = Exists(calls.filter(Q(sync_group=OuterRef("sync_group")) | Q(sync_group__isnull=True)))
    visits = ParticipantLinkBarrier.objects.waiting()
    earlier = visits.filter(sync_group=OuterRef("sync_group"), barrier_id=OuterRef("barrier_id"), pk__lt=OuterRef("pk"))
    complete = visits.filter(~Exists(missing), barrier_id__in=_plain(), sync_group__active=True)
    enough = Q(sync_group__n_active_participants__gte=F("sync_group__min_group_size"))
    return _unpaused(complete.filter(~Exists(earlier), ~called, enough))


def _plain() -> list[str]:
    """Barriers at which a group goes when all are here, whatever else."""
    rule = ("choose_who_to_release", "is_below_minimum")
    groups = [barrier for barrier in registry.all_barriers() if isinstance(barrier, GroupBarrier)]
    return [b.id for b in groups if all(getattr(type(b), name) is getattr(GroupBarrier, name) for name in rule)]


def _recorded_twice(_: timedelta) -> Any:
    earlier = BarrierRecord.objects.filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    return BarrierRecord.objects.filter(Exists(earlier.filter(pk__lt=OuterRef("pk"))))


def _silent(allowance: timedelta) -> Any:
    return all_participants().filter(Q(quiet_at__lte=Now() - allowance) | Q(gone_at__lte=Now() - allowance))


PROMISES = [
    Promise(
        "waits_end_in_time",
        _overdue,
        _(
            "Participant %(participant)s should have been let go from '%(barrier)s' (cohort '%(cohort)s') at"
            " %(deadline)s, and still waits (visit %(visit)s)."
        ),
        {
            "visit": "public_id",
            "participant": "participant__public_id",
            "barrier": "barrier_id",
            "cohort": "cohort",
            "deadline": "deadline",
        },
        SWEEP,
    ),
    Promise(
        "calls_are_served",
        _unserved,
        _("A call for '%(barrier)s' (cohort '%(cohort)s') has been due since %(due)s, and nobody has come."),
        CALL,
        SWEEP,
    ),
    Promise(
        "calls_are_for_declared_barriers",
        _orphaned,
        _("A call for '%(barrier)s' (cohort '%(cohort)s'), due since %(due)s, is for a barrier that is not declared."),
        CALL,
        _("Declare the barrier again until nobody waits there, or delete its wake-ups if nobody does."),
    ),
    Promise(
        "nobody_is_forgotten",
        _forgotten,
        _(
            "Group %(group)s is complete at '%(barrier)s' (cohort '%(cohort)s'), and no call is there to let it go: it"
            " would wait until %(deadline)s."
        ),
        {
            "group": "sync_group__public_id",
            "barrier": "barrier_id",
            "cohort": "cohort",
            "deadline": "deadline",
        },
        _("Choose 'Try again now' for the group in the admin. Never delete wake-ups of barriers that are declared."),
    ),
    Promise(
        "barriers_have_one_record",
        _recorded_twice,
        _("Barrier '%(barrier)s' has more than one record for cohort '%(cohort)s'."),
        {"barrier": "barrier_id", "cohort": "cohort"},
        BY_HAND,
    ),
    Promise(
        "silence_is_noticed",
        _silent,
        _("Participant %(participant)s has been silent since %(seen)s, and is still taken to be %(presence)s."),
        {"participant": "public_id", "seen": "last_seen_at", "presence": "presence"},
        SWEEP,
    ),
]

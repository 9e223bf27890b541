"""Promises about people: who takes part no longer is nowhere, and cohorts never mix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q

from syncgroups.models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup, all_participants
from syncgroups.prepared import prepared
from syncgroups.querysets import ACTIVE
from syncgroups.states import ParticipantStatus

INACTIVE = Q(participant__failed=True) | ~Q(participant__status=ParticipantStatus.WORKING)


def nobody_waits_or_is_a_member_who_takes_part_no_longer() -> Iterator[str]:
    for (person,) in _waiting_ghosts():
        yield f"Participant {person} takes part no longer, and waits."
    for (person,) in _member_ghosts():
        yield f"Participant {person} takes part no longer, and is in a group."
    for group, leader in _leading_ghosts():
        yield f"Participant {leader} takes part no longer, and leads group {group}."


@prepared
def _waiting_ghosts() -> Any:
    return ParticipantLinkBarrier.objects.waiting().filter(INACTIVE).values_list("participant")


@prepared
def _member_ghosts() -> Any:
    return ParticipantLinkSyncGroup.objects.active().filter(INACTIVE).values_list("participant")


@prepared
def _leading_ghosts() -> Any:
    gone = all_participants().exclude(ACTIVE)
    return SyncGroup.objects.active().filter(leader__in=gone.values("pk")).values_list("pk", "leader")


def cohorts_never_mix() -> Iterator[str]:
    for (link,) in _mixed_memberships():
        yield f"Membership {link} is in a group of another cohort."
    for (visit,) in _mixed_visits():
        yield f"Visit {visit} is of another cohort than its participant or its group."


@prepared
def _mixed_memberships() -> Any:
    links = ParticipantLinkSyncGroup.objects.exclude(participant__cohort=F("sync_group__cohort"))
    return links.values_list("pk")


@prepared
def _mixed_visits() -> Any:
    in_group = Q(sync_group__isnull=True) | Q(sync_group__cohort=F("cohort"))
    return ParticipantLinkBarrier.objects.exclude(in_group & Q(participant__cohort=F("cohort"))).values_list("pk")

"""Promises about groups and memberships."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from ..models import ParticipantLinkSyncGroup, SyncGroup
from .cures import BY_HAND, RECOUNT
from .promises import TICK, Promise

GROUPS, MEMBERSHIPS = SyncGroup.objects, ParticipantLinkSyncGroup.objects

#: What is said of a group, and of a membership, which has no public id of its own.
GROUP = {"group": "public_id", "type": "group_type"}
MEMBER = {"participant": "participant__public_id", "group": "sync_group__public_id", "type": "group_type"}


def _member_twice(_: timedelta) -> Any:
    earlier = MEMBERSHIPS.active().filter(participant=OuterRef("participant"), pk__lt=OuterRef("pk"))
    same = earlier.filter(sync_group__group_type=OuterRef("sync_group__group_type"))
    return MEMBERSHIPS.active().filter(Exists(same))


def _badly_ended(_: timedelta) -> Any:
    standing = Q(active=True, departure_time__isnull=True)
    return MEMBERSHIPS.exclude(standing | Q(active=False, departure_time__gt=F("arrival_time") - TICK))


def _in_another_cohort(_: timedelta) -> Any:
    return MEMBERSHIPS.exclude(participant__cohort=F("sync_group__cohort"))


def _of_the_gone(_: timedelta) -> Any:
    standing = MEMBERSHIPS.active()
    return standing.filter(Q(participant__failed=True) | ~Q(participant__status="working"))


def _oversized(_: timedelta) -> Any:
    groups = GROUPS.annotate(n=Count("participant_links", filter=Q(participant_links__active=True)))
    return groups.filter(n__gt=F("max_group_size"))


def _badly_sized(_: timedelta) -> Any:
    in_order = Q(min_group_size__gte=1, initial_group_size__gte=F("min_group_size"))
    return GROUPS.exclude(in_order & (Q(max_group_size__isnull=True) | Q(max_group_size__gte=F("initial_group_size"))))


def _miscounted(_: timedelta) -> Any:
    counted: Any = GROUPS.active().with_true_count()
    return counted.exclude(true_count=F("n_active_participants"))


def _badly_led(_: timedelta) -> Any:
    members = MEMBERSHIPS.active().filter(sync_group=OuterRef("pk"), participant=OuterRef("leader"))
    active = members.filter(participant__failed=False, participant__status="working")
    counted: Any = GROUPS.active().with_true_count()
    return counted.filter(~Exists(active), true_count__gt=0)


def _badly_closed(_: timedelta) -> Any:
    standing = Exists(MEMBERSHIPS.active().filter(sync_group=OuterRef("pk")))
    no_end = Q(active=True, end_time__isnull=False) | Q(active=False, end_time__isnull=True)
    return GROUPS.filter(no_end | (Q(active=False) & standing))


def _empty(_: timedelta) -> Any:
    counted: Any = GROUPS.active().with_true_count()
    return counted.filter(true_count=0)


PROMISES = [
    Promise(
        "closed_groups_are_not_paused",
        lambda _: GROUPS.paused().filter(active=False),
        _("Group %(group)s is closed, and still paused by %(by)s."),
        {**GROUP, "by": "paused_by"},
        BY_HAND,
    ),
    Promise(
        "one_active_group_per_type",
        _member_twice,
        _(
            "Participant %(participant)s is in several active groups of type '%(type)s': group %(group)s is one too"
            " many."
        ),
        MEMBER,
        BY_HAND,
        cohort="sync_group__cohort",
    ),
    Promise(
        "memberships_repeat_the_type",
        lambda _: MEMBERSHIPS.exclude(group_type=F("sync_group__group_type")),
        _(
            "The membership of participant %(participant)s in group %(group)s says type '%(type)s', the group says"
            " '%(own)s'."
        ),
        {**MEMBER, "own": "sync_group__group_type"},
        BY_HAND,
        cohort="sync_group__cohort",
    ),
    Promise(
        "ended_memberships_have_a_time",
        _badly_ended,
        _("The membership of participant %(participant)s in group %(group)s has no time of its end, or no end."),
        MEMBER,
        BY_HAND,
        cohort="sync_group__cohort",
    ),
    Promise(
        "groups_stay_in_their_cohort",
        _in_another_cohort,
        _("Participant %(participant)s, of cohort '%(own)s', is or was in group %(group)s of cohort '%(cohort)s'."),
        {**MEMBER, "own": "participant__cohort", "cohort": "sync_group__cohort"},
        _("Let nobody change their cohort: make a new participant. Cohorts have met that never should."),
        cohort="sync_group__cohort",
    ),
    Promise(
        "only_those_are_members_who_take_part",
        _of_the_gone,
        _("Participant %(participant)s takes part no longer, and is an active member of group %(group)s."),
        MEMBER,
        RECOUNT,
        cohort="sync_group__cohort",
        mended=True,
    ),
    Promise(
        "sizes_are_in_order",
        _badly_sized,
        _("Group %(group)s has the sizes %(min)s, %(initial)s and %(max)s: the next one must not be smaller."),
        {**GROUP, "min": "min_group_size", "initial": "initial_group_size", "max": "max_group_size"},
        BY_HAND,
    ),
    Promise(
        "no_group_is_too_large",
        _oversized,
        _("Group %(group)s has %(n)s members, and may have %(max)s."),
        {**GROUP, "n": "n", "max": "max_group_size"},
        BY_HAND,
    ),
    Promise(
        "groups_are_counted_right",
        _miscounted,
        _("Group %(group)s has %(n)s active members, and is stored as having %(stored)s."),
        {**GROUP, "n": "true_count", "stored": "n_active_participants"},
        RECOUNT,
        mended=True,
    ),
    Promise(
        "groups_are_led_by_a_member",
        _badly_led,
        _("Group %(group)s is led by %(leader)s, who is no active member."),
        {**GROUP, "leader": "leader__public_id"},
        _("Elect a leader in the admin, or call check_leader() of the group."),
        mended=True,
    ),
    Promise(
        "active_groups_have_members",
        _empty,
        _("Group %(group)s is active, and has no active member."),
        GROUP,
        _("Close the group in the admin, or call check_leader() of the group."),
        mended=True,
    ),
    Promise(
        "closed_groups_are_over",
        _badly_closed,
        _("Group %(group)s is closed without a time or with members, or has a time of closing and is active."),
        GROUP,
        BY_HAND,
    ),
]

"""Promises about groups and memberships."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q

from syncgroups.models import ParticipantLinkSyncGroup, SyncGroup
from syncgroups.prepared import prepared


def one_active_membership_per_participant_and_type() -> Iterator[str]:
    for person, group_type, n in _member_twice():
        yield f"Participant {person} is in {n} active groups of type '{group_type}'."


@prepared
def _member_twice() -> Any:
    links = ParticipantLinkSyncGroup.objects.active().order_by()
    return links.values_list("participant", "sync_group__group_type").annotate(n=Count("pk")).filter(n__gt=1)


def memberships_repeat_the_type_of_their_group_and_end_with_a_departure() -> Iterator[str]:
    for link, group in _odd_memberships():
        yield f"Membership {link} of group {group} has another type, or ended without a departure after the arrival."


@prepared
def _odd_memberships() -> Any:
    standing = Q(active=True, departure_time__isnull=True)
    good = standing | Q(active=False, departure_time__gte=F("arrival_time"))
    links = ParticipantLinkSyncGroup.objects.exclude(good & Q(group_type=F("sync_group__group_type")))
    return links.values_list("pk", "sync_group")


def sizes_are_in_order_and_no_group_exceeds_its_maximum() -> Iterator[str]:
    for group, n, minimum, initial, maximum in _odd_sizes():
        yield f"Group {group} has {n} members; its sizes are {minimum} <= {initial} <= {maximum}."


@prepared
def _odd_sizes() -> Any:
    groups = SyncGroup.objects.annotate(n=Count("participant_links", filter=Q(participant_links__active=True)))
    good = Q(min_group_size__gte=1, initial_group_size__gte=F("min_group_size"))
    good &= Q(max_group_size__isnull=True) | Q(max_group_size__gte=F("initial_group_size"), n__lte=F("max_group_size"))
    return groups.exclude(good).values_list("pk", "n", "min_group_size", "initial_group_size", "max_group_size")


def active_groups_are_counted_right_and_led_by_a_member() -> Iterator[str]:
    for group, counted, n, leader in _miscounted():
        yield f"Group {group} has {n} active members, not {counted}, or is not led by one of them (but by {leader})."


@prepared
def _miscounted() -> Any:
    members = ParticipantLinkSyncGroup.objects.active().filter(sync_group=OuterRef("pk"))
    led = Exists(members.filter(participant=OuterRef("leader")))
    groups = SyncGroup.objects.active().with_true_count().annotate(led=led)
    good = Q(true_count=F("n_active_participants"), led=True)
    return groups.exclude(good).values_list("pk", "n_active_participants", "true_count", "leader")


def closed_groups_have_an_end_and_no_members() -> Iterator[str]:
    for group, n in _badly_closed():
        yield f"Group {group} has no end although it is closed, an end although it is not, or {n} members after it."


@prepared
def _badly_closed() -> Any:
    groups = SyncGroup.objects.annotate(n=Count("participant_links", filter=Q(participant_links__active=True)))
    good = Q(active=True, end_time__isnull=True) | Q(active=False, end_time__isnull=False, n=0)
    return groups.exclude(good).values_list("pk", "n")

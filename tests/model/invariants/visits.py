"""Promises about visits and what they earn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from syncgroups import registry
from syncgroups.models import ParticipantLinkBarrier, all_participants
from syncgroups.prepared import prepared
from syncgroups.querysets import InSeconds
from syncgroups.states import LinkState

#: Seconds by which sums of floating-point numbers and clocks of databases may be off.
TOLERANCE = 0.01


def one_open_visit_per_participant_and_barrier() -> Iterator[str]:
    for person, barrier, n in _open_twice():
        yield f"Participant {person} has {n} open visits to '{barrier}'."


@prepared
def _open_twice() -> Any:
    visits = ParticipantLinkBarrier.objects.waiting().order_by()
    return visits.values_list("participant", "barrier_id").annotate(n=Count("pk")).filter(n__gt=1)


def every_ended_visit_has_an_outcome_and_a_departure_after_its_arrival() -> Iterator[str]:
    for visit, state in _badly_ended():
        yield f"Visit {visit} ({state}) has no known outcome, or has not departed after it arrived."


@prepared
def _badly_ended() -> Any:
    departed = Q(departure_time__isnull=False, departure_time__gte=F("arrival_time"))
    good = Q(state=LinkState.WAITING, departure_time__isnull=True) | (~Q(state=LinkState.WAITING) & departed)
    good &= Q(state__in=LinkState.values)
    return ParticipantLinkBarrier.objects.exclude(good).values_list("pk", "state")


def every_wait_has_a_deadline_after_its_arrival() -> Iterator[str]:
    for (visit,) in _without_time():
        yield f"Visit {visit} was to end before it began."


@prepared
def _without_time() -> Any:
    return ParticipantLinkBarrier.objects.filter(deadline__lte=F("arrival_time")).values_list("pk")


def no_credit_is_negative_or_more_than_can_be_earned() -> Iterator[str]:
    for visit, barrier_id, state, credit, most in _odd_credits():
        barrier = registry.find(barrier_id)
        fixed = barrier.fixed_credit if barrier is not None else None
        if state == LinkState.WAITING or fixed is None or abs(credit - fixed) > TOLERANCE:
            yield f"Visit {visit} to '{barrier_id}' ({state}) has a credit of {credit} s; it can be {most} s at most."


@prepared
def _odd_credits() -> Any:
    visits = ParticipantLinkBarrier.objects.annotate(most=InSeconds(F("deadline") - F("arrival_time")))
    odd = Q(time_credit__lt=0) | Q(time_credit__gt=F("most") + TOLERANCE)
    odd |= Q(state=LinkState.WAITING) & ~Q(time_credit=0)
    return visits.filter(odd).values_list("pk", "barrier_id", "state", "time_credit", "most")


def the_credit_of_participants_is_that_of_their_visits() -> Iterator[str]:
    for person, credit, earned in _wrong_sums():
        yield f"Participant {person} has a credit of {credit} s, and earned {earned} s."


@prepared
def _wrong_sums() -> Any:
    people = all_participants().annotate(earned=Coalesce(Sum("barrier_links__time_credit"), 0.0))
    wrong = Q(time_credit__gt=F("earned") + TOLERANCE) | Q(time_credit__lt=F("earned") - TOLERANCE)
    return people.filter(wrong).values_list("pk", "time_credit", "earned")


def what_a_wait_was_spent_on_adds_up() -> Iterator[str]:
    """Until it ends only pauses are put down."""
    for visit, state, *seconds in _odd_ledgers():
        yield f"Visit {visit} ({state}) was spent on {seconds} s, which is negative, or not the time from arrival on."


@prepared
def _odd_ledgers() -> Any:
    parts = ("waited_for_match", "waited_for_others", "paused_for")
    took = InSeconds(F("departure_time") - F("arrival_time"))
    spent = F("waited_for_match") + F("waited_for_others") + F("paused_for")
    visits = ParticipantLinkBarrier.objects.annotate(off=spent - took)
    negative = Q(*((f"{part}__lt", 0) for part in parts), _connector=Q.OR)
    early = Q(state=LinkState.WAITING) & ~Q(waited_for_match=0, waited_for_others=0)
    wrong = Q(off__gt=TOLERANCE) | Q(off__lt=-TOLERANCE)
    return visits.filter(negative | early | wrong).values_list("pk", "state", *parts)


def places_in_the_queue_are_kept_by_those_who_are_sent_back() -> Iterator[str]:
    """Only at groupers, and never later than the visit itself. Who has been sent back from a barrier was there."""
    for visit, barrier_id in _odd_places():
        yield f"Visit {visit} to '{barrier_id}' has a place in the queue since after its arrival."
    for visit, barrier_id in _ranked():
        barrier = registry.find(barrier_id)
        if barrier is not None and not barrier.forms_groups:
            yield f"Visit {visit} to '{barrier_id}' has a place in a queue that is none."
    for visit, barrier_id in _sent_back():
        barrier = registry.find(barrier_id)
        if barrier is not None and not barrier.may_regroup:
            yield f"Visit {visit} ended with its participant sent back, which '{barrier_id}' never does."


@prepared
def _odd_places() -> Any:
    return ParticipantLinkBarrier.objects.filter(place_since__gt=F("arrival_time")).values_list("pk", "barrier_id")


@prepared
def _ranked() -> Any:
    return ParticipantLinkBarrier.objects.exclude(place_since=None).values_list("pk", "barrier_id")


@prepared
def _sent_back() -> Any:
    return ParticipantLinkBarrier.objects.filter(state=LinkState.REGROUPED).values_list("pk", "barrier_id")


def visits_to_group_barriers_belong_to_a_group_of_its_type() -> Iterator[str]:
    for visit, barrier_id, group_type in _visits_in_groups():
        barrier = registry.find(barrier_id)
        if barrier is not None and barrier.per_group and barrier.group_type != group_type:
            yield f"Visit {visit} to '{barrier_id}' belongs to a group of type {group_type}, not {barrier.group_type}."


@prepared
def _visits_in_groups() -> Any:
    return ParticipantLinkBarrier.objects.waiting().values_list("pk", "barrier_id", "sync_group__group_type")

"""Each promise tells when it is broken: nobody believes a check that has never complained."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from syncgroups import arrivals, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    PresenceInterval,
    SyncGroup,
    WakeUp,
    all_participants,
)

from .invariants import AFTER_SWEEP, ALWAYS, groups, liveness, people, presence, violations, visits

pytestmark = pytest.mark.django_db

A_SECOND = timedelta(seconds=1)
VISITS = ParticipantLinkBarrier.objects
WAITING = VISITS.waiting()
MEMBERSHIPS = ParticipantLinkSyncGroup.objects
INTERVALS = PresenceInterval.objects


@pytest.fixture
def scene():
    """A pair of which one has arrived at the next barrier, been seen by a pass, and given signs of life before."""
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), GroupBarrier("choice", "rps")):
        pair = testing.make_participants(2)
        testing.arrive_all(pair, "rps_grouper")
        testing.sweep()
        testing.arrive_all(pair[:1], "choice")
        arrivals.note_presence(pair[0])
        testing.sweep()
        assert list(violations(after_sweep=True)) == []
        yield


def wait_twice():
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX syncgroups_one_open_visit")
    visit = WAITING.get()
    visit.pk, visit.public_id, visit._state.adding = None, "00000000-0000-0000-0000-000000000001", True
    visit.save()


def be_in_two_groups():
    (link, _) = MEMBERSHIPS.order_by("pk")
    other = SyncGroup.objects.create(group_type="rps", n_active_participants=1, leader=link.participant)
    MEMBERSHIPS.create(participant=link.participant, sync_group=other, group_type="another")


def join_a_full_group():
    (third,) = testing.make_participants(1)
    MEMBERSHIPS.create(participant=third, sync_group=SyncGroup.objects.get(), group_type="rps")


def let_everybody_wait_and_call_nobody():
    [absent] = all_participants().exclude(barrier_links__in=WAITING.all())
    testing.arrive_all([absent], "choice")
    WakeUp.objects.all().delete()


def follow_with(state, *, after=timedelta()):
    """The interval that goes on ends, and another one begins."""
    INTERVALS.update(ended_at=F("began_at"))
    INTERVALS.create(participant=WAITING.get().participant, state=state, began_at=Now() + after)


BREACHES = [
    (visits.one_open_visit_per_participant_and_barrier, wait_twice),
    (
        visits.every_ended_visit_has_an_outcome_and_a_departure_after_its_arrival,
        lambda: VISITS.exclude(departure_time=None).update(departure_time=F("arrival_time") - A_SECOND),
    ),
    (visits.every_wait_has_a_deadline_after_its_arrival, lambda: VISITS.update(deadline=F("arrival_time"))),
    (visits.no_credit_is_negative_or_more_than_can_be_earned, lambda: VISITS.update(time_credit=-1)),
    (visits.no_credit_is_negative_or_more_than_can_be_earned, lambda: WAITING.update(time_credit=1)),
    (visits.no_credit_is_negative_or_more_than_can_be_earned, lambda: VISITS.update(time_credit=21)),
    (visits.the_credit_of_participants_is_that_of_their_visits, lambda: all_participants().update(time_credit=5)),
    (visits.what_a_wait_was_spent_on_adds_up, lambda: WAITING.update(paused_for=-1)),
    (visits.what_a_wait_was_spent_on_adds_up, lambda: WAITING.update(waited_for_others=1)),
    (visits.what_a_wait_was_spent_on_adds_up, lambda: VISITS.exclude(departure_time=None).update(paused_for=1)),
    (
        visits.places_in_the_queue_are_kept_by_those_who_are_sent_back,
        lambda: VISITS.at("rps_grouper").update(place_since=F("arrival_time") + A_SECOND),
    ),
    (
        visits.places_in_the_queue_are_kept_by_those_who_are_sent_back,
        lambda: WAITING.update(place_since=F("arrival_time") - A_SECOND),
    ),
    (
        visits.places_in_the_queue_are_kept_by_those_who_are_sent_back,
        lambda: WAITING.update(state="regrouped", departure_time=Now()),
    ),
    (visits.visits_to_group_barriers_belong_to_a_group_of_its_type, lambda: WAITING.update(sync_group=None)),
    (groups.one_active_membership_per_participant_and_type, be_in_two_groups),
    (
        groups.memberships_repeat_the_type_of_their_group_and_end_with_a_departure,
        lambda: MEMBERSHIPS.update(group_type="another"),
    ),
    (
        groups.memberships_repeat_the_type_of_their_group_and_end_with_a_departure,
        lambda: MEMBERSHIPS.update(active=False, departure_time=F("arrival_time") - A_SECOND),
    ),
    (groups.sizes_are_in_order_and_no_group_exceeds_its_maximum, join_a_full_group),
    (
        groups.active_groups_are_counted_right_and_led_by_a_member,
        lambda: SyncGroup.objects.update(n_active_participants=3),
    ),
    (groups.active_groups_are_counted_right_and_led_by_a_member, lambda: SyncGroup.objects.update(leader=None)),
    (
        groups.closed_groups_have_an_end_and_no_members,
        lambda: SyncGroup.objects.update(active=False, end_time=Now()),
    ),
    (
        people.nobody_waits_or_is_a_member_who_takes_part_no_longer,
        lambda: all_participants().update(status="left"),
    ),
    (people.cohorts_never_mix, lambda: all_participants().update(cohort="another")),
    (people.cohorts_never_mix, lambda: VISITS.update(cohort="another")),
    (presence.intervals_of_presence_follow_one_another, lambda: INTERVALS.update(state="quiet")),
    (presence.intervals_of_presence_follow_one_another, lambda: follow_with("present")),
    (presence.intervals_of_presence_follow_one_another, lambda: follow_with("quiet", after=2 * A_SECOND)),
    (presence.intervals_of_presence_follow_one_another, lambda: INTERVALS.update(ended_at=F("began_at") - A_SECOND)),
    (presence.an_interval_goes_on_while_the_participation_does, lambda: follow_with("quiet")),
    (presence.an_interval_goes_on_while_the_participation_does, lambda: INTERVALS.update(ended_at=Now())),
    (presence.an_interval_goes_on_while_the_participation_does, lambda: all_participants().update(failed=True)),
    (presence.silence_is_looked_for_while_it_matters, lambda: all_participants().update(presence="quiet")),
    (presence.silence_is_looked_for_while_it_matters, lambda: all_participants().update(gone_at=None)),
    (presence.silence_is_looked_for_while_it_matters, lambda: all_participants().update(status="left")),
    (liveness.nobody_is_silent_for_longer_than_is_stored, lambda: testing.let_time_pass(30)),
    (liveness.nobody_waits_past_the_deadline_unless_paused, lambda: testing.let_time_pass(30)),
    (
        liveness.nobody_waits_whom_the_rule_would_let_go_and_whom_nothing_calls,
        let_everybody_wait_and_call_nobody,
    ),
]


@pytest.mark.parametrize(("promise", "breach"), BREACHES, ids=lambda case: getattr(case, "__name__", ""))
def test_a_broken_promise_is_told(scene, promise, breach):
    """Catches: a promise that is never found to be broken."""
    breach()
    assert all(sentence.endswith(".") for sentence in promise())
    assert list(promise())


def test_a_paused_barrier_breaks_no_promise(scene):
    """Catches: complaining about waits that a researcher holds."""
    arrivals.pause("choice")
    testing.let_time_pass(15)
    arrivals.note_presence(WAITING.get().participant)
    testing.let_time_pass(15)
    let_everybody_wait_and_call_nobody()
    assert list(violations(after_sweep=True)) == []


def test_every_promise_has_been_broken():
    assert {promise for promise, _ in BREACHES} == {*ALWAYS, *AFTER_SWEEP}

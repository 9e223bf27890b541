"""What the database and the model of the engine promise is verified on live sites, too, or there is a reason."""

from django.apps import apps

from syncgroups import verifying
from tests.model.invariants import AFTER_SWEEP, ALWAYS, groups, liveness, people, presence, visits

#: Constraints of the database, and the promise by which it is told that one has been lost.
CONSTRAINTS = {
    "syncgroups_one_open_visit": "one_open_visit",
    "syncgroups_visit_once": "visits_happen_once",
    "syncgroups_departed_visit_has_time": "ended_visits_have_outcome_and_time",
    "syncgroups_visit_state_known": "ended_visits_have_outcome_and_time",
    "syncgroups_one_record_per_cohort": "barriers_have_one_record",
    "syncgroups_group_sizes_in_order": "sizes_are_in_order",
    "syncgroups_group_closed_has_end_time": "closed_groups_are_over",
    "syncgroups_one_active_group_per_type": "one_active_group_per_type",
    "syncgroups_ended_membership_has_departure": "ended_memberships_have_a_time",
    "syncgroups_one_presence_at_a_time": "presence_is_one_at_a_time",
}

#: What is promised of the model, and the promises that say so on a live site.
INVARIANTS = {
    visits.one_open_visit_per_participant_and_barrier: {"one_open_visit"},
    visits.every_ended_visit_has_an_outcome_and_a_departure_after_its_arrival: {"ended_visits_have_outcome_and_time"},
    visits.every_wait_has_a_deadline_after_its_arrival: {"waits_have_time"},
    visits.no_credit_is_negative_or_more_than_can_be_earned: {"credit_comes_with_the_end", "credit_can_be_earned"},
    visits.the_credit_of_participants_is_that_of_their_visits: {"credit_is_what_was_earned"},
    visits.what_a_wait_was_spent_on_adds_up: {"ledgers_add_up"},
    # Who was sent back is in the history, and the barrier may have been declared to do so then.
    visits.places_in_the_queue_are_kept_by_those_who_are_sent_back: {"places_are_kept", "places_are_in_queues"},
    visits.visits_to_group_barriers_belong_to_a_group_of_its_type: {"groups_wait_where_they_pass"},
    groups.one_active_membership_per_participant_and_type: {"one_active_group_per_type"},
    groups.memberships_repeat_the_type_of_their_group_and_end_with_a_departure: {
        "memberships_repeat_the_type",
        "ended_memberships_have_a_time",
    },
    groups.sizes_are_in_order_and_no_group_exceeds_its_maximum: {"sizes_are_in_order", "no_group_is_too_large"},
    groups.active_groups_are_counted_right_and_led_by_a_member: {
        "groups_are_counted_right",
        "groups_are_led_by_a_member",
        "active_groups_have_members",
    },
    groups.closed_groups_have_an_end_and_no_members: {"closed_groups_are_over"},
    people.nobody_waits_or_is_a_member_who_takes_part_no_longer: {
        "only_those_wait_who_take_part",
        "only_those_are_members_who_take_part",
        "groups_are_led_by_a_member",
    },
    people.cohorts_never_mix: {"groups_stay_in_their_cohort", "visits_stay_in_their_cohort"},
    presence.intervals_of_presence_follow_one_another: {
        "presence_is_one_at_a_time",
        "presence_is_told_without_a_gap",
        "presence_ends_after_it_began",
    },
    presence.an_interval_goes_on_while_the_participation_does: {
        "presence_is_told",
        "presence_ends_with_the_participation",
    },
    presence.silence_is_looked_for_while_it_matters: {"silence_has_a_consequence"},
    liveness.nobody_is_silent_for_longer_than_is_stored: {"silence_is_noticed"},
    liveness.nobody_waits_past_the_deadline_unless_paused: {"waits_end_in_time"},
    # At groupers, and where a rule is the site's own, only that rule could say whether anybody could go: it would have
    # to be asked about everybody who waits.
    liveness.nobody_waits_whom_the_rule_would_let_go_and_whom_nothing_calls: {
        "nobody_is_forgotten",
        "calls_are_served",
    },
}


def test_every_constraint_of_the_database_is_verified():
    """Catches: a constraint that somebody adds, and that nobody would miss on a database that has lost it."""
    models = apps.get_app_config("syncgroups").get_models()
    names = {constraint.name for model in models for constraint in model._meta.constraints}
    assert names == set(CONSTRAINTS)


def test_every_invariant_of_the_model_is_verified():
    """Catches: a promise of which only tests know whether it is kept."""
    assert {*ALWAYS, *AFTER_SWEEP} == set(INVARIANTS)


def test_what_they_are_verified_by_is_there():
    told = {*CONSTRAINTS.values()}.union(*INVARIANTS.values())
    assert told <= {promise.name for promise in verifying.PROMISES}

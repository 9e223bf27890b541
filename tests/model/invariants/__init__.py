"""What is promised of rows, read from rows: each promise is a function that yields a sentence for each violation.

Nothing here knows of tests: it is as true of the database of a running site. Constraints see to some of it; then
the functions tell whether they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from . import groups, liveness, people, presence, visits

Promise = Callable[[], Iterator[str]]

ALWAYS: list[Promise] = [
    visits.one_open_visit_per_participant_and_barrier,
    visits.every_ended_visit_has_an_outcome_and_a_departure_after_its_arrival,
    visits.every_wait_has_a_deadline_after_its_arrival,
    visits.no_credit_is_negative_or_more_than_can_be_earned,
    visits.the_credit_of_participants_is_that_of_their_visits,
    visits.what_a_wait_was_spent_on_adds_up,
    visits.places_in_the_queue_are_kept_by_those_who_are_sent_back,
    visits.visits_to_group_barriers_belong_to_a_group_of_its_type,
    groups.one_active_membership_per_participant_and_type,
    groups.memberships_repeat_the_type_of_their_group_and_end_with_a_departure,
    groups.sizes_are_in_order_and_no_group_exceeds_its_maximum,
    groups.active_groups_are_counted_right_and_led_by_a_member,
    groups.closed_groups_have_an_end_and_no_members,
    people.nobody_waits_or_is_a_member_who_takes_part_no_longer,
    people.cohorts_never_mix,
    presence.intervals_of_presence_follow_one_another,
    presence.an_interval_goes_on_while_the_participation_does,
    presence.silence_is_looked_for_while_it_matters,
]

AFTER_SWEEP: list[Promise] = [
    liveness.nobody_is_silent_for_longer_than_is_stored,
    liveness.nobody_waits_past_the_deadline_unless_paused,
    liveness.nobody_waits_whom_the_rule_would_let_go_and_whom_nothing_calls,
]


def violations(*, after_sweep: bool = False) -> Iterator[str]:
    """A sentence for everything that is not as promised."""
    for promise in [*ALWAYS, *AFTER_SWEEP] if after_sweep else ALWAYS:
        yield from promise()

"""The checker finds what it is there to find: each test spoils a good history by one thing."""

import pytest

from chaos.checker import check
from tests.chaos.histories import answer, event, group, member, only_found, visit


def test_nothing_is_found_where_all_went_well(record):
    assert check(record) == []


# One outcome per visit


def test_a_visit_of_which_somebody_was_told_another_outcome(record):
    record.events.append(answer(2011.0, 3, "timed_out"))
    assert only_found(record) == "one outcome per visit: visit 3 had several outcomes: released, timed_out."


def test_a_visit_that_was_acknowledged_and_is_not_stored(record):
    record.events.append(answer(2011.0, 99, "waiting"))
    assert only_found(record).endswith("visit 99 was acknowledged and is lost.")


def test_a_visit_that_had_ended_and_goes_on_in_the_database(record):
    record.events.append(answer(2003.0, 5, "released"))
    record.visits[4] |= {"state": "waiting", "departure_time": None}
    assert "visit 5 had several outcomes: released, waiting." in str(check(record)[0])


def test_a_visit_that_goes_on_after_its_end(record):
    record.events.append(answer(2012.0, 3, "waiting"))
    assert "was over, and somebody was told later that it goes on" in only_found(record)


def test_an_answer_that_was_under_way_when_the_visit_ended_is_no_contradiction(record):
    record.events.append(answer(2010.6, 3, "waiting", asked=2010.4))
    assert check(record) == []


def test_an_arrival_that_was_sent_twice_and_counted_twice(record):
    record.visits.append(visit(6, 1, "pair_grouper", (2001.0, 2001.0)))
    assert only_found(record).endswith("participant 1 made visit '1' to 'pair_grouper' 2 times.")


# Released once, with its effects once


def test_effects_that_are_there_twice(record):
    record.effects.append({**record.effects[0], "id": 2})
    assert "the effects of releasing visit 3 are there 2 times" in only_found(record)


def test_a_release_without_its_effects(record):
    record.effects.clear()
    record.events = [line for line in record.events if line["what"] != "effect"]
    assert "visit 3 to 'pair_choice' was released without the effects" in only_found(record)


def test_effects_of_a_release_that_was_undone(record):
    record.visits[2] |= {"state": "failed", "reason": "did not come"}
    record.events = [line for line in record.events if line["what"] not in ("announced", "asked")]
    assert "effect 1 is there for visit 3, which was not released then and there" in only_found(record)


def test_effects_that_nobody_made(record):
    record.events = [line for line in record.events if line["what"] != "effect"]
    assert "is there, and nobody made it" in only_found(record)


def test_effects_that_a_worker_saw_committed_and_that_are_lost(record):
    lost = {"barrier": "pair_choice", "group": 1, "visits": [77]}
    record.events += [event(2020.0, "effect", phase="committed", **lost)]
    assert "was committed 1 times, and is there 0" in only_found(record)


def test_a_release_that_is_announced_twice(record):
    record.events.append(next(line for line in record.events if line["what"] == "announced"))
    assert "was announced more often than it happened" in only_found(record)


def test_a_wait_that_is_credited_twice(record):
    record.participants[2]["time_credit"] *= 2
    assert "participant 3 was credited 40.0 s for waits of 20.0 s" in only_found(record)


@pytest.mark.parametrize("why", [{"reason": "no longer a member of the group"}, {"sync_group_id": None}])
def test_who_goes_on_without_the_group_needs_no_effects(record, why):
    record.visits.append(visit(6, 3, "pair_choice", (2030.0, 2030.0), **{"sync_group_id": 1, **why}))
    assert check(record) == []


# One active group per type


def test_two_groups_of_a_type_at_a_time(record):
    record.groups.append(group(2, 2012.0, 2020.0, min_group_size=1))
    record.memberships.append(member(1, 2, 2012.0, 2020.0))
    assert "participant 1 was in groups 1 and 2 of type 'pair' at a time" in only_found(record)


def test_two_groups_of_a_type_in_what_a_bot_was_told(record):
    record.events.append(event(2012.0, "asked", kind="standing", groups=["pair", "pair"], bot=2, asked=2011.9))
    assert "bot 2 was told of two groups of type 'pair'" in only_found(record)


def test_one_group_after_the_other_is_as_it_should_be(record):
    record.groups.append(group(2, 2015.0, 2020.0, min_group_size=1))
    record.memberships.append(member(1, 2, 2015.0, 2020.0))
    assert check(record) == []


# Sizes in bounds


@pytest.mark.parametrize(
    "bounds", [{"min_group_size": 3, "max_group_size": 3}, {"min_group_size": 1, "max_group_size": 1}]
)
def test_a_group_that_is_formed_with_too_few_or_too_many(record, bounds):
    record.groups[0] |= bounds
    assert "group 1 was formed with 2 members, outside of" in only_found(record)


def test_a_group_that_takes_more_than_it_may(record):
    record.memberships.append(member(3, 1, 2012.0, 2015.0))
    assert "group 1 came to have 3 members, more than 2" in only_found(record)


def test_a_place_that_became_free_may_be_taken(record):
    record.memberships[1]["departure_time"] = 2012.0
    record.memberships.append(member(3, 1, 2012.0, 2015.0))
    assert check(record) == []


def test_a_count_of_members_that_is_wrong(record):
    record.groups.append(group(2, 2040.0, None, min_group_size=1))
    record.memberships.append(member(3, 2, 2040.0, None))
    assert "group 2 counts 2 members and has 1" in only_found(record)


# Cohorts


def test_somebody_in_a_group_of_another_cohort(record):
    record.groups[0]["cohort"] = "blue"
    assert "participant 1 of cohort 'red' was in a group of 'blue'" in only_found(record)


def test_a_visit_in_another_cohort_than_its_participant(record):
    record.visits[4]["cohort"] = "blue"
    assert "visit 5 is of another cohort" in only_found(record)


def test_somebody_who_came_to_another_cohort_than_is_stored(record):
    next(line for line in record.events if line.get("ticket") == "ticket-2")["cohort"] = "blue"
    assert "participant 2 came to cohort 'blue' and is in 'red'" in only_found(record)

"""The checker finds what it is there to find: each test spoils a good history by one thing."""

import pytest

from chaos import history
from chaos.checker import check
from chaos.waits import lateness
from tests.chaos.histories import answer, event, good, group, member, participant, sweep, visit


@pytest.fixture
def record():
    return good()


def only_found(record):
    """The one property that is broken, with its first sentence."""
    found = check(record)
    assert len({violation.broken for violation in found}) == 1, found
    return str(found[0])


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
    assert "participant 3 was credited 41.0 s for waits of 20.5 s" in only_found(record)


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


# Deadlines


def test_a_wait_that_goes_on_past_its_deadline_and_a_sweep(record):
    record.visits[4]["departure_time"] = 2028.0
    assert "visit 5 to 'pair_grouper' went on for 5.00 s after its deadline" in only_found(record)


def test_time_in_which_no_sweep_could_be_made_does_not_count(record):
    record.visits[4]["departure_time"] = 2028.0
    record.events += [event(2027.0, "fault", name="away", outage=True, began=2022.0, ended=2026.5), *sweep(2027.8, "a")]
    assert check(record) == []
    assert [round(late, 1) for _, late in lateness(record)] == [0.1]


def test_a_fault_that_does_not_prevent_sweeps_is_no_excuse(record):
    record.visits[4]["departure_time"] = 2028.0
    record.events += [event(2027.0, "fault", name="a kill", outage=False, began=2022.0, ended=2026.5)]
    assert "went on for 5.00 s" in only_found(record)


def test_a_site_that_does_not_come_back_after_a_fault(record):
    record.events[-1:-1] = [event(2027.0, "fault", name="away", outage=True, began=2022.0, ended=2026.5)]
    assert "away: no sweep within 10 s after it was over" in only_found(record)


def test_somebody_who_still_waits_in_the_end(record):
    record.visits.append(visit(6, 3, "pair_grouper", (2055.0, None), state="waiting", visit="2"))
    assert only_found(record).endswith("participant 3 still waits at 'pair_grouper'.")


def test_a_bot_that_comes_to_no_end(record):
    record.events = [line for line in record.events if (line["what"], line.get("bot")) != ("gone", 2)]
    assert only_found(record).endswith("bot 2 has come to no end.")


# Waiting in vain


def test_a_group_that_is_complete_and_does_not_go(record):
    for row in record.visits[2:4]:
        row["departure_time"] += 4.9
    assert "group 1 was complete at 'pair_choice' for 4.9 s before visit 3 ended" in str(in_vain(record)[0])


def test_a_group_whose_release_failed_may_go_later(record):
    record.events.append(event(2011.0, "effect", phase="attempted", barrier="pair_choice", group=1, visits=[3, 4]))
    for row in record.visits[2:4]:
        row["departure_time"] += 4.9
    assert in_vain(record) == []


def test_a_group_that_is_complete_and_times_out(record):
    for row in record.visits[2:4]:
        row |= {"state": "timed_out", "departure_time": row["departure_time"] + 4.9}
    assert len(in_vain(record)) == 2


def test_a_group_is_complete_once_somebody_has_left_it(record):
    record.memberships[1]["departure_time"] = 2009.5
    record.visits[3]["participant_id"] = 3
    record.groups[0]["min_group_size"] = 1
    record.visits[2] |= {"departure_time": 2012.0}
    assert in_vain(record) == []
    record.visits[2] |= {"departure_time": 2018.0}
    record.memberships[0]["departure_time"] = 2020.0
    assert "for 8.5 s" in str(in_vain(record)[0])


def test_a_group_waits_for_a_member_who_does_not_come(record):
    record.visits[2]["departure_time"] = 2014.0
    del record.visits[3]
    assert in_vain(record) == []


def test_enough_people_at_a_grouper_and_no_group(record):
    for row in record.visits[:2]:
        row["departure_time"] += 3
    assert "at 'pair_grouper' (cohort 'red') enough for a group waited for 5.0 s" in str(in_vain(record)[0])


def in_vain(record):
    return [violation for violation in check(record) if violation.broken == "nobody waits in vain"]


# First come, first served


def test_somebody_who_was_known_to_wait_and_is_overtaken(record):
    record.visits[0]["departure_time"] = 2005.0
    record.participants[0]["time_credit"] = 4.0
    assert "visit 2 to 'pair_grouper' went before visit 1, which came first" in only_found(record)


def test_arrivals_that_overlap_may_be_seen_in_either_order(record):
    record.visits[0]["departure_time"] = 2005.0
    for line in record.events:
        if line.get("visit") == 1 or line.get("visit_pk") == 1:
            line["at"] += 2
    assert check(record) == []


def test_nobody_is_overtaken_by_somebody_of_another_cohort(record):
    record.participants.append(participant(4, 1.0, cohort="blue"))
    record.visits.append(visit(6, 4, "pair_grouper", (2010.0, 2011.0), cohort="blue"))
    assert check(record) == []


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


# Histories


def test_histories_of_several_processes_are_read_in_order_of_time_and_without_a_torn_line(tmp_path):
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "web-1.jsonl").write_text('{"at": 2, "what": "b"}\n{"at": 4, "wh')
    (tmp_path / "history" / "worker-1.jsonl").write_text('{"at": 3, "what": "c"}\n{"at": 1, "what": "a"}\n')
    assert [line["what"] for line in history.read(tmp_path)] == ["a", "b", "c"]


def test_what_is_told_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv(history.FOLDER, str(tmp_path))
    monkeypatch.setenv(history.ROLE, "test")
    monkeypatch.setattr(history, "_files", {})
    history.tell("said", words=["a", "b"])
    [line] = history.read(tmp_path)
    assert (line["who"], line["what"], line["words"]) == ("test", "said", ["a", "b"])

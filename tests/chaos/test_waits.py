"""The checker finds who waits too long, in vain, or behind somebody who came later."""

from chaos.checker import check
from chaos.waits import lateness
from tests.chaos.histories import depart, event, only_found, participant, sweep, visit

# Deadlines


def test_a_wait_that_goes_on_past_its_deadline_and_a_sweep(record):
    depart(record.visits[4], 2028.0)
    assert "visit 5 to 'pair_grouper' went on for 5.00 s after its deadline" in only_found(record)


def test_time_in_which_no_sweep_could_be_made_does_not_count(record):
    depart(record.visits[4], 2028.0)
    record.events += [event(2027.0, "fault", name="away", outage=True, began=2022.0, ended=2026.5), *sweep(2027.8, "a")]
    assert check(record) == []
    assert [round(late, 1) for _, late in lateness(record)] == [0.1]


def test_a_fault_that_does_not_prevent_sweeps_is_no_excuse(record):
    depart(record.visits[4], 2028.0)
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
        depart(row, row["departure_time"] + 4.9)
    assert "group 1 was complete at 'pair_choice' for 4.9 s before visit 3 ended" in str(in_vain(record)[0])


def test_a_group_whose_release_failed_may_go_later(record):
    record.events.append(event(2011.0, "effect", phase="attempted", barrier="pair_choice", group=1, visits=[3, 4]))
    for row in record.visits[2:4]:
        depart(row, row["departure_time"] + 4.9)
    assert in_vain(record) == []


def test_a_group_that_is_complete_and_times_out(record):
    for row in record.visits[2:4]:
        row["state"] = "timed_out"
        depart(row, row["departure_time"] + 4.9)
    assert len(in_vain(record)) == 2


def test_a_group_is_complete_once_somebody_has_left_it(record):
    record.memberships[1]["departure_time"] = 2009.5
    record.visits[3]["participant_id"] = 3
    record.groups[0]["min_group_size"] = 1
    depart(record.visits[2], 2012.0)
    assert in_vain(record) == []
    depart(record.visits[2], 2018.0)
    record.memberships[0]["departure_time"] = 2020.0
    assert "for 8.5 s" in str(in_vain(record)[0])


def test_a_group_waits_for_a_member_who_does_not_come(record):
    depart(record.visits[2], 2014.0)
    del record.visits[3]
    assert in_vain(record) == []


def test_enough_people_at_a_grouper_and_no_group(record):
    for row in record.visits[:2]:
        depart(row, row["departure_time"] + 3)
    assert "at 'pair_grouper' (cohort 'red') enough for a group waited for 5.0 s" in str(in_vain(record)[0])


def in_vain(record):
    return [violation for violation in check(record) if violation.broken == "nobody waits in vain"]


# First come, first served


def test_somebody_who_was_known_to_wait_and_is_overtaken(record):
    depart(record.visits[0], 2005.0)
    record.participants[0]["time_credit"] = 4.0
    assert "visit 2 to 'pair_grouper' went before visit 1, which came first" in only_found(record)


def test_arrivals_that_overlap_may_be_seen_in_either_order(record):
    depart(record.visits[0], 2005.0)
    for line in record.events:
        if line.get("visit") == 1 or line.get("visit_pk") == 1:
            line["at"] += 2
    assert check(record) == []


def test_nobody_is_overtaken_by_somebody_of_another_cohort(record):
    record.participants.append(participant(4, 1.0, cohort="blue"))
    record.visits.append(visit(6, 4, "pair_grouper", (2010.0, 2011.0), cohort="blue"))
    assert check(record) == []

"""The checker finds who is treated as absent and was not, who is lost between two groups, and who is paid wrongly."""

import pytest

from chaos.checker import check
from chaos.presence import apart
from tests.chaos.histories import answer, depart, event, interval, only_found, visit

KEPT_WAITING = "kept the group waiting for too long"


def fail(record, number, reason, **visit):
    """The participant of a visit fails as it ends."""
    row = record.visits[number]
    row.update(visit)
    record.participants[row["participant_id"] - 1] |= {"failed": True, "failed_reason": reason}
    for one in record.presence:
        if one["participant_id"] == row["participant_id"]:
            one["ended_at"] = row["departure_time"]


# Blame


def test_somebody_who_waited_and_is_failed_for_keeping_others_waiting(record):
    record.events.append(answer(2004.0, 5, "waiting"))
    fail(record, 4, KEPT_WAITING, state="failed")
    assert only_found(record) == (
        "nobody present is failed for an absence: participant 3 waited at 'pair_grouper', and " + KEPT_WAITING + "."
    )


def test_somebody_who_waited_for_others_in_vain_and_is_failed_for_it(record):
    record.events.append(answer(2004.0, 5, "waiting"))
    reason = "waited too long at barrier 'pair_grouper'"
    fail(record, 4, reason, sync_group_id=1, barrier_id="pair_grouper")
    assert "participant 3 waited at 'pair_grouper'" in told(record)


def told(record):
    return " ".join(str(violation) for violation in check(record))


def test_who_was_gone_is_to_blame(record):
    record.events.append(answer(2004.0, 5, "waiting"))
    record.presence[1:] = [
        interval(2, 3, "present", 2003.0, 2010.0),
        interval(3, 3, "quiet", 2010.0, 2012.0),
        interval(4, 3, "gone", 2012.0, None),
    ]
    fail(record, 4, KEPT_WAITING, state="failed")
    record.presence[1]["ended_at"], record.presence[2]["ended_at"] = 2010.0, 2012.0
    assert check(record) == []


def test_who_came_as_it_was_said_that_they_had_not_may_be_too_late(record):
    record.events.append(answer(2023.0, 5, "waiting"))
    record.events = [line for line in record.events if line.get("visit") != 5]
    fail(record, 4, KEPT_WAITING, state="failed")
    assert check(record) == []


def test_who_finds_no_group_may_fail(record):
    fail(record, 4, "waited too long at barrier 'pair_grouper'")
    assert check(record) == []


# Between two groups


def let_the_third_leave(record, moment, **more):
    row = record.visits[-1]
    depart(row, moment)
    row |= {"state": "withdrawn", "time_credit": moment - row["arrival_time"], **more}
    record.participants[2]["time_credit"] = row["time_credit"]


def send_back(record, **again):
    """The first participant, whose group is given up at the choice."""
    record.effects.clear()
    record.events = [line for line in record.events if line["what"] not in ("effect", "announced", "asked")]
    del record.visits[3]
    record.participants[1]["time_credit"] = 2.0
    record.visits[2]["state"] = "regrouped"
    let_the_third_leave(record, 2009.0)
    row = visit(6, 1, "pair_grouper", (2009.9, 2015.0), state="withdrawn", visit="2", place_since=2001.0)
    record.visits.append({**row, **again})
    record.participants[0]["time_credit"] += record.visits[-1]["time_credit"]


def test_somebody_who_is_sent_back_and_waits_at_the_grouper(record):
    send_back(record)
    assert check(record) == []


@pytest.mark.parametrize(
    "again",
    [
        {"place_since": None},
        {"place_since": 2012.0},
        {"barrier_id": "team_grouper"},
        {"arrival_time": 2010.1, "waited_for_match": 4.9, "time_credit": 4.9},
        {"departure_time": 2009.95, "waited_for_match": 0.05, "time_credit": 0.05},
    ],
)
def test_somebody_who_is_sent_back_and_does_not_wait_there_with_the_place_of_before(record, again):
    send_back(record, **again)
    assert "participant 1 was sent back by visit 3, and waited at 'pair_grouper' 0 times" in only_found(record)


def test_somebody_who_is_sent_back_and_overtaken_by_who_came_later(record):
    send_back(record)
    record.events.append(answer(2010.0, 6, "waiting"))
    again = record.visits.pop()
    let_the_third_leave(record, 2012.2, state="released", reason="")
    record.visits.append(again)
    assert "went before visit 6, which came first" in only_found(record)


# Silence


def test_the_silent_may_be_overtaken(record):
    record.visits[0] |= {"departure_time": 2005.0, "waited_for_match": 4.0}
    assert "went before visit 1" in only_found(record)
    record.presence[0] |= {"ended_at": 2003.5}
    record.presence += [interval(3, 1, "quiet", 2003.5, 2004.5), interval(4, 1, "present", 2004.5, None)]
    assert check(record) == []


def test_the_silent_do_not_wait_in_vain(record):
    for row in record.visits[:2]:
        row |= {"departure_time": row["departure_time"] + 3, "waited_for_match": row["waited_for_match"] + 3}
    assert "enough for a group waited" in told(record)
    for one, participant in zip(record.presence, (1, 3), strict=True):
        one |= {"ended_at": 2003.0}
        since = [interval(10 * participant, participant, "quiet", 2003.0, 2006.5)]
        record.presence = [*record.presence, *since, interval(40 + participant, participant, "present", 2006.5, None)]
    assert "enough for a group waited" not in told(record)


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([], [(10, 20)]),
        ([(5, 8), (25, 30)], [(10, 20)]),
        ([(5, 12), (15, 16)], [(12, 15), (16, 20)]),
        ([(5, 30)], []),
        ([(18, 30), (31, 40)], [(10, 18)]),
    ],
)
def test_what_is_left_of_a_time_without_others(others, left):
    assert apart((10, 20), others) == left


@pytest.mark.parametrize(
    ("intervals", "sentence"),
    [
        ([("quiet", 2003.0, None)], "begins with being quiet"),
        ([("present", 2003.0, 2010.0), ("quiet", 2009.0, None)], "does not follow"),
        ([("present", 2003.0, None), ("quiet", 2009.0, None)], "does not follow"),
        ([("present", 2003.0, 2004.0), ("quiet", 2009.0, None)], "does not follow"),
        ([("present", 2003.0, 2009.0), ("present", 2009.0, None)], "present, and then present again"),
        ([("present", 2003.0, 2009.0)], "takes part, and the last that is known"),
        ([("present", 2003.0, 2009.0), ("quiet", 2009.0, None)], "takes part, and the last that is known"),
    ],
)
def test_presence_that_is_no_story(record, intervals, sentence):
    record.presence[1:] = [interval(n, 3, *times) for n, times in enumerate(intervals, start=2)]
    assert sentence in only_found(record)


def test_presence_that_goes_on_after_the_end(record):
    record.participants[2] |= {"status": "left"}
    assert "participant 3 takes part no longer, and is present for ever" in only_found(record)


# What is earned, and time that is given


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"waited_for_match": 2.0}, "took 3.00 s, and was spent on [2.0, 0.0, 0.0]"),
        ({"waited_for_match": 4.0, "paused_for": -1.0}, "was spent on"),
    ],
)
def test_a_wait_that_does_not_add_up(record, fault, sentence):
    record.visits[0] |= fault
    assert sentence in only_found(record)


@pytest.mark.parametrize("earned", [-1.0, 3.1, 21.0])
def test_a_wait_that_earns_too_much_or_less_than_nothing(record, earned):
    record.participants[0]["time_credit"] += earned - 3.0
    record.visits[0]["time_credit"] = earned
    assert f"took 3.00 s, and earned {earned:.2f} s" in only_found(record)


def test_a_wait_that_earns_more_than_its_deadline_allows(record):
    record.visits[4]["time_credit"] = record.participants[2]["time_credit"] = 20.4
    assert "earned 20.40 s" in only_found(record)


def test_more_time_than_one_may_have(record):
    record.visits[4]["extensions"] = 2
    assert "visit 5 was prolonged 2 times" in only_found(record)


def test_more_time_that_was_promised_and_is_lost(record):
    record.events.append(event(2012.0, "asked", kind="longer", status=200, visit_pk=5, extensions=1, asked=2011.9))
    assert "visit 5 was prolonged 1 times, and has 0 of them" in only_found(record)

"""Quorum: it closes below three, and strands nobody."""

import pytest

from syncgroups import registry, testing
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from syncgroups.states import LinkState

from .demo_windows import DROPOUTS, everybody_has_an_outcome, leave, open_all, sit_out, vanish
from .quorum_windows import ANSWERED, GROUPER, answer_all, in_quorum, statuses, text, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.once]


# Below three


def close_by(drop_out):
    """Two windows that are left of three: one waited, the other one answers later. One question is over."""
    windows = in_quorum()
    answer_all(windows, 1)
    gone, waiter, other = windows
    waiter.answer(2)
    drop_out(gone)
    if drop_out is vanish:
        other.answer(2)
        testing.let_time_pass(61)
    testing.sweep()
    open_all([waiter, other])
    return waiter, other


@pytest.mark.parametrize("drop_out", DROPOUTS)
def test_below_three_the_part_closes_and_those_who_are_left_rate_animals_again(drop_out):
    waiter, other = close_by(drop_out)
    assert waiter.page == "wait/"
    page = text(waiter.open())
    assert "Somebody has left" in page
    assert "not your fault" in page
    if drop_out is not vanish:
        assert other.page == "questions/2/"
        other.answer(2)
        testing.process(ANSWERED)
        other.open()
    assert other.page == "wait/"
    assert [window.participant.is_active for window in (waiter, other)] == [True, True]
    assert not SyncGroup.objects.active().exists()


@pytest.mark.parametrize("drop_out", DROPOUTS)
def test_once_three_are_here_again_they_go_on_where_they_were(drop_out):
    """Catches: a question asked anew; a visit that has ended and leads from page to page for ever."""
    waiter, other = close_by(drop_out)
    if other.page == "questions/2/":
        other.answer(2)
        testing.process(ANSWERED)
    for window in (waiter, other):
        window.open()
        window.poll()
    [newcomer] = waiting(1)
    open_all([waiter, other, newcomer])
    assert [window.page for window in (waiter, other)] == ["questions/2/answered/"] * 2
    assert newcomer.page == "questions/1/"
    answer_all([newcomer], 1)
    open_all([waiter, other])
    assert [window.page for window in (waiter, other)] == ["questions/3/"] * 2


def test_whoever_goes_back_to_wait_does_not_come_to_the_same_few_again():
    """Catches a top-up of the group that has just been given up: its members would go to and fro."""
    waiter, other = close_by(leave)
    for _ in range(3):
        testing.sweep()
        waiter.poll()
        open_all([waiter, other])
    assert waiter.page == "wait/"
    assert waiter.participant.barrier_links.filter(state=LinkState.REGROUPED).count() == 1


def test_what_was_earned_and_rated_before_is_kept():
    windows = waiting(2)
    windows[0].rate("3")
    testing.let_time_pass(40)
    for window in windows:
        window.poll()
    windows += waiting(1)
    open_all(windows)
    earned = windows[0].participant.time_credit
    assert earned >= 40
    windows[0].answer(1)
    windows[1].send("leave")
    testing.sweep()
    windows[0].rate("1")
    assert [rating["stars"] for rating in windows[0].ratings] == [3, 1]
    assert windows[0].participant.time_credit >= earned


def test_those_who_were_in_the_quorum_have_their_place_before_newcomers():
    waiter, _ = close_by(leave)
    first = ParticipantLinkBarrier.objects.at(GROUPER).waiting().get(participant=waiter.participant)
    [newcomer] = waiting(1)
    here = ParticipantLinkBarrier.objects.at(GROUPER).waiting().in_order_of_arrival()
    assert [link.participant for link in here] == [first.participant, newcomer.participant]


# Nobody is stuck


def do_what_is_asked(window):
    """Rate, answer, or wait; True once there is nothing left to do."""
    if window.page == "wait/":
        window.rate()
    elif window.page.endswith("/answered/"):
        window.open()
    elif window.page.startswith("questions/"):
        window.answer(int(window.page.split("/")[1]))
    return window.page in ("thanks/", "end/")


@pytest.mark.parametrize("drop_out", DROPOUTS)
@pytest.mark.parametrize("over", [0, 1, 2])
@pytest.mark.parametrize("answered", [False, True])
def test_those_who_stay_come_to_an_end_without_fault(drop_out, over, answered):
    windows = in_quorum()
    for number in range(1, over + 1):
        answer_all(windows, number)
    gone, *staying = windows
    if answered:
        gone.answer(over + 1)
    drop_out(gone)
    sit_out(staying, do_what_is_asked)
    assert not any(window.participant.failed for window in staying)
    assert set(statuses(staying)) <= {"left", "finished"}
    assert everybody_has_an_outcome()


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_when_all_close_their_windows_everybody_has_an_outcome(n):
    waiting(n)
    assert everybody_has_an_outcome()


def test_who_waits_in_vain_leaves_with_credit_and_is_told_so():
    [window] = waiting(1)
    testing.let_time_pass(registry.get(GROUPER).max_wait_time + 1)
    testing.sweep()
    page = text(window.open())
    assert window.page == "end/"
    assert "Not enough people came" in page
    assert "You are paid for 300 seconds" in page
    assert (window.participant.status, window.participant.failed) == ("left", False)


def test_a_rating_that_is_sent_after_the_time_is_up_leads_to_the_end():
    [window] = waiting(1)
    testing.let_time_pass(registry.get(GROUPER).max_wait_time + 1)
    testing.sweep()
    window.rate()
    assert window.page == "end/"


def test_a_group_that_a_researcher_closes_is_thanked():
    windows = in_quorum()
    windows[0].answer(1)
    windows[0].participant.sync_group.close("power cut")
    testing.sweep()
    open_all(windows)
    assert [window.page for window in windows] == ["thanks/"] * 3
    assert "The questions were closed" in text(windows[1].open())


def test_who_is_let_through_by_a_researcher_does_not_go_in_circles():
    [window] = waiting(1)
    window.participant.active_barriers[GROUPER].release(by="researcher")
    window.open("wait")
    assert window.page == "thanks/"

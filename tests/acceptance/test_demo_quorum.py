"""Quorum: it opens once three are here, takes newcomers, closes below three, and strands nobody."""

import pytest
from django.test import Client

from project.quorum.experiment import ANIMALS, QUESTIONS
from project.shared.absence import end_the_vanished
from project.shared.models import Answer
from syncgroups import registry, testing
from syncgroups.barriers import KEPT_WAITING
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from syncgroups.states import LinkState

from .demo_windows import Window, open_all

pytestmark = pytest.mark.django_db

GROUPER, ANSWERED = "quorum_grouper", "quorum_answered"


class Seat(Window):
    demo = "quorum"

    def rate(self, stars="4", turn=None):
        """Press a button of the rating page, or of one that is still open in a second tab."""
        turn = self.turn if turn is None else turn
        return self._follow(self.client.post(f"{self.address('wait')}?turn={turn}", {"stars": stars}))

    @property
    def turn(self):
        return ParticipantLinkBarrier.objects.at(GROUPER).filter(participant=self.participant).latest("pk").turns

    def answer(self, number, choice=None):
        return self.send("question", number, choice=choice or next(iter(QUESTIONS[number - 1])))

    @property
    def ratings(self):
        return [answer.value for answer in self.participant.answers.filter(question__startswith="animal")]


def text(response):
    return response.content.decode()


def waiting(n):
    """So many windows whose participants rate animals."""
    windows = [Seat.agreeing() for _ in range(n)]
    open_all(windows)
    testing.process(GROUPER)
    return windows


def in_quorum(n=3):
    """So many windows that see the first question."""
    windows = waiting(n)
    open_all(windows)
    assert {window.page for window in windows} == {"questions/1/"}
    return windows


def answer_all(windows, number):
    for window in windows:
        window.answer(number)
    testing.process(ANSWERED)
    open_all(windows)


def statuses(windows):
    return [window.participant.status for window in windows]


# The whole way


def test_three_people_answer_three_questions_together_and_are_thanked():
    windows = in_quorum()
    for number in (1, 2, 3):
        assert {window.page for window in windows} == {f"questions/{number}/"}
        answer_all(windows, number)
    assert {window.page for window in windows} == {"thanks/"}
    assert statuses(windows) == ["finished"] * 3
    assert not SyncGroup.objects.active().exists()


def test_before_three_are_here_nobody_is_let_in():
    windows = waiting(2)
    for page in ("question", "answered"):
        windows[0].open(page, 1)
        assert windows[0].page == "wait/"
    assert ParticipantLinkBarrier.objects.waiting().count() == 2
    assert "How much do you like" in text(windows[0].open("wait"))


def test_everybody_sees_what_the_group_chose_last_time():
    windows = in_quorum()
    for window, choice in zip(windows, ["swim", "fly", "fly"], strict=True):
        page = window.answer(1, choice)
    assert "fly" not in text(page), "before all have answered, nobody's choice is told"
    testing.process(ANSWERED)
    assert windows[0].open().context["before"] == [("Swim like a dolphin", 1), ("Fly like an eagle", 2)]


# Rating animals


def test_each_rating_is_followed_by_another_animal_and_kept():
    [window] = waiting(1)
    seen = [window.open("wait").context["picture"]]
    for stars in "135":
        seen.append(window.rate(stars).context["picture"])
    assert len(set(seen)) == 4
    assert window.ratings == [
        {"animal": animal, "stars": stars} for animal, stars in zip(seen, (1, 3, 5), strict=False)
    ]


def test_after_the_last_animal_the_first_one_comes_again_and_is_rated_anew():
    [window] = waiting(1)
    for _ in range(len(ANIMALS) + 2):
        window.rate()
    assert len(window.ratings) == len(ANIMALS) + 2


def test_a_rating_that_is_sent_twice_or_from_a_second_tab_counts_once():
    """Catches a rating of the animal that is shown by now, from a page that shows the one before."""
    [window] = waiting(1)
    window.rate("2", turn=0)
    page = window.rate("5", turn=0)
    assert [rating["stars"] for rating in window.ratings] == [2]
    assert page.context["link"].turns == 1


@pytest.mark.parametrize("stars", ["", "0", "6", "12", "-1", "x", "٣", "\0"])
def test_a_rating_that_no_button_sends_is_none(stars):
    [window] = waiting(1)
    assert window.rate(stars).status_code == 200
    assert window.ratings == []
    assert window.turn == 0


def test_whoever_is_let_through_in_the_middle_of_a_rating_goes_on_after_it():
    """Catches a rating that is lost because its page was released while it was being filled in."""
    windows = waiting(3)
    assert windows[0].rate("5", turn=0).status_code == 200
    assert windows[0].page == "questions/1/"
    assert [rating["stars"] for rating in windows[0].ratings] == [5]


def test_the_rating_page_gives_signs_of_life():
    [window] = waiting(1)
    testing.let_time_pass(registry.get(GROUPER).quiet_after - 1)
    testing.sweep()
    assert window.participant.is_present
    window.poll()
    testing.let_time_pass(registry.get(GROUPER).quiet_after - 1)
    testing.sweep()
    assert window.participant.is_present


def test_whoever_takes_long_for_a_rating_without_scripts_is_back_after_it():
    first, *others = waiting(2)
    testing.let_time_pass(registry.get(GROUPER).quiet_after + 1)
    testing.sweep()
    assert not first.participant.is_present
    for window in (first, *others):
        window.rate()
    assert first.participant.is_present
    waiting(1)
    open_all([first, *others])
    assert {window.page for window in (first, *others)} == {"questions/1/"}


def test_the_closed_windows_of_the_waiting_area_make_no_quorum():
    """Catches a quorum of people who are not here."""
    waiting(2)
    testing.let_time_pass(registry.get(GROUPER).quiet_after + 1)
    testing.sweep()
    [window] = waiting(1)
    window.open()
    assert window.page == "wait/"
    assert not SyncGroup.objects.exists()


# Top-ups


def test_a_fourth_joins_while_the_part_is_open_and_the_others_wait_for_them():
    windows = in_quorum()
    [newcomer] = waiting(1)
    newcomer.open()
    assert newcomer.page == "questions/1/"
    assert SyncGroup.objects.get().n_active_participants == 4
    answer_all(windows, 1)
    assert {window.page for window in windows} == {"questions/1/answered/"}
    answer_all([newcomer], 1)
    open_all(windows)
    assert {window.page for window in (*windows, newcomer)} == {"questions/2/"}


def test_a_newcomer_who_is_still_at_a_rating_is_not_blamed_for_keeping_the_others_waiting():
    """Catches a clock that began to run before somebody had joined."""
    *here, slow = in_quorum()
    for window in here:
        window.answer(1)
    testing.let_time_pass(50)
    [newcomer] = waiting(1)
    testing.let_time_pass(11)
    testing.sweep()
    assert slow.participant.failed_reason == KEPT_WAITING
    open_all(here)
    assert {window.page for window in here} == {"questions/2/"}
    newcomer.rate()
    assert newcomer.page == "questions/1/"
    assert newcomer.participant.is_active


def test_four_of_whom_one_leaves_go_on():
    *windows, leaver = in_quorum(3) + waiting(1)
    leaver.open()
    leaver.send("leave")
    answer_all(windows, 1)
    assert {window.page for window in windows} == {"questions/2/"}


# Below three


def leave(window):
    window.send("leave")


def fail(window):
    window.participant.fail("a researcher decided so")


def vanish(window):
    """The window is closed; nobody presses anything."""


DROPOUTS = [leave, fail, vanish]


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


def sit_out(windows):
    """Time passes, and whoever is there does what the page asks for, until all have come to an end."""
    for _ in range(20):
        testing.let_time_pass(30)
        for window in windows:
            window.poll()
        testing.sweep()
        end_the_vanished()
        open_all(windows)
        # Everybody does something, whoever has come to an end before.
        ended = [do_what_is_asked(window) for window in windows]
        if all(ended):
            return
    raise AssertionError(f"Stranded at {[window.page for window in windows]}.")


def everybody_has_an_outcome():
    testing.let_time_pass(301)
    testing.sweep()
    end_the_vanished()
    return not ParticipantLinkBarrier.objects.waiting().exists() and not SyncGroup.objects.active().exists()


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
    sit_out(staying)
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


# Pages that are opened again


def test_the_back_button_and_reloading_lead_to_where_one_is():
    windows = in_quorum()
    answer_all(windows, 1)
    before = ParticipantLinkBarrier.objects.count()
    for page, visit in [("wait", None), ("question", 1), ("answered", 1), ("question", 3), ("thanks", None)]:
        windows[0].open(page, visit)
        assert windows[0].page == "questions/2/"
    assert ParticipantLinkBarrier.objects.count() == before
    assert windows[0].participant.is_active


@pytest.mark.parametrize("choice", ["", "walk", "small", "\0"])
def test_a_choice_that_is_not_offered_is_none(choice):
    window = in_quorum()[0]
    window.answer(1, choice or " ")
    assert window.page == "questions/1/"
    assert not Answer.objects.filter(question="question 1").exists()


def test_the_first_answer_counts():
    window = in_quorum()[0]
    window.client.post(window.address("question", 1), {"choice": "fly"})
    window.answer(1, "swim")
    assert Answer.objects.get(question="question 1").value == "fly"


def test_three_windows_of_one_browser_make_a_quorum():
    client = Client()
    windows = [Seat.agreeing(client) for _ in range(3)]
    open_all(windows)
    testing.process(GROUPER)
    open_all(windows)
    assert [window.page for window in windows] == ["questions/1/"] * 3


def test_no_page_has_scripts_or_styles_in_it():
    [window] = waiting(1)
    pages = [window.client.get("/quorum/"), window.open("wait"), in_quorum()[0].open()]
    for page in pages:
        assert "no-store" in page["Cache-Control"]
        for inline in ("<style", " style=", "<script>", "https://", " onclick"):
            assert inline not in text(page)

"""Quorum: it opens once three are here, people rate animals until then, and newcomers join."""

import pytest
from django.test import Client

from project.quorum.experiment import ANIMALS
from project.shared.models import Answer
from syncgroups import registry, testing
from syncgroups.barriers import KEPT_WAITING
from syncgroups.models import ParticipantLinkBarrier, SyncGroup

from .demo_windows import open_all
from .quorum_windows import ANSWERED, GROUPER, Seat, answer_all, in_quorum, statuses, text, waiting

pytestmark = pytest.mark.django_db


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

"""The demo, page by page."""

import pytest
from django.test import Client
from django.urls import reverse

from project.demo.barriers import GROUPER
from project.demo.models import Choice
from project.demo.results import Game
from syncgroups import testing
from syncgroups.models import Participant, ParticipantLinkBarrier, SyncGroup

from .demo_windows import Window, close, open_all, pair, play_round

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = "/rps/"


def text(response):
    return response.content.decode()


# Consent


def test_nobody_takes_part_without_agreeing():
    client = Client()
    form = client.get(START).context["form"].initial
    answer = client.post(START, form)
    assert answer.status_code == 200
    assert "Please tick the box" in text(answer)
    assert not Participant.objects.exists()


def test_the_link_says_to_which_cohort_a_participant_belongs():
    assert Window.agreeing(cohort="monday-10").participant.cohort == "monday-10"
    assert Window.agreeing().participant.cohort == ""


@pytest.mark.parametrize("cohort", ["x" * 101, "two words", "<b>", "a\0b", "ä"])
def test_a_link_with_an_impossible_cohort_says_so(cohort):
    answer = Client().get(START, {"cohort": cohort})
    assert answer.status_code == 400
    assert "This link does not work" in text(answer)


def test_a_forged_cohort_in_the_form_makes_nobody():
    client = Client()
    form = client.get(START).context["form"].initial
    assert client.post(START, {**form, "cohort": "x" * 101, "agree": "on"}).status_code == 200
    assert not Participant.objects.exists()


def test_agreeing_twice_makes_one_participant():
    """Catches a ticket that is not looked at: then a double click leaves a second, silent participant."""
    client = Client()
    form = client.get(START).context["form"].initial
    answers = [client.post(START, {"agree": "on", **form}) for _ in range(2)]
    assert Participant.objects.count() == 1
    assert answers[0]["Location"] == answers[1]["Location"]


@pytest.mark.parametrize("ticket", ["", "forged", "e30:1:x"])
def test_a_forged_ticket_makes_nobody(ticket):
    answer = Client().post(START, {"agree": "on", "cohort": "", "ticket": ticket})
    assert answer.status_code == 200
    assert not Participant.objects.exists()


def test_the_form_is_guarded_against_other_sites():
    client = Client(enforce_csrf_checks=True)
    form = client.get(START).context["form"].initial
    assert client.post(START, {"agree": "on", **form}).status_code == 403


# The whole game


def test_two_people_play_three_rounds_and_are_thanked():
    windows = pair()
    for number, moves in enumerate([("rock", "scissors"), ("rock", "paper"), ("rock", "rock")], start=1):
        assert [window.page for window in windows] == [f"rounds/{number}/"] * 2
        play_round(windows, number, *moves)
        assert [window.page for window in windows] == [f"rounds/{number}/result/"] * 2
        open_all(windows)
        for window in windows:
            if number < 3:
                window.open("choose", number + 1)
    close(windows)
    for window in windows:
        assert window.page == "thanks/"
        assert window.participant.status == "finished"
        assert not window.participant.failed
    scores = Choice.objects.order_by("participant", "round").values_list("points", flat=True)
    assert list(scores) == [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("moves", "headings"),
    [
        (("rock", "scissors"), ("You win", "You lose")),
        (("paper", "scissors"), ("You lose", "You win")),
        (("paper", "paper"), ("A draw", "A draw")),
    ],
)
def test_each_player_is_told_how_the_round_went_for_them(moves, headings):
    windows = pair()
    play_round(windows, 1, *moves)
    for window, heading in zip(windows, headings, strict=True):
        assert heading in text(window.open())


def test_the_waiting_page_polls_the_address_of_its_own_player():
    window = Window.agreeing()
    page = text(window.open())
    assert f'data-poll-url="{window.address("standing")}"' in page
    standing = window.client.get(window.address("standing")).json()
    assert standing["participant_id"] == str(window.participant.public_id)
    assert [wait["barrier_id"] for wait in standing["waits"]] == [GROUPER]


def test_a_choice_is_compared_with_the_others_only_once_it_is_scored():
    """Catches a result that shows the choices of a round that is not over."""
    windows = pair()
    for window in windows:
        window.send("choose", 1, move="paper")
        assert window.page == "rounds/1/wait/"
    participant = windows[0].participant
    result = Game(participant, participant.sync_group).result(1)
    assert result
    assert (result.others, result.outcome) == ([], "unscored")


# Places


def test_a_page_that_is_not_the_participants_place_leads_to_their_place():
    window = Window.agreeing()
    for page, visit in [
        ("choose", 1),
        ("wait", 1),
        ("feedback", 1),
        ("closing", None),
        ("thanks", None),
        ("end", None),
    ]:
        window.open(page, visit)
        assert window.page == "partner/"
    assert window.participant.is_active
    assert ParticipantLinkBarrier.objects.count() == 1


def test_a_round_opens_only_after_the_one_before():
    windows = pair()
    for page, visit in [("choose", 2), ("choose", 0), ("choose", 4), ("wait", 1), ("feedback", 1), ("partner", None)]:
        windows[0].open(page, visit)
        assert windows[0].page == "rounds/1/"
    windows[0].send("choose", 2, move="rock")
    assert not Choice.objects.exists()


def test_a_round_that_is_over_opens_no_more():
    windows = pair()
    play_round(windows, 1)
    for page in ("choose", "wait"):
        windows[0].open(page, 1)
        assert windows[0].page == "rounds/1/result/"
    windows[0].send("choose", 1, move="paper")
    assert Choice.objects.filter(round=1, move="paper").count() == 0
    assert windows[0].page == "rounds/1/result/"


def test_the_result_leads_on_to_the_next_round_and_stays_until_it_is_played():
    windows = pair()
    play_round(windows, 1)
    windows[0].open("choose", 2)
    assert windows[0].page == "rounds/2/"
    windows[0].open()
    assert windows[0].page == "rounds/1/result/"


def test_who_has_finished_stays_with_the_thanks():
    windows = pair()
    for number in (1, 2, 3):
        play_round(windows, number)
    close(windows)
    for page, visit in [("player", None), ("choose", 3), ("end", None), ("thanks", None)]:
        windows[0].open(page, visit)
        assert windows[0].page == "thanks/"
    windows[0].send("leave")
    assert windows[0].participant.status == "finished"


# Repeating


def test_choosing_twice_is_choosing_once():
    """Catches a choice that is stored without looking: the second would win, or be a second row."""
    windows = pair()
    windows[0].client.post(windows[0].address("choose", 1), {"move": "rock"})
    windows[0].send("choose", 1, move="paper")
    assert windows[0].page == "rounds/1/wait/"
    assert [choice.move for choice in Choice.objects.all()] == ["rock"]


def test_reloading_any_page_changes_nothing():
    windows = pair()
    windows[0].send("choose", 1, move="rock")
    for _ in range(3):
        windows[0].open("wait", 1)
    assert ParticipantLinkBarrier.objects.filter(participant=windows[0].participant).count() == 2
    windows[1].send("choose", 1, move="rock")
    testing.process("choice_made")
    for _ in range(3):
        windows[0].open("feedback", 1)
        assert windows[0].page == "rounds/1/result/"


@pytest.mark.parametrize("move", ["", "lizard", "x" * 5000])
def test_an_unknown_move_is_refused_with_a_sentence(move):
    windows = pair()
    answer = windows[0].send("choose", 1, move=move)
    assert 'role="alert"' in text(answer)
    assert not Choice.objects.exists()


# Cohorts


def test_people_of_different_cohorts_never_play_together():
    windows = [Window.agreeing(cohort="a"), Window.agreeing(cohort="b")]
    open_all(windows)
    for cohort in ("a", "b", ""):
        testing.process(GROUPER, cohort)
    open_all(windows)
    assert [window.page for window in windows] == ["partner/"] * 2
    assert not SyncGroup.objects.exists()


def test_every_page_is_read_without_scripts_or_styles_in_it_and_never_cached():
    windows = pair()
    addresses = [START, windows[0].address("choose", 1), windows[0].address("player")]
    for address in addresses:
        page = windows[0].client.get(address, follow=True)
        assert "no-store" in page["Cache-Control"]
        assert "<style" not in text(page)
        assert " style=" not in text(page)
        assert "https://" not in text(page)
        assert "<script>" not in text(page)


def test_an_unknown_player_is_told_to_open_the_link():
    for address in (reverse("demo:player", args=[1]), reverse("demo:choose", args=[7, 1])):
        answer = Client().get(address)
        assert answer.status_code == 401
        assert "We cannot tell who you are" in text(answer)

"""Rock, paper, scissors in real browser windows."""

import pytest
from playwright.sync_api import expect

from project.demo.models import Choice
from syncgroups import testing
from syncgroups.models import ParticipantLinkBarrier

from .demo_windows import agree, expect_at, person_at, press_leave, sweep_to, take_part, take_part_together

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2


def choose(page, move):
    page.get_by_role("button", name=move).click()


def heading(page):
    return expect(page.get_by_role("heading", level=1))


def test_two_windows_of_one_browser_play_three_rounds(window):
    rock, scissors = take_part_together(window, "rps", 2)
    expect_at("partner/", rock, scissors)
    for number in (1, 2, 3):
        sweep_to(f"rounds/{number}/", rock, scissors)
        choose(rock, "Rock")
        expect_at(f"rounds/{number}/wait/", rock)
        choose(scissors, "Scissors")
        sweep_to(f"rounds/{number}/result/", rock, scissors)
        heading(rock).to_have_text("You win this round")
        heading(scissors).to_have_text("You lose this round")
        for page in (rock, scissors):
            page.locator("a[rel=next]").click()
            expect_at("closing/" if number == 3 else f"rounds/{number + 1}/", page)
    sweep_to("thanks/", rock, scissors)
    expect(rock.locator(".demo-result dd").first).to_have_text("3")
    assert {person_at(page).status for page in (rock, scissors)} == {"finished"}


def test_of_three_windows_the_third_waits_and_plays_once_somebody_comes_back(window):
    """Catches a third one who is stuck when two have met, and one who is stuck when the partner leaves."""
    first, second, third = take_part(window, "rps", 3)
    expect_at("partner/", third)
    sweep_to("rounds/1/", first, second)
    expect(third.get_by_role("status")).to_contain_text("1 of 2 is here")
    choose(first, "Paper")
    press_leave(second)
    sweep_to("rounds/1/result/", first)
    heading(first).to_have_text("This round does not count")
    expect(first.get_by_text("You are the only one left")).to_be_visible()
    # Whoever has left may take part anew, as somebody else.
    agree(second, "rps")
    sweep_to("rounds/1/", second, third)


def test_reloading_a_second_tab_and_the_back_button_do_no_harm(window):
    first, second = take_part(window, "rps", 2)
    sweep_to("rounds/1/", first, second)
    first.reload()
    expect_at("rounds/1/", first)
    tab = window(beside=first)
    tab.goto(first.url)
    choose(first, "Rock")
    expect_at("rounds/1/wait/", first)
    choose(tab, "Paper")
    expect_at("rounds/1/wait/", tab)
    first.go_back()
    expect_at("rounds/1/wait/", first)
    choose(second, "Scissors")
    sweep_to("rounds/1/result/", first, second, tab)
    for page in (first, tab):
        heading(page).to_have_text("You win this round")
    person = person_at(first)
    assert [choice.move for choice in Choice.objects.of(person)] == ["rock"]
    assert ParticipantLinkBarrier.objects.filter(participant=person).count() == 2
    assert person.is_active
    testing.sweep()
    expect_at("rounds/1/result/", first, tab)

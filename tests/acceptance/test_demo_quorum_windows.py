"""Quorum in real browser windows."""

import pytest
from playwright.sync_api import expect

from project.shared.models import Answer
from syncgroups import testing
from syncgroups.models import ParticipantLinkBarrier

from .demo_windows import expect_at, person_at, press_leave, sweep_to, sweep_until, take_part, take_part_together
from .windows import set_hidden

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2


def rate(page, stars="4"):
    page.get_by_role("button", name=stars, exact=True).click()


def answer(page, number=0):
    page.locator("#choose button").nth(number).click()


def let_in(*pages, place="questions/1/"):
    """Windows that wait go on, after the rating that they are at."""
    expect_at("wait/", *pages)
    people = [person_at(page) for page in pages]
    waiting = ParticipantLinkBarrier.objects.waiting().filter(participant__in=people)
    sweep_until(lambda: not waiting.all().exists(), pages[0])
    for page in pages:
        expect_at("wait/", page)
        rate(page)
    expect_at(place, *pages)


def in_quorum(window, people=3):
    pages = take_part_together(window, "quorum", people)
    let_in(*pages)
    return pages


def ratings_of(page):
    answers = Answer.objects.filter(participant=person_at(page), question__startswith="animal")
    return [answer.value["stars"] for answer in answers.order_by("pk")]


def test_two_windows_rate_animals_until_a_third_one_opens_the_questions(window):
    first, second = take_part(window, "quorum", 2)
    expect(first.get_by_role("status")).to_have_text("2 of 3 are here")
    ask = first.get_by_role("heading", level=1)
    before = ask.inner_text()
    rate(first, "2")
    expect(ask).not_to_have_text(before)
    expect_at("wait/", first, second)
    [third] = take_part(window, "quorum", 1)
    for page in (first, second):
        expect(page.get_by_role("status")).to_have_text("3 of 3 are here")
    testing.sweep()
    for page in (first, second):
        expect(page.get_by_role("status")).to_have_text("Enough people are here: rate this one, and you go on.")
    let_in(first, second, third)
    assert ratings_of(first) == [2, 4]
    for page in (first, second, third):
        answer(page)
    sweep_to("questions/2/", first, second, third)
    expect(first.locator(".demo-result")).to_contain_text("3 people")


def test_a_fourth_window_joins_the_three_that_are_open(window):
    pages = in_quorum(window)
    [fourth] = take_part(window, "quorum", 1)
    let_in(fourth)
    for page in pages:
        answer(page)
    expect_at("questions/1/answered/", *pages)
    expect(pages[0].get_by_role("status")).to_contain_text("3 of 4 are here")
    answer(fourth, 1)
    sweep_to("questions/2/", *pages, fourth)
    expect(fourth.locator(".demo-result dd")).to_have_text(["3 people", "1 person"])


def test_below_three_the_questions_close_and_open_again_with_the_next_one_who_comes(window):
    leaver, waiter, late = in_quorum(window)
    answer(waiter)
    expect_at("questions/1/answered/", waiter)
    press_leave(leaver)
    sweep_to("wait/", waiter)
    expect(waiter.locator(".demo-notice")).to_contain_text("Somebody has left")
    answer(late)
    sweep_to("wait/", late)
    [newcomer] = take_part(window, "quorum", 1)
    let_in(newcomer)
    for page in (waiter, late):
        rate(page)
    expect_at("questions/1/answered/", waiter, late)
    answer(newcomer)
    sweep_to("questions/2/", waiter, late, newcomer)


def test_reloading_a_second_tab_and_the_back_button_do_no_harm(window):
    first, *others = in_quorum(window)
    first.reload()
    tab = window(beside=first)
    tab.goto(first.url)
    expect_at("questions/1/", first, tab)
    answer(first, 0)
    expect_at("questions/1/answered/", first)
    answer(tab, 1)
    expect_at("questions/1/answered/", tab)
    first.go_back()
    expect_at("questions/1/answered/", first)
    for page in others:
        answer(page)
    sweep_to("questions/2/", first, tab, *others)
    person = person_at(first)
    assert [one.value for one in Answer.objects.filter(participant=person, question="question 1")] == ["swim"]
    assert ParticipantLinkBarrier.objects.at("quorum_answered").filter(participant=person).count() == 1
    assert person.is_active


def test_a_rating_page_that_is_closed_is_not_taken_for_one_that_is_hidden(window):
    """Fails when whoever closes the window while they rate is matched for two minutes more."""
    [page] = take_part(window, "quorum", 1)
    person = person_at(page)
    with page.expect_response(lambda answer: answer.request.headers.get("syncgroups-page") == "hidden"):
        set_hidden(page, True)
    person.refresh_from_db()
    assert person.page_hidden
    page.close(run_before_unload=True)
    window().wait_for_timeout(1000)
    person.refresh_from_db()
    assert not person.page_hidden


def test_a_rating_page_that_is_hidden_and_shown_while_the_server_is_slow_asks_no_more_often(window):
    """Fails when each change of mind during an answer leaves a clock of its own behind: they never end."""
    [page] = take_part(window, "quorum", 1)
    held = []
    page.route("**/standing/", lambda route: held.append(route))
    for _ in range(4):
        for hidden in (True, False):
            set_hidden(page, hidden)
            page.wait_for_timeout(300)
    assert len(held) > 4
    page.unroute("**/standing/")
    polls = []
    page.on("request", lambda request: polls.append(request) if request.url.endswith("/standing/") else None)
    page.wait_for_timeout(6000)
    assert 1 <= len(polls) <= 4

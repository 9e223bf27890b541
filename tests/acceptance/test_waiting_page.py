"""What somebody who waits sees in a real browser: for what, how long, and what they can do about it."""

import re

import pytest
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import RequestContext, Template
from playwright.sync_api import expect

from syncgroups import arrivals, operating, testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.waiting import WaitPage
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, make_pair
from tests.acceptance.windows import PATIENCE, enter, expect_gone_on, release

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.acceptance.participant_site"),
]

PAUSED = "The researchers have paused this for a moment"
NEARLY_UP = "Your time is nearly up"
WAITED = "[data-syncgroups-waited]"
LEFT = "[data-syncgroups-left]"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2
    with barriers_of_the_site():
        yield


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


def link_of(participant):
    return ParticipantLinkBarrier.objects.get(participant=participant)


# What is waited for


def test_the_page_says_what_is_waited_for(window, participant):
    page = window()
    enter(page, participant)
    expect(page.get_by_text("We are looking for 1 other person to take part together with you.")).to_be_visible()
    expect(page.get_by_text("We cannot say yet how long it will take.")).to_be_visible()


def test_at_a_group_barrier_it_is_the_group(window):
    pair = make_pair()
    page = window(expected="409")
    page.goto(f"/enter/{issue_token(pair[0])}/")
    page.goto("/together/")
    expect(page.get_by_text("We are waiting for the other members of your group.")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("1 of 2 is here")


def test_a_pause_is_told_and_the_clocks_go_away_until_it_is_over(window, participant):
    page = window()
    enter(page, participant)
    arrivals.pause("pair_grouper")
    expect(page.get_by_role("status")).to_contain_text(PAUSED)
    expect(page.locator(LEFT)).to_be_hidden()
    page.reload()
    expect(page.get_by_role("status")).to_contain_text(PAUSED)
    expect(page.locator(LEFT)).to_be_hidden()
    arrivals.resume("pair_grouper")
    expect(page.get_by_role("status")).not_to_contain_text(PAUSED)
    expect(page.locator(LEFT)).to_be_visible()


def test_a_template_need_not_tell_of_a_pause(window, participant):
    """Fails when a part that a site's own template leaves out is missed: the clocks would go on in a pause."""

    def leave_out(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("data-syncgroups-paused", "data-left-out"))

    page = window()
    enter(page, participant)
    page.route("**/lobby/", leave_out)
    page.reload()
    expect(page.locator("[data-left-out]")).to_have_count(1)
    arrivals.pause("pair_grouper")
    expect(page.locator(LEFT)).to_be_hidden()
    arrivals.resume("pair_grouper")
    expect(page.locator(LEFT)).to_be_visible()


def test_what_a_researcher_says_is_read_as_it_is_sent_and_is_no_markup(window, participant):
    """Catches: a message that only those see who reload, one that stays, and one that runs as a script."""
    page = window()
    enter(page, participant)
    visit, order = link_of(participant), {"reason": "the server was slow", "by": "ada"}
    operating.message(visit, text="<b>Five</b> more minutes, please.", **order)
    expect(page.get_by_role("status")).to_contain_text("<b>Five</b> more minutes, please.")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("<b>Five</b> more minutes, please.")
    operating.message(visit, text="", **order)
    expect(page.get_by_role("status")).not_to_contain_text("more minutes")


# Time


def test_the_clocks_run_whatever_the_readers_own_clock_says(window, participant, settings):
    """Fails when the time is the reader's: somebody's clock is wrong by years. No poll comes to put it right."""
    settings.SYNCGROUPS_POLL_INTERVAL = 30
    page = window()
    page.clock.install(time="2001-01-01")
    enter(page, participant)
    expect(page.locator(WAITED)).to_have_text(re.compile(r"^0:0[1-9]$"))
    expect(page.locator(LEFT)).to_have_text(re.compile(r"^9:5\d$"))


def test_the_clocks_are_right_again_after_the_machine_slept(window, participant):
    """Fails when the page's own clock is never compared with the server's."""
    page = window(expected="ERR_FAILED")
    page.clock.install()
    enter(page, participant)
    page.route("**/sync/api/v1/me/", lambda route: route.abort())
    page.clock.fast_forward("01:00:00")
    expect(page.locator(WAITED)).to_have_text(re.compile(r"^1:00:\d\d$"))
    page.unroute("**/sync/api/v1/me/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator(WAITED)).to_have_text(re.compile(r"^0:\d\d$"))


def test_seconds_are_not_announced(window, participant):
    """Fails when a clock is in the live region: a screen reader would read each second aloud."""
    page = window()
    enter(page, participant)
    spoken = page.get_by_role("status").text_content()
    expect(page.locator(WAITED)).to_have_text(re.compile(r"^0:0[2-9]$"))
    assert page.get_by_role("status").text_content() == spoken


# More time, or leaving


@pytest.fixture
def choice(window, participant):
    """A page whose reader has a choice, though not yet."""
    with barriers_of_the_site(extensions=1, max_wait_time=600):
        page = window(expected="403")
        enter(page, participant)
        expect(page.get_by_role("button")).to_have_count(0)
        testing.let_time_pass(450)
        expect(page.get_by_role("button", name="Wait 10 more minutes")).to_be_visible()
        yield page


def test_towards_the_end_one_may_choose_to_wait_for_longer(choice, participant):
    expect(choice.get_by_role("status")).to_contain_text("Your time is nearly up")
    choice.get_by_role("button", name="Wait 10 more minutes").click()
    expect(choice.locator(LEFT)).to_have_text(re.compile(r"^1\d:\d\d$"))
    assert link_of(participant).extensions == 1
    testing.let_time_pass(700)
    expect(choice.locator(LEFT)).to_have_text(re.compile(r"^[0-2]:\d\d$"))


def test_once_there_is_no_more_time_to_be_had_one_may_still_leave(choice, participant):
    """Fails when the choice goes away with the last extension: whoever has chosen to wait would be failed for it."""
    choice.get_by_role("button", name="Wait 10 more minutes").click()
    expect(choice.locator(LEFT)).to_have_text(re.compile(r"^1\d:\d\d$"))
    testing.let_time_pass(700)
    expect(choice.get_by_role("status")).to_contain_text("Your time is nearly up. You can leave with your credit.")
    expect(choice.get_by_role("button", name="Wait 10 more minutes")).to_be_disabled()
    choice.get_by_role("button", name="Leave with my credit").click()
    expect(choice.get_by_role("heading", level=1)).to_have_text("Your part ends here")
    participant.refresh_from_db()
    assert (participant.status, participant.failed) == ("left", False)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_tap_that_comes_twice_is_not_taken_for_one_on_another_button(window, participant, scripts):
    """Fails when the button by which one leaves moves into the place of the one for more time, of which there is none.

    The page is there anew within the time in which tired people tap twice.
    """
    with barriers_of_the_site(extensions=1, extension_time=60, max_wait_time=300):
        page = window(java_script_enabled=scripts, expected="403")
        enter(page, participant)
        testing.let_time_pass(270)
        page.reload()
        button = page.get_by_role("button", name="Wait 1 more minute")
        expect(button).to_be_enabled()
        place = button.bounding_box()
        middle = (place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        page.mouse.click(*middle)
        expect(button).to_be_disabled()
        page.mouse.click(*middle)
        page.wait_for_timeout(500)
        expect(page.get_by_role("heading", level=1)).to_have_text("Please wait")
    participant.refresh_from_db()
    assert participant.is_active


def test_nobody_is_told_in_a_pause_that_their_time_is_nearly_up(window, participant):
    """Fails when a clock that stands is taken to run: the deadline of who is held moves only as the pause ends."""
    with barriers_of_the_site(extensions=1, max_wait_time=600):
        page = window()
        enter(page, participant)
        arrivals.pause("pair_grouper")
        expect(page.get_by_role("status")).to_contain_text(PAUSED)
        testing.let_time_pass(450)
        expect(page.locator(WAITED)).to_have_text(re.compile(r"^(7|8):\d\d$"))
        page.reload()
        expect(page.locator(WAITED)).to_have_text(re.compile(r"^(7|8):\d[1-9]$"))
        expect(page.get_by_role("status")).not_to_contain_text(NEARLY_UP)
        arrivals.resume("pair_grouper")
        expect(page.locator(LEFT)).to_have_text(re.compile(r"^9:\d\d$"))
        expect(page.get_by_role("status")).not_to_contain_text(NEARLY_UP)
        expect(page.get_by_role("button")).to_have_count(0)


def test_what_was_said_of_the_choice_is_taken_back_in_a_pause(choice):
    """Fails when the pause hides the buttons only: who listens would still read that they have to choose."""
    expect(choice.get_by_role("status")).to_contain_text(NEARLY_UP)
    arrivals.pause("pair_grouper")
    expect(choice.get_by_role("status")).to_contain_text(PAUSED)
    expect(choice.get_by_role("status")).not_to_contain_text(NEARLY_UP)
    arrivals.resume("pair_grouper")
    expect(choice.get_by_role("status")).to_contain_text(NEARLY_UP)
    expect(choice.get_by_role("button")).to_have_count(2)


def test_once_there_is_more_time_the_choice_goes_away_and_is_told_again_in_its_time(choice, participant):
    """Fails when it is offered once and for all: as after a researcher, or another tab, has given more time."""
    link_of(participant).extend()
    expect(choice.get_by_role("button")).to_have_count(0)
    expect(choice.get_by_role("status")).not_to_contain_text(NEARLY_UP)
    testing.let_time_pass(600)
    expect(choice.get_by_role("status")).to_contain_text("Your time is nearly up. You can leave with your credit.")
    expect(choice.get_by_role("button", name="Leave with my credit")).to_be_visible()


def test_what_was_chosen_in_another_tab_is_known_in_this_one(choice, participant):
    """Fails when a page goes on to offer time that has been had, or its form is taken for one that was sent before."""
    with barriers_of_the_site(extensions=3, max_wait_time=600):
        choice.reload()
        other = choice.context.new_page()
        other.goto("/lobby/")
        other.get_by_role("button", name="Wait 10 more minutes").click()
        expect(choice.locator("[name=extensions]")).to_have_value("1")
        testing.let_time_pass(600)
        choice.get_by_role("button", name="Wait 10 more minutes").click()
        expect(choice.locator(LEFT)).to_have_text(re.compile(r"^1\d:\d\d$"))
        assert link_of(participant).extensions == 2
        link_of(participant).extend()
        testing.let_time_pass(900)
        expect(other.get_by_role("button", name="Leave with my credit")).to_be_visible()
        expect(other.get_by_role("button", name="Wait 10 more minutes")).to_be_disabled()


def test_or_to_leave_by_the_keyboard_too(choice, participant):
    leave = choice.get_by_role("button", name="Leave with my credit")
    for _ in range(10):
        choice.keyboard.press("Tab")
        if leave.evaluate("button => button === document.activeElement"):
            break
    choice.keyboard.press("Enter")
    expect(choice.get_by_role("heading", level=1)).to_have_text("Your part ends here")
    participant.refresh_from_db()
    assert (participant.status, participant.failed) == ("left", False)


def test_a_choice_that_is_on_its_way_is_not_overtaken(choice, participant):
    """Fails when the page reloads while a form is being sent: the choice would be lost."""
    held = []
    choice.route("**/lobby/", lambda route: held.append(route))
    choice.get_by_role("button", name="Wait 10 more minutes").click(no_wait_after=True)
    while not held:
        choice.wait_for_timeout(20)
    release(participant)
    choice.wait_for_timeout(600)
    assert [route.request.method for route in held] == ["POST"]
    choice.unroute("**/lobby/")  # which lets go what was held
    expect_gone_on(choice)


def test_a_form_that_leads_nowhere_is_not_the_end_of_the_page(window, participant):
    """Fails when the page waits for it for ever: who has stopped it would be gone, and never be let through."""
    with barriers_of_the_site(extensions=1, max_wait_time=600):
        page = window(expected="ERR_ABORTED")
        page.clock.install()
        enter(page, participant)
        testing.let_time_pass(450)
        button = page.get_by_role("button", name="Wait 10 more minutes")
        expect(button).to_be_visible()
        stopped = []
        page.on("requestfailed", lambda request: stopped.append(request))
        page.route("**/lobby/", lambda route: route.abort("aborted"))
        button.click(no_wait_after=True)
        while not stopped:
            page.wait_for_timeout(20)
        page.unroute("**/lobby/")
        release(participant)
        page.clock.fast_forward(31_000)
        expect_gone_on(page)


# Without scripts


def test_without_scripts_everything_is_there_but_the_switch_for_sound(window, participant):
    with barriers_of_the_site(extensions=1, max_wait_time=600):
        page = window(java_script_enabled=False)
        enter(page, participant)
        expect(page.get_by_text("We are looking for 1 other person")).to_be_visible()
        expect(page.get_by_text("1 of 2 is here")).to_be_visible()
        expect(page.locator(WAITED)).to_have_text("0:00")
        expect(page.get_by_role("checkbox")).to_have_count(0)
        page.get_by_role("button", name="Wait 10 more minutes").click()
        expect(page.locator(LEFT)).to_have_text(re.compile(r"^19:\d\d$"))
        release(participant)
        expect_gone_on(page)


# Several pages in turn


@pytest.mark.parametrize("scripts", [True, False])
def test_pages_are_shown_in_turn_until_the_wait_is_over(window, participant, scripts):
    pages = [WaitPage(wait_time=1, content="First of all."), WaitPage(wait_time=1, content="And then.")]
    with barriers_of_the_site(waiting_logic=pages):
        page = window(java_script_enabled=scripts)
        enter(page, participant)
        for content in ("First of all.", "And then.", "First of all."):
            expect(page.get_by_text(content)).to_be_visible(timeout=PATIENCE)
        release(participant)
        expect_gone_on(page)


def test_who_is_released_goes_on_before_the_page_that_is_shown_has_had_its_time(window, participant):
    """Fails when a page that is shown for long asks as seldom: they would be let through as the next one is shown."""
    with barriers_of_the_site(waiting_logic=[WaitPage(20, "First of all."), WaitPage(20, "And then.")]):
        page = window()
        enter(page, participant)
        expect(page.get_by_text("First of all.")).to_be_visible()
        release(participant)
        page.wait_for_url("**/next/", timeout=PATIENCE)


def test_going_back_leads_past_all_pages_that_were_shown_in_turn(window, participant):
    """Fails when each turn is a page of its own for the browser: nobody gets back to what was before the wait."""
    pages = [WaitPage(wait_time=1, content="First of all."), WaitPage(wait_time=1, content="And then.")]
    with barriers_of_the_site(waiting_logic=pages):
        page = window()
        enter(page, participant)
        page.goto("/thanks/")
        page.goto("/lobby/")
        for content in ("First of all.", "And then.", "First of all."):
            expect(page.get_by_text(content)).to_be_visible(timeout=PATIENCE)
        page.go_back()
        assert page.url.endswith("/thanks/")


def test_no_page_is_turned_while_there_is_no_connection(window, participant):
    """Fails when turning does not depend on an answer: the browser would show its own error instead."""
    pages = [WaitPage(wait_time=1, content="First of all."), WaitPage(wait_time=60, content="And then.")]
    with barriers_of_the_site(waiting_logic=pages):
        page = window(expected="ERR_INTERNET_DISCONNECTED")
        enter(page, participant)
        page.context.set_offline(True)
        expect(page.get_by_role("status")).to_contain_text("Connection lost")
        page.wait_for_timeout(1500)
        expect(page.get_by_text("First of all.")).to_be_visible()
        page.context.set_offline(False)
        expect(page.get_by_text("And then.")).to_be_visible()


# In other languages


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", ["1 von 12 ist da", "2 von 12 sind da", "3 von 12 sind da"]),
        ("fr", ["1 sur 12 est là", "2 sur 12 sont là", "3 sur 12 sont là"]),
        ("ar", ["حضر شخص واحد من أصل 12", "حضر شخصان من أصل 12", "حضر 3 أشخاص من أصل 12"]),
    ],
)
def test_numbers_are_told_by_the_rules_of_the_language(window, participant, settings, language, said):
    """Fails when the script knows one and many only: Arabic has six forms."""
    settings.LANGUAGES = [(language, language)]
    settings.LANGUAGE_CODE = language
    with testing.declared(SimpleGrouper("pair", initial_group_size=12)):
        page = window(locale=language)
        page.goto(f"/enter/{issue_token(participant)}/")
        for text in said:
            expect(page.get_by_role("status")).to_contain_text(text)
            testing.arrive_all(testing.make_participants(1), "pair_grouper")


# Something to do meanwhile


@pytest.mark.parametrize("watched", [True, False])
def test_an_activity_is_left_at_once_only_where_its_page_asks_for_that(window, participant, watched):
    with barriers_of_the_site(waiting_logic=[rating_that_watches if watched else rating]):
        page = window()
        page.goto(f"/enter/{issue_token(participant)}/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Rate this")
        release(participant)
        if not watched:
            page.wait_for_timeout(1500)
            page.get_by_role("button").click()
        expect_gone_on(page)


def rating(request, participant, link, watch=""):
    if request.method == "POST":
        return redirect("/")
    text = "<!doctype html><html lang=en><title>Rate</title><h1>Rate this</h1><form method=post>{% csrf_token %}"
    template = Template(f"{text}<button>Like</button></form>{watch}")
    return HttpResponse(template.render(RequestContext(request, {"link": link, "poll_interval": 0.2})))


def rating_that_watches(request, participant, link):
    return rating(request, participant, link, watch="{% include 'syncgroups/_watch.html' %}")

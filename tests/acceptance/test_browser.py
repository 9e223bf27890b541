"""Waiting in a real browser: going on by oneself, losing the network, no scripts, a strict policy."""

import pytest
from playwright.sync_api import expect

from syncgroups import testing
from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.waiting import WaitPage
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site
from tests.acceptance.windows import PATIENCE, enter, expect_gone_on, release, set_hidden

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.acceptance.participant_site"),
]


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2
    with barriers_of_the_site(waiting_logic=WaitPage(wait_time=0.2)):
        yield


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


def test_the_page_goes_on_by_itself_once_released(window, participant):
    page = window()
    enter(page, participant)
    release(participant)
    expect_gone_on(page)


#: Writes down when the last answer came before the page was left.
NOTE_ANSWERS = """
    const ask = window.fetch;
    window.fetch = async (...question) => {
        const answer = await ask(...question);
        sessionStorage.setItem("answered", performance.timeOrigin + performance.now());
        return answer;
    };
"""
#: How long the next page has come after that, in seconds: its time begins as the one before is left.
WENT_ON_AFTER = "(performance.timeOrigin - Number(sessionStorage.getItem('answered'))) / 1000"
HOLD_FOR_EVER = """
    document.querySelector("[data-syncgroups-wait]").addEventListener("syncgroups:ended", (event) => {
        event.detail.holds.push(new Promise(() => {}));
    });
"""


@pytest.mark.parametrize("held", [False, True])
def test_the_page_is_left_as_soon_as_the_answer_is_there_whatever_holds_it_up(window, participant, held):
    """Fails when the page takes its time over an answer that releases, or waits for a signal that never ends."""
    page = window()
    page.add_init_script(NOTE_ANSWERS)
    enter(page, participant)
    if held:
        page.evaluate(HOLD_FOR_EVER)
    release(participant)
    expect_gone_on(page)
    assert 0 <= page.evaluate(WENT_ON_AFTER) < 3


def test_two_windows_find_each_other(window):
    one, two = testing.make_participants(2)
    first, second = window(), window()
    enter(first, one)
    expect(first.get_by_role("status")).to_contain_text("1 of 2 is here")
    enter(second, two)
    expect(first.get_by_role("status")).to_contain_text("2 of 2 are here")
    testing.process("pair_grouper")
    expect_gone_on(first)
    expect_gone_on(second)


def test_who_fails_while_waiting_is_told_why(window, participant):
    page = window(expected="403")
    enter(page, participant)
    participant.fail("asked to stop")
    expect(page.get_by_text("asked to stop")).to_be_visible(timeout=PATIENCE)


def test_a_lost_network_is_said_and_survived(window, participant):
    page = window(expected="ERR_INTERNET_DISCONNECTED")
    enter(page, participant)
    page.context.set_offline(True)
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    release(participant)
    page.wait_for_timeout(3000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Please wait")
    page.context.set_offline(False)
    expect_gone_on(page)


def test_the_trouble_is_unsaid_once_the_network_is_back(window, participant):
    page = window(expected="ERR_INTERNET_DISCONNECTED")
    enter(page, participant)
    page.context.set_offline(True)
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    page.context.set_offline(False)
    expect(page.get_by_role("status")).not_to_contain_text("Connection lost")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_in_trouble_is_asked_ever_more_seldom(window, participant, status):
    """Fails when the pause does not grow: at a steady 0.2 seconds there were fifteen polls in three seconds."""
    page = window(expected=str(status))
    polls = []

    def refuse(route):
        polls.append(route.request.url)
        route.fulfill(status=status, body="busy")

    enter(page, participant)
    page.route("**/sync/api/v1/me/", refuse)
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    page.wait_for_timeout(3000)
    assert 3 <= len(polls) <= 8
    page.unroute("**/sync/api/v1/me/")
    release(participant)
    expect_gone_on(page)


def test_a_page_whose_answer_is_no_json_tries_again(window, participant):
    page = window()
    enter(page, participant)
    page.route("**/sync/api/v1/me/", lambda route: route.fulfill(status=200, body="<html>a hotel's network</html>"))
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    page.unroute("**/sync/api/v1/me/")
    expect(page.get_by_role("status")).not_to_contain_text("Connection lost")


def test_a_refused_poll_reloads_the_page_once(window, participant):
    """Fails when a page that is refused reloads for ever, or never."""
    page = window(expected="401")
    loads = []
    page.on("load", lambda: loads.append(page.url))
    page.route("**/sync/api/v1/me/", lambda route: route.fulfill(status=401, json={"code": "invalid_token"}))
    enter(page, participant)
    for _ in range(PATIENCE // 50):
        if len(loads) < 2:
            page.wait_for_timeout(50)
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    page.wait_for_timeout(1500)
    assert len(loads) == 2


def test_who_is_signed_out_is_told_to_open_the_link_again(window, participant):
    page = window(expected="401")
    enter(page, participant)
    page.context.clear_cookies()
    expect(page.get_by_text("open the link again")).to_be_visible(timeout=PATIENCE)


def test_without_scripts_the_page_gets_there_too(window, participant):
    page = window(java_script_enabled=False)
    enter(page, participant)
    expect(page.locator("noscript p")).to_contain_text("reloads by itself")
    release(participant)
    expect_gone_on(page)


def test_a_site_without_cookies_puts_the_token_into_the_page(window, participant, settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = "tests.acceptance.participant_site.resolve_from_address"
    page = window()
    page.goto(f"/by-token/?token={issue_token(participant)}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Please wait")
    release(participant)
    expect(page.get_by_role("heading", level=1)).to_have_text("You have gone on", timeout=PATIENCE)
    assert page.context.cookies() == []


def test_while_nothing_changes_the_browser_is_answered_304(window, participant, live_server):
    page = window()
    enter(page, participant)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    statuses = []
    session.on("Network.responseReceivedExtraInfo", lambda event: statuses.append(event["statusCode"]))
    page.wait_for_timeout(1500)
    assert statuses.count(304) >= 3
    # The first answer, and the client, which may be on its way still.
    assert statuses.count(200) <= 2


def test_an_address_that_looks_like_one_of_another_site_is_left_for_none(window, participant, live_server):
    """Fails when the page reloads the path alone: a browser takes what begins with two slashes for another site."""
    page = window()
    enter(page, participant)
    page.goto(f"{live_server.url}//127.0.0.1:9/wait/")
    release(participant)
    expect_gone_on(page)


def test_going_back_leads_past_the_waiting_page(window, participant):
    page = window()
    enter(page, participant)
    page.goto("/thanks/")
    page.goto("/lobby/")
    release(participant)
    expect_gone_on(page)
    page.go_back()
    assert page.url.endswith("/thanks/")


def test_the_deadline_is_shown_in_the_readers_own_time_zone(window, participant):
    page = window(timezone_id="Asia/Tokyo", locale="en-GB")
    enter(page, participant)
    deadline = ParticipantLinkBarrier.objects.get().deadline
    expect(page.locator("time")).to_have_text(f"{(deadline.hour + 9) % 24}:{deadline.minute:02}")


def test_a_window_that_nobody_looks_at_asks_more_seldom_and_at_once_when_looked_at(window, participant):
    page = window()
    enter(page, participant)
    polls = []
    page.on("request", lambda request: polls.append(request.url) if "/sync/api/v1/me/" in request.url else None)
    set_hidden(page, True)
    page.wait_for_timeout(2000)
    assert len(polls) <= 4
    release(participant)
    set_hidden(page, False)
    expect_gone_on(page)

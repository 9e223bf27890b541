"""How a waiting page hears that something is new, and how it tells its reader, in a real browser."""

import pytest
from playwright.sync_api import expect

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.waiting import WaitPage
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, make_pair
from tests.acceptance.streams import OVER, Streams
from tests.acceptance.windows import PATIENCE, enter, expect_gone_on, polls_of, release, set_hidden

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.acceptance.participant_site"),
]

#: What Chromium complains of where a sound has to wait for a touch.
NOT_ALLOWED = "AudioContext was not allowed to start"
RECORD_TITLES = """
    new MutationObserver(() => {
        sessionStorage.setItem("titles", `${sessionStorage.getItem("titles")}\n${document.title}`);
    }).observe(document, { subtree: true, childList: true, characterData: true });
"""
#: Writes down how the page makes a phone vibrate, over all pages of the window.
RECORD_VIBRATIONS = """
    Navigator.prototype.vibrate = (pattern) => {
        sessionStorage.setItem("vibrations", `${sessionStorage.getItem("vibrations") || ""}${pattern};`);
        return true;
    };
"""
#: Counts the tones that the page makes, over all pages of the window.
COUNT_TONES = """
    const made = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
        sessionStorage.setItem("tones", Number(sessionStorage.getItem("tones")) + 1);
        return made.call(this);
    };
"""


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2
    with barriers_of_the_site(waiting_logic=WaitPage(wait_time=0.2)):
        yield


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


# How the reader is told


#: Writes down what the page tells screen readers by itself, over all pages of the window.
RECORD_ANNOUNCEMENTS = """
    new MutationObserver(() => {
        const told = document.querySelector("[role=status] [data-syncgroups-announcement]");
        sessionStorage.setItem("told", `${sessionStorage.getItem("told")}\\n${told ? told.textContent : ""}`);
    }).observe(document, { subtree: true, childList: true, characterData: true });
"""


def titles(page):
    """Everything that the title has said, over all pages of the window."""
    return page.evaluate("sessionStorage.getItem('titles')")


def test_the_title_says_so_to_whoever_looks_at_another_tab(window, participant):
    page = window()
    page.add_init_script(RECORD_TITLES)
    enter(page, participant)
    set_hidden(page, True)
    release(participant)
    expect_gone_on(page)
    assert "Ready" in titles(page)


def test_the_end_is_told_to_whoever_listens(window, participant):
    """Fails when it is said by the title alone: a screen reader does not read that aloud when it changes."""
    page = window()
    page.add_init_script(RECORD_ANNOUNCEMENTS)
    enter(page, participant)
    release(participant)
    expect_gone_on(page)
    assert "Ready" in page.evaluate("sessionStorage.getItem('told')")


def test_the_title_of_a_wait_that_ended_otherwise_promises_nothing(window, participant):
    page = window(expected="403")
    page.add_init_script(RECORD_TITLES)
    enter(page, participant)
    participant.fail("answered too fast")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your part ends here")
    assert "The wait is over" in titles(page)
    assert "Ready" not in titles(page)


def test_who_is_sent_back_to_be_grouped_is_not_told_to_go_on_but_why(window):
    """Fails when the end of any wait of somebody who takes part is taken for a release: they would hear that they may
    go on, and wait again."""
    barrier = GroupBarrier("together", "pair", max_wait_time=10, on_member_timeout="regroup")
    with testing.declared(SimpleGrouper("pair", initial_group_size=2), barrier):
        participant, _ = make_pair()
        page = window()
        page.add_init_script(RECORD_TITLES)
        page.goto(f"/enter/{issue_token(participant)}/")
        page.goto("/trying/")
        testing.let_time_pass(11)
        testing.sweep()
        expect(page.get_by_text("Your earlier group could not go on")).to_be_visible(timeout=PATIENCE)
    assert page.url.endswith("/lobby/")
    assert "The wait is over" in titles(page)
    assert "Ready" not in titles(page)


def tones(page):
    return page.evaluate("Number(sessionStorage.getItem('tones'))")


def test_there_is_no_sound_unless_it_is_asked_for(window, participant):
    page = window()
    page.add_init_script(COUNT_TONES)
    enter(page, participant)
    release(participant)
    expect_gone_on(page)
    assert tones(page) == 0


def test_whoever_asks_for_a_sound_hears_it_at_once_and_at_the_end(window, participant):
    page = window()
    page.add_init_script(COUNT_TONES)
    enter(page, participant)
    switch = page.get_by_role("checkbox", name="Play a sound when it goes on")
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    page.wait_for_function("Number(sessionStorage.getItem('tones')) === 2")
    release(participant)
    expect_gone_on(page)
    assert tones(page) == 4


@pytest.mark.parametrize(("asked", "felt"), [(True, "200,100,200;"), (False, None)])
def test_the_phone_of_who_has_asked_for_it_vibrates_at_the_end(window, participant, asked, felt):
    page = window()
    page.add_init_script(RECORD_VIBRATIONS)
    enter(page, participant)
    page.get_by_role("checkbox").set_checked(asked)
    assert page.evaluate("sessionStorage.getItem('vibrations')") is None
    release(participant)
    expect_gone_on(page)
    assert page.evaluate("sessionStorage.getItem('vibrations')") == felt


def test_a_wish_that_the_browser_does_not_fulfil_yet_asks_for_a_touch_and_then_sounds(window, participant):
    """Fails when the box is shown ticked after a reload, and nothing is heard: browsers want a touch on each page."""
    page = window(expected=NOT_ALLOWED)
    page.add_init_script(COUNT_TONES)
    enter(page, participant)
    hint = page.get_by_text("your browser allows the sound only then")
    page.get_by_role("checkbox").check()
    page.wait_for_function("Number(sessionStorage.getItem('tones')) === 2")
    expect(hint).to_be_hidden()
    page.reload()
    expect(hint).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(hint).to_be_hidden()
    release(participant)
    expect_gone_on(page)
    assert tones(page) == 4


def test_a_browser_that_refuses_a_sound_outright_stops_nothing(window, participant):
    """Fails when a refusal is an error of the page: some browsers answer so, and others leave the question open."""
    page = window()
    page.add_init_script("AudioContext.prototype.resume = () => Promise.reject(new Error('not allowed'))")
    enter(page, participant)
    page.get_by_role("checkbox").check()
    release(participant)
    expect_gone_on(page)


def test_nobody_is_asked_to_touch_the_page_for_a_sound_that_is_not_wished(window, participant):
    page = window(expected=NOT_ALLOWED)
    enter(page, participant)
    hint = page.get_by_text("your browser allows the sound only then")
    page.reload()
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    expect(hint).to_be_hidden()
    page.get_by_role("checkbox").check()
    page.reload()
    expect(hint).to_be_visible()
    page.get_by_role("checkbox").uncheck()
    expect(hint).to_be_hidden()


def test_the_wish_for_a_sound_is_remembered(window, participant):
    page = window(expected=NOT_ALLOWED)
    enter(page, participant)
    page.get_by_role("checkbox").check()
    page.reload()
    expect(page.get_by_role("checkbox")).to_be_checked()
    page.get_by_role("checkbox").uncheck()
    page.reload()
    expect(page.get_by_role("checkbox")).not_to_be_checked()


# Windows that nobody looks at, and networks that go away


def is_hidden_poll(request):
    return request.url.endswith("/sync/api/v1/me/") and request.headers.get("syncgroups-page") == "hidden"


def test_the_server_is_told_at_once_that_nobody_looks_and_that_somebody_does(window, participant, settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 30
    page = window()
    enter(page, participant)
    with page.expect_response("**/sync/api/v1/me/") as answer:
        set_hidden(page, True)
    assert is_hidden_poll(answer.value.request)
    participant.refresh_from_db()
    assert participant.page_hidden
    with page.expect_response("**/sync/api/v1/me/") as answer:
        set_hidden(page, False)
    assert not is_hidden_poll(answer.value.request)


def test_after_ten_seconds_without_a_network_the_page_comes_back_by_itself(window, participant):
    page = window(expected="ERR_INTERNET_DISCONNECTED")
    page.clock.install()
    enter(page, participant)
    page.context.set_offline(True)
    page.clock.run_for(10_000)
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    release(participant)
    page.context.set_offline(False)
    expect_gone_on(page)


def test_it_does_so_also_where_the_browser_does_not_tell_that_the_network_is_back(window, participant):
    """Fails when the page does not try again by itself: phones that change networks often say nothing."""
    page = window(expected="ERR_INTERNET_DISCONNECTED")
    page.add_init_script("window.addEventListener('online', event => event.stopImmediatePropagation(), true);")
    enter(page, participant)
    page.context.set_offline(True)
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    release(participant)
    page.context.set_offline(False)
    expect_gone_on(page)


# One participant, several windows


def test_reloading_is_no_new_wait(window, participant):
    page = window()
    enter(page, participant)
    since = page.locator("[data-since]").get_attribute("data-since")
    for _ in range(3):
        page.reload()
    assert page.locator("[data-since]").get_attribute("data-since") == since
    assert ParticipantLinkBarrier.objects.count() == 1


def test_a_second_tab_waits_along_and_goes_on_along(window, participant):
    page = window()
    enter(page, participant)
    second = page.context.new_page()
    second.goto("/lobby/")
    expect(second.get_by_role("status")).to_contain_text("1 of 2 is here")
    release(participant)
    expect_gone_on(page)
    expect_gone_on(second)
    assert ParticipantLinkBarrier.objects.count() == 1


# Hints that are pushed


@pytest.fixture
def streams(monkeypatch):
    fresh = Streams()
    monkeypatch.setattr("tests.acceptance.streams.streams", fresh)
    yield fresh
    fresh.say(OVER)


@pytest.fixture
def listening(window, participant, streams):
    """A page that hears from the server."""
    page = window(expected="ERR_|406")
    enter(page, participant)
    with page.expect_response("**/stream/"), page.expect_response("**/sync/api/v1/me/"):
        page.goto("/pushed/")
    return page


def test_a_page_that_hears_asks_seldom_and_at_once_when_there_is_something_new(listening, participant, streams):
    polls = polls_of(listening)
    listening.wait_for_timeout(1500)
    assert len(polls) <= 2, "one may have been on its way; every 0.2 seconds it would be seven"
    release(participant)
    streams.say("changed")
    expect_gone_on(listening)


def test_hints_that_come_in_crowds_are_answered_by_few_questions(listening, streams):
    """Fails when each hint takes the place of the question before: then none is ever answered."""
    polls, given_up = polls_of(listening), []
    listening.on("requestfailed", lambda request: given_up.append(request.url))
    for _ in range(40):
        streams.say("changed")
        listening.wait_for_timeout(20)
    testing.arrive_all(testing.make_participants(1), "pair_grouper")
    streams.say("changed")
    expect(listening.get_by_role("status")).to_contain_text("2 of 2 are here", timeout=2000)
    assert 2 <= len(polls) <= 12
    assert given_up == []


def test_a_stream_that_ends_leads_back_to_polling_and_is_tried_again(listening, participant, streams):
    streams.say(OVER)
    streams.open.clear()
    testing.arrive_all(testing.make_participants(1), "pair_grouper")
    expect(listening.get_by_role("status")).to_contain_text("2 of 2 are here", timeout=4000)
    expect_response_within(listening, "**/stream/", 15_000)


def expect_response_within(page, address, timeout):
    with page.expect_response(address, timeout=timeout):
        pass


def test_a_server_that_offers_no_stream_is_polled(window, participant, streams):
    streams.offered = False
    page = window(expected="406")
    enter(page, participant)
    page.goto("/pushed/")
    polls = polls_of(page)
    page.wait_for_timeout(1200)
    assert len(polls) >= 3
    assert streams.refused == 1, "not tried again at once"
    release(participant)
    expect_gone_on(page)


def test_a_window_that_nobody_looks_at_leaves_its_connection_to_others(listening, participant, streams):
    with listening.expect_event("requestfailed", lambda request: request.url.endswith("/stream/")):
        set_hidden(listening, True)
    streams.say(OVER)
    release(participant)
    expect_gone_on(listening)


@pytest.fixture
def asked_seldom(settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 30


@pytest.mark.usefixtures("asked_seldom")
def test_whoever_has_asked_for_a_sound_is_told_at_once_also_in_another_tab(listening, participant, streams):
    """Fails when each hidden page leaves its stream: the sound would be as late as its next poll."""
    listening.get_by_role("checkbox").check()
    with listening.expect_response("**/sync/api/v1/me/"):
        set_hidden(listening, True)
    release(participant)
    streams.say("changed")
    listening.wait_for_url("**/next/", timeout=15_000)


@pytest.mark.usefixtures("asked_seldom")
def test_who_wishes_for_no_sound_any_longer_has_no_stream_in_another_tab(listening):
    listening.get_by_role("checkbox").check()
    listening.get_by_role("checkbox").uncheck()
    with listening.expect_event("requestfailed", lambda request: request.url.endswith("/stream/")):
        set_hidden(listening, True)


def test_a_stream_that_keeps_back_what_it_has_to_say_is_given_up(window, participant, streams):
    """Fails when an open stream is trusted: something on the way may gather what is sent."""
    streams.kept_back = True
    page = window()
    enter(page, participant)
    page.clock.install()
    with page.expect_request("**/stream/"):
        page.goto("/pushed/")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/stream/")):
        page.clock.run_for(6_000)
    release(participant)
    expect_gone_on(page)

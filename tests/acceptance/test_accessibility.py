"""Every page that participants see, looked at by axe: light and dark, narrow and wide, written to either side."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from syncgroups import arrivals, testing
from syncgroups.identity import issue_token
from syncgroups.models import SyncGroup
from tests.acceptance.demo_windows import take_part
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site
from tests.acceptance.windows import PHONE, enter, polls_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LAPTOP = {"width": 1280, "height": 800}
LOOKS = [("light", PHONE), ("dark", LAPTOP), ("dark", PHONE), ("light", LAPTOP)]
LANGUAGES = [("en", "English"), ("ar", "Arabic")]
#: Colours that are on their way from one scheme to the other are nobody's.
AT_REST = """new Promise(requestAnimationFrame).then(() =>
    document.getAnimations().forEach((one) => one instanceof CSSTransition && one.finish()))"""
axe = Axe()


def faults_of(page):
    """What axe finds wrong with the page, in every look."""
    faults = []
    for scheme, viewport in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(viewport)
        page.evaluate(AT_REST)
        results = axe.run(page)
        assert results.response["passes"], "nothing was looked at"
        faults += [f"{scheme}, {viewport['width']} wide: {fault}" for fault in described(results)]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        faults += [f"{viewport['width']} wide: {overflow} pixels too wide"] if overflow > 0 else []
    return faults


def described(results):
    for violation in results.response["violations"]:
        for node in violation["nodes"]:
            yield f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"


# The app's own pages


@pytest.fixture
def site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2
    settings.LANGUAGES = LANGUAGES
    with barriers_of_the_site(extensions=1):
        yield


@pytest.fixture(params=["en", "ar"])
def reader(request, window):
    """Open the link of a participant in a window of a language."""

    def open_page(participant, **options):
        page = window(locale=request.param, bypass_csp=True, **options)
        page.goto(f"/enter/{issue_token(participant)}/")
        assert page.locator("html").get_attribute("dir") == {"en": "ltr", "ar": "rtl"}[request.param]
        return page

    return open_page


@pytest.mark.urls("tests.acceptance.participant_site")
def test_the_waiting_page_has_no_faults(site, reader):
    page = reader(testing.make_participants(1)[0])
    testing.let_time_pass(450)
    expect(page.get_by_role("button")).to_have_count(2)
    assert faults_of(page) == []


@pytest.mark.urls("tests.acceptance.participant_site")
def test_nor_has_it_while_something_is_wrong(site, reader):
    page = reader(testing.make_participants(1)[0], expected="ERR_FAILED")
    arrivals.pause("pair_grouper")
    expect(page.locator("[data-syncgroups-paused]")).not_to_be_empty()
    page.route("**/sync/api/v1/me/", lambda route: route.abort())
    expect(page.locator("[data-syncgroups-trouble]")).not_to_be_empty()
    assert faults_of(page) == []


@pytest.mark.urls("tests.acceptance.participant_site")
def test_nor_have_the_pages_at_which_it_ends(site, reader):
    one, two = testing.make_participants(2)
    one.fail("answered too fast")
    page = reader(one, expected="40[349]")
    assert faults_of(page) == []
    page = reader(two, expected="40[349]")
    page.goto("/together/")
    page.locator("summary").click()
    assert faults_of(page) == []


# For those who need large letters

#: As those who cannot read small ones set it in their browser.
LARGE = """document.documentElement.style.fontSize = "200%";
    document.documentElement.scrollWidth - document.documentElement.clientWidth"""
NARROW = {"width": 320, "height": 640}


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ar"])
@pytest.mark.urls("tests.acceptance.participant_site")
def test_letters_of_twice_the_size_fit_into_the_page(site, window, settings, language):
    """Fails when clocks or buttons stick out of the card: one would have to push the page about to read it."""
    settings.LANGUAGES = [(language, language)]
    settings.LANGUAGE_CODE = language
    [participant] = testing.make_participants(1)
    page = window(viewport=NARROW, expected="403")
    page.goto(f"/enter/{issue_token(participant)}/")
    testing.let_time_pass(450)
    expect(page.get_by_role("button")).to_have_count(2)
    assert page.evaluate(LARGE) == 0
    # The grid may be wider than the card that it is in, and the page is not yet.
    assert page.evaluate("[...document.querySelectorAll('main')].every((one) => one.scrollWidth <= one.clientWidth)")
    participant.fail("asked to stop")
    expect(page.get_by_text("asked to stop")).to_be_visible()
    assert page.evaluate(LARGE) == 0


def test_nor_are_those_of_the_demos_too_wide(window):
    too_wide = []
    pages = take_part(window, "rps", 2, viewport=NARROW)
    too_wide.append(pages[0].evaluate(LARGE))
    testing.process("rps_grouper")
    for page in pages:
        page.wait_for_url("**/rounds/1/")
    too_wide.append(pages[0].evaluate(LARGE))
    [rating] = take_part(window, "quorum", 1, viewport=NARROW)
    too_wide.append(rating.evaluate(LARGE))
    for address in ("/", f"/?cohort={'a' * 100}"):
        rating.goto(address)
        too_wide.append(rating.evaluate(LARGE))
    assert too_wide == [0] * 5


# How it behaves


SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifts += entry.value)))
        .observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.urls("tests.acceptance.participant_site")
def test_nothing_jumps_while_the_page_is_read(site, window):
    page = window()
    page.add_init_script(SHIFTS)
    enter(page, testing.make_participants(1)[0])
    expect(page.locator("[data-syncgroups-waited]")).to_have_text(re.compile("0:0[2-9]"))
    testing.arrive_all(testing.make_participants(1), "pair_grouper")
    expect(page.get_by_role("status")).to_contain_text("2 of 2 are here")
    # The clock of the reader's country may be a few letters wider than the server's.
    assert page.evaluate("window.shifts") < 0.001


@pytest.mark.urls("tests.acceptance.participant_site")
def test_news_is_read_without_what_has_been_read_before(site, window):
    """Fails when the status is read as a whole, as it is by default: each new count, and pause and message again."""
    page = window()
    enter(page, testing.make_participants(1)[0])
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    [status] = [node for node in nodes if node.get("role", {}).get("value") == "status"]
    told = {fact["name"]: fact["value"].get("value") for fact in status["properties"]}
    assert (told["live"], told["atomic"]) == ("polite", False)


@pytest.mark.urls("tests.acceptance.participant_site")
def test_nothing_moves_for_those_who_do_not_want_it(site, window):
    one, two = testing.make_participants(2)
    still, lively = window(reduced_motion="reduce"), window(reduced_motion="no-preference")
    enter(still, one)
    enter(lively, two)
    assert still.evaluate("document.getAnimations().length") == 0
    assert lively.evaluate("document.getAnimations().length") > 0


@pytest.mark.urls("tests.acceptance.participant_site")
def test_the_page_is_dark_for_those_who_want_it_dark(site, window):
    """Fails when there is one look only: axe finds no fault with a page that stays light."""
    page = window()
    enter(page, testing.make_participants(1)[0])
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(AT_REST)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds.append(sum(map(int, re.findall(r"\d+", ground))))
    assert grounds[0] > 3 * 128 > grounds[1]


@pytest.mark.urls("tests.acceptance.participant_site")
def test_a_phone_shows_the_page_in_its_own_width(site, window):
    """Fails when a page does not say so: phones then lay it out for a laptop, and make it small."""
    page = window(is_mobile=True, has_touch=True)
    enter(page, testing.make_participants(1)[0])
    assert page.evaluate("innerWidth") == PHONE["width"]


@pytest.mark.urls("tests.acceptance.participant_site")
def test_everything_comes_from_the_site_itself(site, window):
    page = window()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    enter(page, testing.make_participants(1)[0])
    polls = polls_of(page)
    while not polls:
        page.wait_for_timeout(50)
    origin = page.url.removesuffix("/lobby/")
    assert len(asked) > 4
    assert all(address.startswith(origin) for address in asked)


# The pages of the demos


def leave(page):
    page.get_by_text("Leave the study").click()
    faults = faults_of(page)
    page.get_by_role("button", name="Leave now").click()
    page.wait_for_url("**/end/")
    return faults + faults_of(page)


@pytest.mark.parametrize("address", ["/", "/rps/", "/quorum/", "/regrouping/"])
def test_the_pages_that_the_demos_begin_with_have_no_faults(window, address):
    page = window(bypass_csp=True)
    page.goto(address)
    assert faults_of(page) == []
    if address != "/":
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert faults_of(page) == []


def test_the_pages_of_rock_paper_scissors_have_no_faults(window):
    pages = take_part(window, "rps", 2, bypass_csp=True)
    faults = faults_of(pages[0])
    testing.process("rps_grouper")
    for page in pages:
        page.wait_for_url("**/rounds/1/")
    faults += faults_of(pages[0])
    pages[0].get_by_role("button", name="Rock").click()
    pages[0].wait_for_url("**/wait/")
    pages[1].get_by_role("button", name="Paper").click()
    testing.process("choice_made")
    pages[0].wait_for_url("**/result/")
    faults += faults_of(pages[0]) + leave(pages[0])
    assert faults == []


def test_the_pages_of_quorum_have_no_faults(window):
    pages = take_part(window, "quorum", 3, bypass_csp=True)
    faults = faults_of(pages[0])
    testing.process("quorum_grouper")
    pages[0].get_by_role("button", name="5").click()
    pages[0].wait_for_url("**/questions/1/")
    faults += faults_of(pages[0])
    pages[0].get_by_role("button", name="Swim").click()
    pages[0].wait_for_url("**/answered/")
    faults += faults_of(pages[0]) + leave(pages[0])
    assert faults == []


def test_the_pages_of_regrouping_have_no_faults(window):
    pages = take_part(window, "regrouping", 3, bypass_csp=True)
    faults = faults_of(pages[0])
    testing.process("trio_grouper")
    pages[0].wait_for_url("**/trio/")
    pages[0].get_by_role("button", name="Send").click()
    expect(pages[0].get_by_role("alert")).to_be_visible()
    faults += faults_of(pages[0])
    for page in pages:
        page.wait_for_url("**/trio/")
        page.get_by_role("spinbutton").fill("200")
        page.get_by_role("button", name="Send").click()
    testing.process("closer_trio")
    pages[0].wait_for_url("**/pair/wait/")
    faults += faults_of(pages[0]) + leave(pages[0])
    assert faults == []


@pytest.mark.parametrize(("demo", "size"), [("rps", 2), ("quorum", 3)])
def test_the_pages_of_thanks_have_no_faults(window, demo, size):
    pages = take_part(window, demo, size, bypass_csp=True)
    testing.process(f"{demo}_grouper")
    SyncGroup.objects.get().close("the session is over")
    pages[0].reload()
    pages[0].wait_for_url("**/thanks/")
    assert faults_of(pages[0]) == []

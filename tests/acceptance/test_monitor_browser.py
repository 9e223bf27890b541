"""The monitor in a real browser, under a strict Content-Security-Policy: it follows what happens, and disturbs none."""

import pytest
from playwright.sync_api import expect

from syncgroups import arrivals, testing
from syncgroups.admin import monitor
from syncgroups.models import PresenceInterval, SyncGroup

from . import researchers
from .researchers import pairs_waiting, signed_in, staff
from .test_accessibility import LAPTOP, faults_of
from .windows import PHONE, set_hidden

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/syncgroups/barrierrecord/monitor/"
GROUPER, CHOICE = '[data-key="stop-rps_grouper"] b', '[data-key="stop-choice_made"] b'


@pytest.fixture(autouse=True)
def _site(settings, monkeypatch):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.acceptance.participant_site.strict"]
    monkeypatch.setattr(monitor, "INTERVAL", 0.2)
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def scene(_site):
    return pairs_waiting(1)


@pytest.fixture
def researcher(window, live_server):
    """Open a window in which a researcher is signed in."""

    def open_page(**options):
        page = window(**{"viewport": LAPTOP, **options})
        user = staff("ada", "view_barrierrecord", "view_participantlinkbarrier")
        key = signed_in(user).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
        return page

    return open_page


def questions_of(page):
    """The page's questions for what is new, from now on."""
    asked = []
    page.on("request", lambda request: asked.append(request) if "/monitor/live/" in request.url else None)
    return asked


def test_it_follows_arrivals_and_leaves_the_reader_alone(scene, researcher):
    page = researcher(viewport=PHONE)
    page.goto(PAGE)
    expect(page.locator(CHOICE)).to_have_text("1")
    why = page.locator("#why-barrier-choice_made")
    why.locator("summary").click()
    expect(why).to_contain_text(f"waits for {scene.absentee}")
    link = page.get_by_role("link", name=str(scene.waiter)).first
    link.focus()
    before = page.evaluate("scrollY")
    [newcomer] = testing.make_participants(1, cohort="c0")
    testing.arrive_all([newcomer], "rps_grouper")
    expect(page.locator(GROUPER)).to_have_text("1")
    alone = page.get_by_role("region", name="Waiting without a group")
    expect(alone).to_contain_text(str(newcomer))
    expect(link).to_be_focused()
    newcomer.leave()
    expect(alone).to_have_count(0)
    testing.arrive_all([scene.absentee], "choice_made")
    expect(page.locator(CHOICE)).to_have_text("2")
    expect(why).to_contain_text("the next pass lets them go")
    assert why.get_attribute("open") is not None
    expect(link).to_be_focused()
    assert page.evaluate("scrollY") == before > 0
    testing.process("choice_made", "c0")
    expect(page.locator(CHOICE)).to_have_text("0")
    expect(page.locator(".monitor-groups")).to_contain_text("on the way from choice_made")


def test_rows_come_and_go_and_keep_what_was_opened_in_them(scene, researcher):
    page = researcher()
    page.goto(PAGE)
    first = page.locator(f"#why-group-{scene.group.pk}")
    first.locator("summary").click()
    pair = testing.make_participants(2, cohort="c0")
    testing.arrive_all(pair, "rps_grouper")
    testing.process("rps_grouper", "c0")
    expect(page.locator('[data-key^="group-"]')).to_have_count(2)
    SyncGroup.objects.filter(pk=pair[0].sync_group.pk).update(error_count=1, last_error="KeyError: x")
    testing.arrive_all(pair, "choice_made")
    expect(page.locator('[data-key^="group-"]').first).to_contain_text(str(pair[0]))
    assert first.get_attribute("open") is not None
    scene.group.close()
    expect(first).to_have_count(0)


def test_what_needs_attention_is_announced(scene, researcher):
    page = researcher()
    page.goto(PAGE)
    expect(page.locator(CHOICE)).to_have_text("1")
    arrivals.pause("choice_made", "c0", by="ada")
    expect(page.locator("[data-monitor-status]")).to_have_text("1 thing needs attention.")
    expect(page.get_by_role("region", name="Needs attention")).to_contain_text("Paused by ada")


def test_a_lost_connection_is_told_and_so_is_its_return(scene, researcher):
    page = researcher(expected="ERR_FAILED")
    page.goto(PAGE)
    page.route("**/monitor/live/**", lambda route: route.abort())
    expect(page.locator("[data-monitor-lost]")).to_contain_text("The connection is lost: what you see is as it was at")
    page.unroute("**/monitor/live/**")
    expect(page.locator("[data-monitor-lost]")).to_be_hidden()
    expect(page.locator("[data-monitor-status]")).to_have_text("The connection is back.")


def test_who_has_been_signed_out_is_told(scene, researcher):
    page = researcher()
    page.goto(PAGE)
    page.context.clear_cookies()
    expect(page.locator("[data-monitor-lost]")).to_contain_text("You are signed out")


def test_nothing_is_asked_while_nobody_looks_or_updates_are_paused(scene, researcher):
    page = researcher()
    page.clock.install()
    page.goto(PAGE)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    set_hidden(page, True)
    asked = questions_of(page)
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_request("**/monitor/live/**"):
        set_hidden(page, False)
    page.get_by_role("button", name="Pause updates").click()
    expect(page.locator("[data-monitor-lost]")).to_contain_text("Updates are paused")
    page.wait_for_load_state("networkidle")
    del asked[:]
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_request("**/monitor/live/**"):
        page.get_by_role("button", name="Pause updates").click()
    expect(page.locator("[data-monitor-lost]")).to_be_hidden()


def test_times_run_on_between_two_answers(scene, researcher):
    page = researcher()
    page.clock.install()
    page.goto(PAGE)
    page.get_by_role("button", name="Pause updates").focus()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    page.route("**/monitor/live/**", lambda route: route.fulfill(status=304))
    waited = page.locator('[data-key="barrier-choice_made"] [data-since]')
    page.clock.run_for(65_000)
    expect(waited).to_contain_text("1 min")


def test_plots_are_drawn_and_told_to_those_who_use_the_keyboard(scene, researcher):
    page = researcher()
    page.goto(PAGE)
    expect(page.locator("canvas")).to_have_count(3)
    plot = page.locator("#plot-outcomes")
    canvas = plot.get_by_role("img", name="How visits ended")
    canvas.focus()
    canvas.press("ArrowDown")
    expect(plot.get_by_role("status")).to_have_text("rps_grouper: Released 2")
    canvas.press("Escape")
    expect(plot.get_by_role("status")).to_have_text("")
    plot.locator("summary").click()
    expect(plot.get_by_role("row", name="rps_grouper 2 0 0 0 0")).to_be_visible()


OTHER_THAN = "before => document.querySelector('#plot-outcomes canvas').toDataURL() != before"


def test_plots_follow_what_happens_and_the_colours_of_the_page(scene, researcher):
    page = researcher(color_scheme="light")
    page.goto(PAGE)
    canvas, hold = page.locator("#plot-outcomes canvas"), page.get_by_role("button", name="Pause updates")
    hold.click()
    light = canvas.evaluate("canvas => canvas.toDataURL()")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(OTHER_THAN, arg=light)
    dark = canvas.evaluate("canvas => canvas.toDataURL()")
    testing.arrive_all([scene.absentee], "choice_made")
    testing.process("choice_made", "c0")
    hold.click()
    page.wait_for_function(OTHER_THAN, arg=dark)


def test_the_timeline_is_drawn_and_told(scene, researcher):
    page = researcher()
    page.goto(f"{PAGE}groups/{scene.group.pk}/")
    canvas = page.get_by_role("img", name="Who was where when")
    canvas.press("ArrowRight")
    expect(page.get_by_role("status")).to_contain_text("Waited at 'rps_grouper'")


@pytest.mark.parametrize("width", [1400, 1200, 1100, 1024])
def test_no_tile_sticks_out_beside_the_sidebar(scene, researcher, width):
    page = researcher(viewport={"width": width, "height": 900})
    page.goto(PAGE)
    expect(page.locator("#nav-sidebar")).to_be_visible()
    ends = "e => e.getBoundingClientRect().right"
    assert page.locator(".monitor-engine").evaluate(ends) <= page.locator(".monitor-tiles").evaluate(ends) + 0.5


# For everybody


def test_the_monitor_has_no_faults(scene, researcher):
    SyncGroup.objects.update(error_count=2, last_error="on_release raised KeyError: x")
    arrivals.pause("rps_grouper", "c0", by="ada")
    testing.arrive_all(
        [*testing.make_participants(1, cohort="c0"), *testing.make_participants(1, cohort="c0", presence="quiet")],
        "rps_grouper",
    )
    type(scene.absentee).objects.filter(pk=scene.absentee.pk).update(
        presence="gone", last_seen_at=scene.visit.arrival_time
    )
    page = researcher(bypass_csp=True)
    page.goto(PAGE)
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.locator("canvas")).to_have_count(3)
    assert faults_of(page) == []


def test_nor_has_it_while_the_connection_is_lost(scene, researcher):
    page = researcher(bypass_csp=True, expected="ERR_FAILED")
    page.route("**/monitor/live/**", lambda route: route.abort())
    page.goto(PAGE)
    expect(page.locator("[data-monitor-lost]")).to_be_visible()
    assert faults_of(page) == []


def test_nor_has_it_before_anything_has_happened(researcher):
    page = researcher(bypass_csp=True)
    page.goto(PAGE)
    expect(page.get_by_text("No group is active.")).to_be_visible()
    assert faults_of(page) == []


def test_nor_has_the_timeline(scene, researcher):
    PresenceInterval.objects.create(participant=scene.absentee, state="gone", began_at=scene.visit.arrival_time)
    page = researcher(bypass_csp=True)
    page.goto(f"{PAGE}groups/{scene.group.pk}/")
    expect(page.locator("canvas")).to_have_count(1)
    assert faults_of(page) == []


def test_what_has_not_changed_is_asked_for_by_its_name_and_not_sent_again(scene, researcher):
    """Catches: a page that is sent whole every two seconds, though the server would say that it is the same."""
    testing.arrive_all([scene.absentee], "choice_made")
    testing.process("choice_made", "c0")
    page = researcher()
    page.goto(PAGE)
    with page.expect_response(lambda answer: "/monitor/live/" in answer.url and answer.status == 304) as same:
        pass
    etag = page.locator("[data-etag]").get_attribute("data-etag")
    assert same.value.request.headers["if-none-match"] == etag

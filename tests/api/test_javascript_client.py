"""The client for scripts, in a real browser: what it asks, what it is refused, and how waiting pages use it."""

import pytest
from playwright.sync_api import expect

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier
from tests.acceptance.participant_site import DEFAULT_RESOLVER
from tests.acceptance.windows import enter, expect_gone_on, polls_of, release

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.acceptance.participant_site"),
]

CLIENT = "**/syncgroups/client.js"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2
    grouper = SimpleGrouper("pair", initial_group_size=2, max_wait_time=600, open_to_api=True, extensions=1)
    with testing.declared(grouper, GroupBarrier("together", "pair", max_wait_time=600)):
        yield


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


def run(page, script, **given):
    """What a module of the site's own answers, that has `Participant` and what is given."""
    return page.evaluate(
        f"""async given => {{
            const {{ Participant, Problem }} = await import("/static/syncgroups/client.js");
            const me = new Participant({{ me: "/sync/api/v1/me/", token: given.token, csrf: given.csrf }});
            {script}
        }}""",
        given,
    )


def test_a_script_arrives_looks_extends_and_leaves_by_token(window, participant):
    page = window()
    page.goto("/next/")
    done = run(
        page,
        """
        const visit = await me.arrive("pair_grouper", "1");
        const longer = await me.extend(visit);
        const again = await me.extend(visit);
        const seen = await me.visit(visit.visit_id);
        const standing = await me.standing();
        const left = await me.leave();
        return { visit, longer, again, seen, standing, left, clock: me.now };
        """,
        token=issue_token(participant),
    )
    assert (done["visit"]["state"], done["visit"]["visit"]) == ("waiting", "1")
    assert done["visit"]["until"] < done["longer"]["until"] == done["again"]["until"]
    assert done["seen"] == done["longer"]
    assert [wait["visit_id"] for wait in done["standing"]["waits"]] == [done["visit"]["visit_id"]]
    assert done["left"]["status"] == "left"
    assert done["clock"] > 1.5e12
    assert ParticipantLinkBarrier.objects.get().state == "withdrawn"


def test_a_script_leaves_by_session_with_the_token_against_forgery(window, participant):
    page = window()
    enter(page, participant)
    assert page.evaluate("document.cookie").startswith("csrftoken=")
    page.goto("/next/")
    assert run(page, "return (await me.leave()).status;") == "left"


def test_a_page_hands_the_token_over_where_scripts_cannot_read_it(window, participant, settings):
    """Catches a script that works on sites only whose cookie has Django's own name."""
    settings.CSRF_COOKIE_NAME, settings.CSRF_COOKIE_HTTPONLY = "forgery", True
    page = window(expected="403")
    enter(page, participant)
    csrf = page.locator("[name=csrfmiddlewaretoken]").input_value()
    page.goto("/next/")
    assert run(page, "return (await me.leave().catch((problem) => problem)).status;") == 403
    assert run(page, "return (await me.leave()).status;", csrf=csrf) == "left"


def test_a_script_asks_how_long_it_may_take(window, participant):
    page = window()
    page.goto("/next/")
    script = "return me.estimate((await me.arrive('pair_grouper')).visit_id, 'de');"
    told = run(page, script, token=issue_token(participant))
    assert (told["seconds"], told["certain"]) == (None, False)
    assert told["text"]


def test_a_refusal_is_a_problem_with_its_code(window, participant):
    page = window(expected="404")
    page.goto("/next/")
    told = run(
        page,
        """
        const problem = await me.arrive("together").catch((problem) => problem);
        return { is: problem instanceof Problem, ...problem, message: problem.message };
        """,
        token=issue_token(participant),
    )
    assert (told["is"], told["status"], told["code"]) == (True, 404, "barrier_not_registered")
    assert (told["message"], told["isFinal"], told["retryAfter"]) == ("There is no such barrier.", True, 0)


def test_what_is_given_up_before_it_is_asked_is_not_asked(window, participant):
    """Fails when only somebody who gives up later is heard."""
    page = window()
    page.goto("/next/")
    polls = polls_of(page)
    script = """
        const patience = new AbortController();
        patience.abort();
        return (await me.standing({ signal: patience.signal }).catch((problem) => problem)).name;
        """
    assert run(page, script, token=issue_token(participant)) == "AbortError"
    assert polls == []


def test_a_page_that_is_told_to_wait_waits_and_says_nothing_of_trouble(window, participant):
    """Catches a page that keeps asking, or that tells its reader of a lost connection."""
    page = window(expected="429")
    enter(page, participant)
    refused = []

    def refuse(route):
        refused.append(route.request.url)
        route.fulfill(status=429, headers={"Retry-After": "3"}, json={"code": "throttled"})

    page.route("**/sync/api/v1/me/", refuse)
    page.wait_for_timeout(2000)
    assert len(refused) == 1
    assert "Connection lost" not in page.get_by_role("status").inner_text()
    page.unroute("**/sync/api/v1/me/")
    release(participant)
    expect_gone_on(page)


def test_a_page_that_asks_too_often_gets_there(window, participant, settings):
    """The throttle itself, and the page: it goes on although most of its polls would be refused."""
    settings.SYNCGROUPS_POLL_RATE = "2/s"
    page = window(expected="429")
    enter(page, participant)
    page.wait_for_timeout(1500)
    release(participant)
    expect_gone_on(page)


def test_a_page_whose_client_cannot_be_loaded_is_loaded_anew(window, participant):
    """Else nobody would learn that they may go on."""
    page = window(expected="ERR_FAILED|Failed to fetch|Failed to load")
    page.route(CLIENT, lambda route: route.abort())
    enter(page, participant)
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    release(participant)
    expect_gone_on(page)


def test_so_is_that_of_somebody_whose_part_is_over(window, participant):
    """Fails when a page that says so, with its 403, is taken for one that is not there."""
    page = window(expected="ERR_FAILED|Failed to fetch|Failed to load|403")
    page.route(CLIENT, lambda route: route.abort())
    enter(page, participant)
    participant.fail("asked to stop")
    expect(page.get_by_text("asked to stop")).to_be_visible()


def test_a_page_whose_script_cannot_be_loaded_is_loaded_anew(window, participant):
    """Else it would never ask, nor reload as it does without scripts: whoever reads it would be gone."""
    page = window(expected="ERR_FAILED|Failed to load")
    page.clock.install()
    page.route("**/syncgroups/wait.js", lambda route: route.abort())
    enter(page, participant)
    page.unroute("**/syncgroups/wait.js")
    release(participant)
    page.clock.run_for(61_000)
    expect_gone_on(page)


def test_what_cannot_be_loaded_leaves_the_page_alone_while_there_is_no_connection(window, participant):
    """Catches a page that puts the browser's own error in its place, from where nothing leads back."""
    page = window(expected="ERR_|Failed")
    page.route(CLIENT, lambda route: route.abort())
    enter(page, participant)
    page.context.set_offline(True)
    page.wait_for_timeout(4000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Please wait")
    page.context.set_offline(False)
    release(participant)
    expect_gone_on(page)


def test_a_template_of_before_that_does_not_name_the_client_works(window, participant):
    """Sites have templates of their own, made from earlier ones."""
    page = window()
    page.route("**/lobby/", lambda route: route.fulfill(body=without_client(route)))
    enter(page, participant)
    polls = polls_of(page)
    page.wait_for_timeout(1000)
    assert polls
    release(participant)
    page.unroute("**/lobby/")
    expect_gone_on(page)


def without_client(route):
    return route.fetch().text().replace("data-client-url", "data-nothing")

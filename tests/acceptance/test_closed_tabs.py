"""A page that is closed or left is hidden, too, for a moment. Nobody who is gone may be taken for out of sight.

Hidden pages may be silent for two minutes longer: all that time people would be matched who are not there.
"""

import pytest
from django.core.signals import request_started

from syncgroups import testing
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site
from tests.acceptance.windows import enter, set_hidden

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.acceptance.participant_site"),
]

HIDE_AND_GO = """() => {
    Object.defineProperty(document, "hidden", {configurable: true, get: () => true});
    document.dispatchEvent(new Event("visibilitychange"));
    window.dispatchEvent(new Event("pagehide"));
}"""


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    settings.SYNCGROUPS_POLL_INTERVAL = 30
    with barriers_of_the_site():
        yield


@pytest.fixture
def heard():
    """What pages have said about themselves in their questions, in the order in which the server heard it."""
    said = []

    def hear(environ, **facts):
        if environ["PATH_INFO"] == "/sync/api/v1/me/":
            said.append(environ.get("HTTP_SYNCGROUPS_PAGE", ""))

    request_started.connect(hear)
    yield said
    request_started.disconnect(hear)


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


@pytest.fixture
def page(window, participant):
    page = window()
    enter(page, participant)
    return page


def close(page):
    page.close(run_before_unload=True)


def click_away(page):
    page.evaluate("location.assign('/next/')")


leaving = pytest.mark.parametrize("leave", [close, click_away])


@leaving
def test_a_page_that_is_left_does_not_say_that_it_is_hidden(window, page, participant, heard, leave):
    leave(page)
    window().wait_for_timeout(1000)
    assert heard == []
    participant.refresh_from_db()
    assert not participant.page_hidden


def test_nor_does_one_that_is_hidden_a_moment_before(window, page, heard):
    """Fails when it says so at once: which of the two comes first is for the browser to say."""
    page.evaluate(HIDE_AND_GO)
    window().wait_for_timeout(1000)
    assert heard == []


@leaving
def test_one_that_has_said_so_takes_it_back(window, page, participant, heard, leave):
    """Fails for those who look at another tab before they close this one."""
    with page.expect_response("**/sync/api/v1/me/"):
        set_hidden(page, True)
    participant.refresh_from_db()
    assert participant.page_hidden
    leave(page)
    window().wait_for_timeout(1000)
    assert heard == ["hidden", ""]
    participant.refresh_from_db()
    assert not participant.page_hidden


def test_one_that_is_hidden_and_shown_again_in_a_moment_says_nothing_of_it(page, heard):
    set_hidden(page, True)
    set_hidden(page, False)
    page.wait_for_timeout(1000)
    assert heard == [""]

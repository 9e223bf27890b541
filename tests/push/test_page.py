"""The waiting page in a real browser, on a real server under ASGI: it hears what polls would tell much later."""

import pytest
from playwright.sync_api import expect

from syncgroups import testing
from syncgroups.models import ParticipantLinkBarrier
from tests.acceptance.windows import chromium, enter, expect_gone_on, polls_of, set_hidden, window

from .conftest import REDIS, WSGI, switch_on

__all__ = ["chromium", "window"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("declared"),
]


@pytest.fixture
def redis(settings, monkeypatch, valkey):
    return switch_on(REDIS, valkey.url, settings, monkeypatch)


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


def release(participant):
    ParticipantLinkBarrier.objects.waiting().get(participant=participant).release()


@pytest.fixture
def listening(redis, serve, window, participant):
    """A page whose stream has said something; from then on, an hour lies between two polls."""
    page = window(base_url=f"http://127.0.0.1:{serve()}", expected="ERR_")
    with page.expect_response(is_answer_to_a_poll):
        enter(page, participant)
    return page


def is_answer_to_a_poll(response):
    return response.url.endswith("/sync/api/v1/me/") and response.request.resource_type == "fetch"


def test_a_page_that_hears_goes_on_as_it_is_released(listening, participant):
    release(participant)
    expect_gone_on(listening)


def test_a_page_that_hears_tells_who_else_has_come(listening):
    testing.arrive_all(testing.make_participants(1), "hearers_grouper")
    testing.process("hearers_grouper")
    expect(listening.get_by_role("status")).to_contain_text("2 of 3 are here")


def test_a_page_that_is_looked_at_again_hears_again(listening, participant):
    set_hidden(listening, True)
    polls = polls_of(listening)
    with listening.expect_response(lambda response: "event-stream" in response.headers.get("content-type", "")):
        set_hidden(listening, False)
    assert polls
    release(participant)
    expect_gone_on(listening)


def test_where_there_is_no_stream_the_page_opens_none(redis, serve, window, participant, monkeypatch):
    monkeypatch.setenv("TESTS_POLL_INTERVAL", "0.5")
    page = window(base_url=f"http://127.0.0.1:{serve(WSGI)}")
    enter(page, participant)
    expect(page.locator("[data-stream-url]")).to_have_count(0)
    release(participant)
    expect_gone_on(page)

"""Real browser windows, that complain when anything unexpected is complained about in them."""

import contextlib
import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier

PHONE = {"width": 390, "height": 800}
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
# Longer than any pause between two polls, also after some failures in a row.
PATIENCE = 15_000


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("Browser tests need Chromium: install it (Debian: apt-get install chromium).", pytrace=False)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread; Django would take the tests' own queries for asynchronous ones.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium, live_server):
    """Open a window, in a browser of its own or `beside` another window, whose cookies it shares.

    At the end no window may have complained about anything unexpected.
    """
    with contextlib.ExitStack() as windows:
        complaints = []

        def open_window(*, expected=None, beside=None, **options):
            if beside is None:
                options = {"base_url": live_server.url, "viewport": PHONE, **options}
                context = chromium.new_context(**options)
                windows.callback(context.close)
            else:
                context = beside.context
            page = context.new_page()
            page.set_default_timeout(PATIENCE)

            def hear(text, address=""):
                if not (expected and re.search(expected, text)) and not address.endswith("/favicon.ico"):
                    complaints.append(text)

            def read(message):
                if message.type in {"error", "warning"}:
                    hear(message.text, message.location["url"])

            page.on("pageerror", lambda error: hear(str(error)))
            page.on("console", read)
            return page

        yield open_window
    assert complaints == []


def enter(page, participant):
    page.goto(f"/enter/{issue_token(participant)}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Please wait")


def release(participant):
    ParticipantLinkBarrier.objects.waiting().get(participant=participant).release()


def expect_gone_on(page):
    expect(page.get_by_role("heading", level=1)).to_have_text("You have gone on", timeout=PATIENCE)
    assert page.url.endswith("/next/")


def polls_of(page):
    """The requests by which the page asks how things stand, from now on."""
    polls = []
    page.on("request", lambda request: polls.append(request) if request.url.endswith("/sync/api/v1/me/") else None)
    return polls


def set_hidden(page, hidden):
    """Chromium without a screen hides nothing by itself."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )

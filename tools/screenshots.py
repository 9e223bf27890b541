"""Pictures of waiting pages, monitor and steering, for the docs. Needs Chromium: `python3 dev.py screenshots`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tools import session

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
LANGUAGES = [("en", "English"), ("de", "German"), ("es", "Spanish"), ("fr", "French"), ("ar", "Arabic")]
PHONE = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5}
LAPTOP = {"viewport": {"width": 900, "height": 620}}
DESK = {"viewport": {"width": 1280, "height": 900}}
LOW = {"viewport": {"width": 1280, "height": 420}}
HAND = {"viewport": {"width": 390, "height": 844}}


@dataclass(frozen=True)
class Picture:
    name: str
    options: dict[str, Any]
    #: Seconds that the participant has waited.
    waited: int = 45
    language: str = "en"
    barrier_id: str = "trio_grouper"


PICTURES = [
    Picture("waiting-light", LAPTOP),
    Picture("waiting-dark", {**LAPTOP, "color_scheme": "dark"}),
    Picture("waiting-phone", PHONE),
    Picture("waiting-phone-choice", PHONE, waited=260, barrier_id="patient_grouper"),
    Picture("waiting-phone-arabic", PHONE, language="ar"),
    Picture("waiting-phone-arabic-dark", {**PHONE, "color_scheme": "dark"}, language="ar"),
    Picture("waiting-phone-paused", PHONE, barrier_id="paused_grouper"),
]


@dataclass(frozen=True)
class Page:
    """A page of the researcher's, in the midst of a session."""

    name: str
    options: dict[str, Any]
    address: str
    #: What is opened before, and how much of the page there is to see.
    opened: tuple[str, ...] = ()
    full_page: bool = True
    #: What has to be there before the picture is taken.
    ready: str = "canvas"
    language: str = "en"


MONITOR = f"/admin/syncgroups/barrierrecord/monitor/?cohort={session.COHORT}"
TIMELINE = "/admin/syncgroups/barrierrecord/monitor/groups/{group}/"
GROUP, VERBS = "/admin/syncgroups/syncgroup/{group}/change/", ".syncgroups-verbs"
MEMBER = "/admin/syncgroups/participantlinksyncgroup/{member}/change/"
AUDIT = "/admin/syncgroups/auditentry/"
WHY = ("#why-barrier-choice_made summary",)
PAGES = [
    Page("monitor-light", DESK, MONITOR, WHY),
    Page("monitor-dark", {**DESK, "color_scheme": "dark"}, MONITOR),
    Page("monitor-arabic", DESK, MONITOR, WHY, language="ar"),
    Page("monitor-phone", HAND, MONITOR, full_page=False),
    Page("monitor-phone-dark", {**HAND, "color_scheme": "dark"}, MONITOR, full_page=False),
    Page("timeline-light", {"viewport": {"width": 1280, "height": 720}}, TIMELINE),
    Page("group-light", {"viewport": {"width": 1280, "height": 720}}, GROUP, full_page=False, ready=VERBS),
    Page("replace-phone", HAND, MEMBER, ("text=Replace",), full_page=False, ready="[name=into]"),
    Page("audit-dark", {**LOW, "color_scheme": "dark"}, AUDIT, ready="#result_list"),
    Page("timeline-dark", {"viewport": {"width": 1280, "height": 720}, "color_scheme": "dark"}, TIMELINE),
]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/db.sqlite3"
        os.environ["CELERY_BROKER_URL"] = "memory://"
        os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop in this thread.
        with site() as address:
            FOLDER.mkdir(exist_ok=True)
            take_all(address, sys.argv[1:])


@contextmanager
def site() -> Iterator[str]:
    """A site with three people's waiting rooms, and its address."""
    import django

    django.setup()
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.test.testcases import LiveServerThread
    from django.test.utils import override_settings, setup_test_environment

    from syncgroups import testing
    from syncgroups.groupers import SimpleGrouper

    setup_test_environment()
    call_command("migrate", verbosity=0)
    of_three: dict[str, Any] = {"initial_group_size": 3, "max_wait_time": 300}
    barriers = [
        SimpleGrouper("trio", **of_three),
        SimpleGrouper("paused", **of_three),
        SimpleGrouper("patient", **of_three, extensions=2),
    ]
    names = {"ROOT_URLCONF": "tools.screenshots_urls", "LANGUAGES": LANGUAGES, "ALLOWED_HOSTS": ["localhost"]}
    resolver = {"SYNCGROUPS_PARTICIPANT_RESOLVER": "syncgroups.identity.participant_from_token"}
    with override_settings(**names, **resolver), testing.declared(*barriers, *session.barriers()):
        server = LiveServerThread("localhost", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        try:
            yield f"http://localhost:{server.port}"
        finally:
            server.terminate()


def take_all(address: str, wanted: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        sys.exit("Pictures need Chromium: install it (Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for picture in PICTURES:
            if not wanted or picture.name in wanted:
                take(browser.new_context, address, picture)
        pages = [page for page in PAGES if not wanted or page.name in wanted]
        if pages:
            take_pages(browser.new_context, address, pages)
        browser.close()


def take(new_context: Callable[..., Any], address: str, picture: Picture) -> None:
    """Let somebody wait in a cohort of their own, and take a picture of what they see."""
    from syncgroups.identity import issue_token

    context = new_context(
        base_url=address,
        locale=picture.language,
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
        **picture.options,
    )
    page = context.new_page()
    page.goto(f"/{issue_token(somebody_waiting(picture))}/{picture.barrier_id}/")
    page.get_by_role("heading", level=1).wait_for()
    keep(page, picture.name)
    context.close()


def take_pages(new_context: Callable[..., Any], address: str, pages: list[Page]) -> None:
    """Let a session happen, and take pictures of what a researcher sees of it."""
    from django.contrib.auth.models import User
    from django.test import Client

    group, client = session.play(), Client()
    client.force_login(User.objects.create_user("ada", is_staff=True, is_superuser=True))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}
    for wanted in pages:
        context = new_context(base_url=address, locale=wanted.language, reduced_motion="reduce", **wanted.options)
        context.add_cookies([cookie])
        page = context.new_page()
        page.add_init_script("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")
        member = group.participant_links.earliest("pk")
        page.goto(wanted.address.format(group=group.pk, member=member.pk))
        for selector in wanted.opened:
            page.locator(selector).click()
        page.locator(wanted.ready).first.wait_for()
        keep(page, wanted.name, full_page=wanted.full_page)
        context.close()


def keep(page: Any, name: str, *, full_page: bool = True) -> None:
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file, full_page=full_page)
    print(f"{file.relative_to(FOLDER.parent.parent)}  {file.stat().st_size // 1000} kB")


def somebody_waiting(picture: Picture) -> Any:
    """A participant who waits with another one, where others have come and gone at a steady pace."""
    from django.db.models import F

    from syncgroups import arrivals, testing
    from syncgroups.models import ParticipantLinkBarrier

    def let_pass(seconds: float) -> None:
        by = timedelta(seconds=seconds)
        visits = ParticipantLinkBarrier.objects.filter(cohort=picture.name)
        visits.update(arrival_time=F("arrival_time") - by, deadline=F("deadline") - by)

    people = testing.make_participants(11, cohort=picture.name)
    pace = 30
    for person in people[:9]:
        testing.arrive_all([person], picture.barrier_id)
        let_pass(pace)
    testing.process(picture.barrier_id, picture.name)
    for person in people[9:]:
        let_pass(pace)
        testing.arrive_all([person], picture.barrier_id)
    let_pass(picture.waited - pace)
    if picture.barrier_id.startswith("paused"):
        arrivals.pause(picture.barrier_id, picture.name)
    return people[9]


if __name__ == "__main__":
    main()

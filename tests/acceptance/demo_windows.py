"""Goes through the demos by their pages, as browser windows would; what a worker would do is done on the spot."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Self

from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from project.demo.barriers import CHOICE_MADE, CLOSER, GROUPER
from project.shared.absence import end_the_vanished
from project.shared.players import SESSION_KEY
from syncgroups import testing
from syncgroups.identity import participant_of_token
from syncgroups.models import ParticipantLinkBarrier, SyncGroup, all_participants

from .windows import PATIENCE


class Window:
    """A browser window with one participant in it. Windows of the same client share its cookies."""

    #: Namespace of the demo's addresses.
    demo = "demo"

    def __init__(self, client: Client, url: str) -> None:
        self.client = client
        self.url = url

    @classmethod
    def agreeing(cls, client: Client | None = None, *, cohort: str = "") -> Self:
        """A window in which somebody has just agreed to take part."""
        client = client or Client()
        start = reverse(f"{cls.demo}:start")
        form = client.get(start, {"cohort": cohort}).context["form"].initial
        return cls(client, client.post(start, {"agree": "on", **form})["Location"])

    @property
    def player(self) -> int:
        return int(self.url.split("/")[3])

    @property
    def participant(self) -> Any:
        """As the database has it now."""
        return participant_of_token(self.client.session[SESSION_KEY][str(self.player)])

    @property
    def page(self) -> str:
        """Where the window is, within the player's pages."""
        return re.sub(r"^/\w+/players/\d+/", "", self.url)

    def address(self, page: str, visit: int | None = None) -> str:
        kwargs = {"player": self.player} if visit is None else {"player": self.player, "visit": visit}
        return reverse(f"{self.demo}:{page}", kwargs=kwargs)

    def open(self, page: str = "player", visit: int | None = None) -> Any:
        """Ask for a page and follow redirects."""
        return self._follow(self.client.get(self.address(page, visit)))

    def send(self, page: str, visit: int | None = None, **data: str) -> Any:
        """Send a form and follow redirects."""
        return self._follow(self.client.post(self.address(page, visit), data))

    def poll(self) -> Any:
        """Ask how things stand, as an open page does now and then. It takes two signs of life to be present again."""
        for _ in range(2):
            answer = self.client.get(self.address("standing"))
        return answer.json()

    def _follow(self, response: Any) -> Any:
        for _ in range(10):
            if response.status_code != 302:
                self.url = response.request["PATH_INFO"]
                return response
            response = self.client.get(response["Location"])
        raise AssertionError(f"Redirected in circles, at last to {response['Location']}.")


def pair(*, one_browser: bool = False) -> tuple[Window, Window]:
    """Two windows whose players have just been grouped, and see the first round."""
    client = Client() if one_browser else None
    windows = Window.agreeing(client), Window.agreeing(client)
    open_all(windows)
    testing.process(GROUPER)
    open_all(windows)
    return windows


def open_all(windows: Sequence[Window], page: str = "player") -> None:
    for window in windows:
        window.open(page)


def play_round(windows: Sequence[Window], number: int, *moves: str) -> None:
    """Each window chooses and waits; then all see the result."""
    for window, move in zip(windows, moves or ["rock", "scissors"], strict=True):
        window.send("choose", number, move=move)
    testing.process(CHOICE_MADE)
    open_all(windows)


def close(windows: Sequence[Window]) -> None:
    """All go on from the last result to the thanks."""
    open_all(windows, "closing")
    testing.process(CLOSER)
    open_all(windows)


# How people drop out


def leave(window: Window) -> None:
    window.send("leave")


def fail(window: Window) -> None:
    window.participant.fail("a researcher decided so")


def vanish(window: Window) -> None:
    """The window is closed; nobody presses anything."""


DROPOUTS = [leave, fail, vanish]


def sit_out(windows: Sequence[Any], do_what_is_asked: Callable[[Any], bool]) -> None:
    """Time passes, and whoever is there does what the page asks for, until that says of all that nothing is left."""
    for _ in range(20):
        testing.let_time_pass(30)
        for window in windows:
            window.poll()
        testing.sweep()
        end_the_vanished()
        open_all(windows)
        # Everybody does something, whoever has come to an end before.
        ended = [do_what_is_asked(window) for window in windows]
        if all(ended):
            return
    raise AssertionError(f"Stranded at {[window.page for window in windows]}.")


def everybody_has_an_outcome() -> bool:
    """Whether nobody waits and no group is under way, once all time limits are over."""
    testing.let_time_pass(301)
    testing.sweep()
    end_the_vanished()
    return not ParticipantLinkBarrier.objects.waiting().exists() and not SyncGroup.objects.active().exists()


# In real browsers, whose windows are pages of Playwright's


def take_part(window: Callable[..., Page], demo: str, people: int, **options: Any) -> list[Page]:
    """Windows of so many people who have agreed to take part, each in a browser of its own."""
    pages = [window(**options) for _ in range(people)]
    for page in pages:
        agree(page, demo)
    return pages


def take_part_together(window: Callable[..., Page], demo: str, people: int) -> list[Page]:
    """Windows of so many people in one browser, as researchers open them who try a demo by themselves."""
    [first] = take_part(window, demo, 1)
    return [first, *take_part(window, demo, people - 1, beside=first)]


def agree(page: Page, demo: str) -> None:
    page.goto(f"/{demo}/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/players/**")


def place_of(page: Page) -> str:
    """Where the window is, within the player's pages."""
    return re.sub(r"^.*/players/\d+/|\?.*$", "", page.url)


def expect_at(place: str, *pages: Page) -> None:
    """Wait until these windows are there."""
    for page in pages:
        expect(page).to_have_url(re.compile(rf"/players/\d+/{place}(\?.*)?$"), timeout=PATIENCE)


def sweep_until(done: Callable[[], bool], page: Page) -> None:
    """Do what beat and workers would do, until that is so. The window is one that is open."""
    for _ in range(PATIENCE // 100):
        if done():
            return
        testing.sweep()
        page.wait_for_timeout(100)
    assert done(), f"In vain: the window is at {page.url}."


def sweep_to(place: str, *pages: Page) -> None:
    """Do what beat and workers would do, until these windows are there."""
    sweep_until(lambda: all(place_of(page) == place for page in pages), pages[0])


def person_at(page: Page) -> Any:
    """The participant whose window it is, as the database has it now."""
    player = page.url.split("/players/")[0] + "/players/" + page.url.split("/players/")[1].split("/")[0]
    return all_participants().get(public_id=page.request.get(f"{player}/standing/").json()["participant_id"])


def press_leave(page: Page) -> None:
    page.get_by_text("Leave the study").click()
    page.get_by_role("button", name="Leave now").click()
    expect_at("end/", page)

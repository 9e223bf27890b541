"""Goes through the demos by their pages, as browser windows would; what a worker would do is done on the spot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

from django.test import Client
from django.urls import reverse

from project.demo.barriers import CHOICE_MADE, CLOSER, GROUPER
from project.shared.players import SESSION_KEY
from syncgroups import testing
from syncgroups.identity import participant_of_token


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

"""Let bots play the whole experiment over HTTP, and tell what became of them."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from project.demo import outcomes
from project.demo.bots import Crowd, Life, play
from project.demo.pages import read_page

#: Seconds beyond its deadline in which the site has to have ended a wait.
GRACE = 15
#: Seconds between two lines where there is no terminal to draw a bar on.
LINE_EVERY = 5


class Command(BaseCommand):
    help = "Let bots play the demo over HTTP, and tell what became of them. Fails if anybody has no outcome."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000/", help="address of the site (%(default)s)")
        parser.add_argument("--participants", type=int, default=40, help="how many bots (%(default)s)")
        parser.add_argument("--group-size", type=int, default=2, help="how many play together (%(default)s)")
        parser.add_argument("--dropout", type=float, default=0.1, help="share that drops out (%(default)s)")
        parser.add_argument("--arrival-rate", type=float, default=5, help="bots a second (%(default)s)")
        parser.add_argument("--seed", type=int, help="repeat the same crowd")
        parser.add_argument("--cohort", default="", help="whom they may meet; a new cohort unless given")
        parser.add_argument("--timeout", type=float, default=300, help="seconds for each bot (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        crowd = self.crowd(options)
        # One line for each request would bury everything else.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.console = Console()
        game = options["url"].rstrip("/") + reverse("demo:start")
        self.console.print(f"{crowd.participants} bots play at {game} in cohort {crowd.cohort}.")
        lives = self.play(game, crowd)
        self.see_waits_end(lives)
        found = outcomes.of_run(lives)
        self.show(found)
        if found.without:
            self.complain(found)

    def crowd(self, options: dict[str, Any]) -> Crowd:
        sensible = {
            "--participants must be 1 or more": options["participants"] >= 1,
            "--group-size must be 2 or more": options["group_size"] >= 2,
            "--dropout must be from 0 to 1": 0 <= options["dropout"] <= 1,
            "--arrival-rate must be above 0": options["arrival_rate"] > 0,
            "--timeout must be above 0": options["timeout"] > 0,
        }
        for sentence, holds in sensible.items():
            if not holds:
                raise CommandError(f"{sentence}.")
        chosen = {name: options[name] for name in Crowd.__dataclass_fields__ if name in options}
        return Crowd(**{**chosen, "cohort": options["cohort"] or f"bots-{secrets.token_hex(3)}"})

    def play(self, url: str, crowd: Crowd) -> list[Life]:
        self.check_site(url, crowd)
        with self.progress("Playing", crowd.participants) as bar:
            return asyncio.run(play(url, crowd, lambda life: bar.advance()))

    def check_site(self, url: str, crowd: Crowd) -> None:
        """Fail unless the demo answers there, and plays in groups of that size."""
        try:
            answer = httpx.get(url, timeout=30, follow_redirects=True).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(f"The site at {url} does not answer as it should: {error}") from error
        form = read_page(url, answer.text).forms.get("consent")
        if form is None:
            raise CommandError(f"The demo is not at {url}: there is no form for consent.")
        if form.group_size != str(crowd.group_size):
            raise CommandError(
                f"The site plays in groups of {form.group_size}, not of {crowd.group_size}."
                f" Start it with DEMO_GROUP_SIZE={crowd.group_size} in its environment."
            )

    def see_waits_end(self, lives: list[Life]) -> None:
        """Stay until the site has ended every wait, and the part of those who have closed their window."""
        n_open, remaining = outcomes.still_waiting(lives)
        give_up = time.monotonic() + max(remaining, 0) + GRACE
        with self.progress("Ends that are still to come", n_open) as bar:
            done = 0
            while n_open - done and time.monotonic() < give_up:
                time.sleep(0.5)
                ended = n_open - outcomes.still_waiting(lives)[0]
                bar.advance(ended - done)
                done = ended

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Bar | Lines]:
        if not (total and self.console.is_terminal):
            yield Lines(self.console, text, total)
        else:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=self.console) as progress:
                yield Bar(progress, text, total)

    def show(self, found: outcomes.Outcomes) -> None:
        people = Table("Participants", f"{found.participants}", title="Outcomes", title_justify="left")
        people.columns[1].justify = "right"
        people.add_row("Groups formed", str(found.groups))
        people.add_row("Finished", str(found.finished))
        people.add_row("Left by their own wish", str(found.left))
        for reason, n in found.failed.most_common():
            people.add_row(f"Failed: {reason}", str(n))
        people.add_row("Left by closing their window", str(found.vanished))
        people.add_row("Without an outcome", str(len(found.without)))
        waits = Table("Barrier", title="Waits in seconds", title_justify="left")
        for heading in ("Visits", "Median", "95th percentile"):
            waits.add_column(heading, justify="right")
        for wait in found.waits:
            waits.add_row(wait.barrier_id, str(len(wait.seconds)), f"{wait.median:.2f}", f"{wait.percentile_95:.2f}")
        self.console.print(people, waits)

    def complain(self, found: outcomes.Outcomes) -> None:
        if not found.participants:
            raise CommandError("None of the bots is in this database. Does the site use the same DATABASE_URL?")
        n = len(found.without)
        raise CommandError(f"{n} ended without an outcome: {'; '.join(found.without)}.")


class Bar:
    """A bar that moves."""

    def __init__(self, progress: Progress, text: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(text, total=total)

    def advance(self, n: int = 1) -> None:
        self._progress.advance(self._task, n)


class Lines:
    """The same in lines of text, now and then."""

    def __init__(self, console: Console, text: str, total: int) -> None:
        self._console, self._text, self._total = console, text, total
        self._done = 0
        self._next_line = 0.0

    def advance(self, n: int = 1) -> None:
        self._done += n
        if n and (time.monotonic() >= self._next_line or self._done == self._total):
            self._next_line = time.monotonic() + LINE_EVERY
            self._console.print(f"{self._text}: {self._done} of {self._total}")

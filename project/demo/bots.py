"""Bots that play the demo over HTTP, as browsers do. They know nothing of the site but what its pages say."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode, urljoin

import httpx

from syncgroups.client import AsyncParticipant, Standing

from .pages import Form, Page, read_page

#: Seconds that a bot thinks before it goes on, on average.
THINKING = 0.4
#: How likely a bot is, on any page, to reload it, and with any form, to send it twice.
REPEATING = 0.1
#: Pages from consent to thanks, in three rounds. Drop-outs go at a random one of them after the first.
PAGES = 12


@dataclass
class Life:
    """What became of one bot, as far as the bot can tell."""

    number: int
    #: On which page it drops out, if at all, and whether it says so or just closes the window.
    drops_out_at: int | None = None
    says_so: bool = False
    participant_id: str | None = None
    outcome: str = "unfinished"
    trace: list[str] = field(default_factory=list)

    @property
    def vanished(self) -> bool:
        return self.outcome == "vanished"


@dataclass
class Crowd:
    """How many bots play, and how they behave."""

    participants: int
    group_size: int = 2
    #: Share of the bots that drop out on the way; half of them press the button for it, the others vanish.
    dropout: float = 0.0
    #: Bots a second; they come at random, not in step.
    arrival_rate: float = 5.0
    cohort: str = ""
    seed: int | None = None
    #: Seconds after which a bot that has not reached an end gives up.
    timeout: float = 120.0
    thinking: float = THINKING


async def play(url: str, crowd: Crowd, tell: Callable[[Life], Any] = lambda life: None) -> list[Life]:
    """Let all bots play; `tell` is called whenever one of them has ended."""
    random = Random(crowd.seed)  # noqa: S311 - no secret depends on it
    lives = [_life(number, crowd, random) for number in range(1, crowd.participants + 1)]
    # Making one takes longer than a bot's whole journey on a fast site.
    encryption = httpx.create_ssl_context()
    arrival = 0.0
    async with asyncio.TaskGroup() as tasks:
        for life in lives:
            arrival += random.expovariate(crowd.arrival_rate)
            bot = Bot(url, crowd, life, Random(random.random()), encryption)  # noqa: S311
            tasks.create_task(bot.live(arrival)).add_done_callback(lambda _, life=life: tell(life))  # type: ignore[misc]
    return lives


def _life(number: int, crowd: Crowd, random: Random) -> Life:
    leaves = random.random() < crowd.dropout
    return Life(number, random.randrange(1, PAGES) if leaves else None, random.random() < 0.5)


class Bot:
    """One participant with one browser."""

    def __init__(self, url: str, crowd: Crowd, life: Life, random: Random, encryption: ssl.SSLContext) -> None:
        self.entry = url + (f"?{urlencode({'cohort': crowd.cohort})}" if crowd.cohort else "")
        self.crowd = crowd
        self.life = life
        self.random = random
        self.http = httpx.AsyncClient(follow_redirects=True, timeout=30, verify=encryption)

    async def live(self, arrival: float) -> None:
        """Come at this second, play, and note what came of it."""
        await asyncio.sleep(arrival)
        async with self.http:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.crowd.timeout):
                    try:
                        self.life.outcome = await self.journey()
                    except httpx.HTTPError as error:
                        self.life.outcome = f"error: {error or type(error).__name__}"

    async def journey(self) -> str:
        """Go from page to page until one leads no further."""
        page: Page | None = await self.open(self.entry)
        for step in range(10 * PAGES):
            if page is None:
                return "ended"
            await self.think()
            if step == self.life.drops_out_at:
                return await self.drop_out(page)
            if self.random.random() < REPEATING:
                page = await self.open(page.url)
            page = await self.go_on(page)
        return "lost its way"

    async def go_on(self, page: Page) -> Page | None:
        """Do what the page is there for; None where nothing is left to do."""
        if page.poll_url:
            await self.wait(page)
            return await self.open(page.url)
        for name in ("consent", "choose"):
            if form := page.forms.get(name):
                return await self.send(form)
        return await self.open(page.next_url) if page.next_url else None

    async def drop_out(self, page: Page) -> str:
        if page.poll_url:
            await self.ask(AsyncParticipant(page.poll_url, http=self.http))
        if self.life.says_so and "leave" in page.forms:
            await self.send(page.forms["leave"])
            return "left"
        return "vanished"

    async def wait(self, page: Page) -> None:
        """Poll until the visit that the page stands for has ended."""
        me = AsyncParticipant(page.poll_url or page.url, http=self.http)
        while True:
            standing = await self.ask(me)
            if all(wait.visit_id != page.visit for wait in standing.waits):
                return
            await asyncio.sleep(standing.poll_after * self.random.uniform(0.9, 1.1))

    async def ask(self, me: AsyncParticipant) -> Standing:
        """Poll once. Only here does a bot learn whose part it plays."""
        standing = await me.standing()
        self.life.participant_id = standing.participant_id
        return standing

    async def open(self, url: str) -> Page:
        return self.see(await self.http.get(url))

    async def send(self, form: Form) -> Page:
        """Fill in the form, press one of its buttons, and now and then press it twice."""
        data = form.fields | dict([self.random.choice(form.buttons)] if form.buttons else [])
        headers = {"Referer": urljoin(form.action, "/")}
        posts = [self.http.post(form.action, data=data, headers=headers)]
        if self.random.random() < REPEATING:
            posts.append(self.http.post(form.action, data=data, headers=headers))
        return self.see((await asyncio.gather(*posts))[-1])

    def see(self, response: httpx.Response) -> Page:
        self.life.trace.append(f"{response.status_code} {response.url.path}")
        response.raise_for_status()
        return read_page(str(response.url), response.text)

    async def think(self) -> None:
        await asyncio.sleep(self.random.expovariate(1 / self.crowd.thinking) if self.crowd.thinking else 0)

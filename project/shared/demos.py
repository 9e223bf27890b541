"""The demos of this site by name: what the start page lists, and who belongs where in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse

DEMOS: dict[str, Demo] = {}


class Place(NamedTuple):
    """A page: the name of its URL pattern, and the round where there is one for each round."""

    page: str
    visit: int | None = None


@dataclass(frozen=True)
class Demo:
    """An experiment of this site. Declared once, by `declare`."""

    #: Namespace of its addresses, and folder of its templates.
    name: str
    title: Any
    #: What it shows, in a sentence or two.
    summary: Any
    #: Where a participant belongs who takes part, followed by the page to which they may go on from there.
    places_of: Callable[[Any], list[Place]]

    def url(self, place: Place, player: int) -> str:
        """Address of the page in the window of that player."""
        kwargs = {"player": player} if place.visit is None else {"player": player, "visit": place.visit}
        return reverse(f"{self.name}:{place.page}", kwargs=kwargs)


def declare(demo: Demo) -> Demo:
    DEMOS[demo.name] = demo
    return demo


def demo_of(request: HttpRequest) -> Demo | None:
    """The demo to which the address belongs."""
    match = request.resolver_match
    return DEMOS.get(match.namespace) if match else None


def current(request: HttpRequest) -> dict[str, Any]:
    """A context processor: every template of a demo knows which one it is, and whose window."""
    demo = demo_of(request)
    if demo is None or request.resolver_match is None:
        return {}
    return {"demo": demo, "player": request.resolver_match.kwargs.get("player")}

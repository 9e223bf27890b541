"""What a participant sees and does while waiting."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.views import View


@dataclass(frozen=True)
class WaitPage:
    """A page that is shown again and again until its reader is let through.

    Parameters
    ----------
    wait_time
        Seconds for which the page is shown before it asks again, where that is longer than ``POLL_INTERVAL``;
        also what one repetition counts for in the estimate of the waiting time. In a list of several: seconds after
        which the next one is shown. Meanwhile it asks at the usual pace; without scripts only by showing the next one.
    content
        A sentence or two for the participant. Plain text: it is escaped.
    template_name
        Template to render instead of the app's own; see ``docs/waiting-page.md`` for its context.
    """

    wait_time: float = 0.5
    content: str = ""
    template_name: str = "syncgroups/wait.html"

    @property
    def time_estimate(self) -> float:
        """Seconds that showing the page once is expected to take."""
        return self.wait_time

    @property
    def silence(self) -> float:
        """Seconds for which nothing may be heard of its reader: as long as it takes to ask three times."""
        return 3 * self.wait_time


@dataclass(frozen=True)
class Activity:
    """Something to do while waiting: a Django view, on the barrier's own address.

    It is given the request and, if it takes them, ``participant`` and ``link``. It is done when it answers a POST by a
    redirect, as views of forms do; wherever that leads, the participant comes back to the barrier. A POST shares a
    transaction with the turning of the page: what is sent twice is stored once. Whoever is released meanwhile goes on
    after that, and is never interrupted, unless the page includes ``syncgroups/_watch.html``.

    Parameters
    ----------
    view
        A function, or what ``as_view()`` gives.
    time_estimate
        Seconds that doing it once is expected to take. Who does it may be silent for twice as long before they are
        quiet; so give it, where nothing is sent meanwhile.
    """

    view: Callable[..., Any]
    time_estimate: float = 0.0

    @property
    def silence(self) -> float:
        """Seconds for which nothing may be heard of who does it: twice as long as it is expected to take."""
        return 2 * self.time_estimate

    def answer(self, request: HttpRequest, **facts: Any) -> HttpResponseBase:
        """What the view answers. It is given those of the facts that it takes."""
        by_class = getattr(self.view, "view_class", None)
        parameters = inspect.signature(getattr(by_class, str(request.method).lower(), self.view)).parameters
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            facts = {name: fact for name, fact in facts.items() if name in parameters}
        view = async_to_sync(self.view) if iscoroutinefunction(self.view) else self.view
        response: HttpResponseBase = view(request, **facts)
        return response


WaitingLogic: TypeAlias = "WaitPage | Activity | type[View] | Callable[..., Any] | list[Any] | None"


def pages_of(logic: Any) -> list[Any]:
    """The waiting logic as a flat list, in which views are activities."""
    return list(_pages(logic))


def _pages(logic: Any) -> Iterator[Any]:
    if isinstance(logic, list | tuple):
        for part in logic:
            yield from _pages(part)
    elif isinstance(logic, type) and issubclass(logic, View):
        yield Activity(logic.as_view(), getattr(logic, "time_estimate", 0.0))
    elif _is_view(logic):
        yield Activity(logic, getattr(getattr(logic, "view_class", logic), "time_estimate", 0.0))
    else:
        yield logic


def _is_view(function: Any) -> bool:
    """Whether it is a view rather than a function of the participant and the link."""
    if hasattr(function, "view_class"):
        return True
    if not inspect.isroutine(function):
        return False
    return next(iter(inspect.signature(function).parameters), "") == "request"


def is_waiting_logic(logic: Any) -> bool:
    """Whether there is something to show, and all of it can be."""
    pages = pages_of(logic)
    return bool(pages) and all(isinstance(page, WaitPage | Activity) or callable(page) for page in pages)

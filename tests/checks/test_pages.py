"""E009: pages at barriers that nobody declares. W007: that lead nowhere."""

from __future__ import annotations

from types import ModuleType

import pytest
from django.core import checks
from django.http import HttpResponse
from django.urls import include, path
from django.views import View

from syncgroups import testing
from syncgroups.barriers import Barrier
from syncgroups.views import BarrierMixin, BarrierView


class Lobby(Barrier):
    def choose_who_to_release(self, waiting):
        return list(waiting)


class OwnWay(BarrierView):
    def get_next_url(self):
        return f"/{self.next_url}/"


class Computed(BarrierView):
    """Knows only by a request where it is, and where to go on."""

    @property
    def barrier_id(self):  # type: ignore[override]
        return self.kwargs["barrier"]

    @property
    def next_url(self):  # type: ignore[override]
        return f"/{self.kwargs['barrier']}/"


class OwnPage(BarrierMixin, View):
    """A page of the site's own that lets people wait."""


def found(settings, *patterns):
    ours = path("sync/", include("syncgroups.urls"))
    settings.ROOT_URLCONF = ModuleType("urls")
    settings.ROOT_URLCONF.urlpatterns = [ours, *patterns]
    with testing.declared(Lobby("lobby")):
        return checks.run_checks(tags=["syncgroups"])


def wait(**initkwargs):
    return path(
        "wait/", BarrierView.as_view(**{"barrier_id": "lobby", "next_url": "/next/", **initkwargs}), name="wait"
    )


def test_pages_that_are_right_raise_no_message(settings):
    patterns = [
        wait(),
        path("named/", BarrierView.as_view(barrier_id="lobby", next_url="wait", end_url="wait", regroup_url="wait")),
        path("computed/<barrier>/", Computed.as_view()),
        path("own/", OwnWay.as_view(barrier_id="lobby", next_url="what-it-likes")),
        path("<barrier_id>/", BarrierView.as_view(next_url="/next/")),
        path("other/", lambda request: HttpResponse()),
    ]
    assert found(settings, *patterns) == []


def test_e009_a_page_at_a_barrier_that_nobody_declares_is_an_error(settings):
    """Else the first participant finds it, by a page that is not there."""
    (message,) = found(settings, path("part/", include([wait(barrier_id="loby")])))
    assert (message.id, message.level) == ("syncgroups.E009", checks.ERROR)
    assert message.msg == "The page at 'part/wait/' is for barrier 'loby', which is not declared."
    assert message.hint == "Declared are: lobby."


def test_e009_so_is_one_of_the_sites_own(settings):
    (message,) = found(settings, path("own/", OwnPage.as_view(barrier_id="loby")))
    assert message.id == "syncgroups.E009"


@pytest.mark.parametrize("name", ["next_url", "regroup_url", "end_url"])
def test_w007_a_page_that_leads_nowhere_is_a_warning(settings, name):
    """Else those who are let through find it, after all the waiting."""
    (message,) = found(settings, wait(**{name: "nowhere"}))
    assert (message.id, message.level) == ("syncgroups.W007", checks.WARNING)
    assert message.msg == f"The page at 'wait/' has the {name} 'nowhere', which leads nowhere."

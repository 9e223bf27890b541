"""Addresses that all demos have. A participant's pages lie under the number that they have in this browser."""

from __future__ import annotations

from typing import Any

from django.urls import include, path

from syncgroups.api.estimates import EstimateView
from syncgroups.api.participant import StandingView

from . import views


def addresses(*pages: Any, start: Any = None, thanks: Any = None) -> list[Any]:
    """The start page of a demo, and under each player's number `pages` and what every participant needs."""
    of_player = [
        path("", views.PlayerPage.as_view(), name="player"),
        path("standing/", StandingView.as_view(), name="standing"),
        path("standing/estimate/", EstimateView.as_view(), name="estimate"),
        *pages,
        path("thanks/", thanks or views.ThanksView.as_view(), name="thanks"),
        path("end/", views.EndView.as_view(), name="end"),
        path("leave/", views.LeaveView.as_view(), name="leave"),
    ]
    return [
        path("", start or views.StartView.as_view(), name="start"),
        path("players/<int:player>/", include(of_player)),
    ]

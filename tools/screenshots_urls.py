"""Addresses of the site of which pictures are taken."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from syncgroups.identity import participant_of_token, remember
from syncgroups.views import BarrierView


def enter(request: HttpRequest, token: str, barrier_id: str) -> HttpResponse:
    remember(request, participant_of_token(token))
    return redirect("wait", barrier_id)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("sync/", include("syncgroups.urls")),
    path("wait/<str:barrier_id>/", BarrierView.as_view(next_url="/"), name="wait"),
    path("<str:token>/<str:barrier_id>/", enter),
]

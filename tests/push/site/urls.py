from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from syncgroups.identity import participant_of_token, remember
from syncgroups.views import BarrierView


def enter(request: HttpRequest, token: str) -> HttpResponse:
    remember(request, participant_of_token(token))
    return redirect("wait")


def arrived(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<!doctype html><html lang=en><title>On</title><h1>You have gone on</h1>")


urlpatterns = [
    path("sync/", include("syncgroups.urls")),
    path("enter/<str:token>/", enter),
    path("wait/", BarrierView.as_view(barrier_id="hearers_grouper", next_url="next"), name="wait"),
    path("next/", arrived, name="next"),
]

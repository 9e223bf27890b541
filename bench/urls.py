"""The app's pages, and what they are measured against."""

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import include, path

from syncgroups.models import Participant


def bare(request: HttpRequest, public_id: str) -> JsonResponse:
    """A view with one query."""
    participant = get_object_or_404(Participant, public_id=public_id)
    return JsonResponse({"participant_id": public_id, "status": participant.status})


urlpatterns = [
    path("sync/", include("syncgroups.urls")),
    path("bare/<uuid:public_id>/", bare),
]

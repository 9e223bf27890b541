"""The pages of the bots, which speak JSON."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import include, path
from django.views import View

from syncgroups.identity import issue_token
from syncgroups.models import Participant
from syncgroups.views import BarrierMixin, ParticipantMixin

from .effects import passes


class JoinView(View):
    """Makes whoever comes with a ticket a participant, once."""

    def post(self, request: HttpRequest) -> JsonResponse:
        asked = json.loads(request.body)
        participant, _ = Participant.objects.get_or_create(
            public_id=asked["ticket"], defaults={"cohort": asked["cohort"]}
        )
        return JsonResponse({"token": issue_token(participant), "participant": participant.pk})


class ArriveView(BarrierMixin, View):
    """Begins a visit, or tells what has become of it."""

    # Who takes part no longer may still ask how an earlier visit has ended.
    active_required = False

    def post(self, request: HttpRequest, **kwargs: Any) -> JsonResponse:
        link = self.receive()
        group_type = link.barrier_id.removesuffix("_grouper")
        group = self.participant.active_sync_groups.get(group_type)
        return JsonResponse(
            {
                "visit": link.pk,
                "visit_id": str(link.public_id),
                "state": link.state,
                "group": group.pk if group else None,
                "passes": passes(group.pk, f"{group_type}_choice") if group else None,
            }
        )


class ExtendView(ParticipantMixin, View):
    """Gives one who waits more time."""

    active_required = False

    def post(self, request: HttpRequest, visit_id: UUID) -> JsonResponse:
        link = get_object_or_404(self.participant.barrier_links, public_id=visit_id)  # type: ignore[attr-defined]
        link.extend()
        return JsonResponse({"visit": link.pk, "extensions": link.extensions})


class LeaveView(ParticipantMixin, View):
    """Ends the participation by the participant's own wish."""

    active_required = False

    def post(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"left": self.participant.leave("wished to")})


urlpatterns = [
    path("join/", JoinView.as_view()),
    path("at/<str:barrier_id>/<str:visit>/", ArriveView.as_view()),
    path("longer/<uuid:visit_id>/", ExtendView.as_view()),
    path("leave/", LeaveView.as_view()),
    path("sync/", include("syncgroups.urls")),
]

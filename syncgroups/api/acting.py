"""What a participant's program may do: arrive where it is declared, see how a wait ends, ask for more time, leave."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from .. import arrivals, registry
from ..exceptions import BarrierNotRegistered
from ..models import ParticipantLinkBarrier
from ..standing import HAD_ENOUGH, standing_of
from .answers import conditional_json
from .asking import ForParticipants
from .own import Arrival, Extension, Nothing, OwnStanding, OwnVisit, extensions_left, shown


class Acting(ForParticipants):
    """Something that a participant does. What is sent twice is done once."""

    http_method_names = ["post", "options"]
    throttle_scope = "arrival"
    #: What the body says.
    order: type[Any] = Nothing

    def said(self) -> dict[str, Any]:
        """The body, if it makes sense. Raises DRF's `ValidationError`."""
        order = self.order(data=self.request.data)
        order.is_valid(raise_exception=True)
        return dict(order.validated_data)

    def own_visit(self, public_id: UUID) -> ParticipantLinkBarrier:
        """A visit of the participant's. Raises `Http404`, also for those of others."""
        visits = ParticipantLinkBarrier.objects.filter(participant=self.participant.pk)
        return get_object_or_404(visits, public_id=public_id)  # type: ignore[no-any-return]


class ArriveView(Acting):
    """Begin to wait at a barrier that is declared with ``open_to_api``, and be told of the visit.

    Arriving twice is arriving once: while a visit is open it is told of as it is, and one that has a name is made once
    only.
    """

    order = Arrival
    answer = OwnVisit

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = self.said()
        require_open(said["barrier_id"])
        visit = arrivals.arrive(self.participant, said["barrier_id"], visit=said["visit"])
        self.note_presence([visit.barrier_id])
        return Response(OwnVisit(visit).data)


class OwnVisitView(Acting):
    """One visit of the participant's, open or ended, for polling."""

    http_method_names = ["get", "head", "options"]
    throttle_scope = "poll"
    answer = OwnVisit

    def get(self, request: Request, visit_id: UUID, *args: Any, **kwargs: Any) -> HttpResponseBase:
        visit = self.own_visit(visit_id)
        self.note_presence([visit.barrier_id])
        return conditional_json(request._request, OwnVisit(visit).data)


class ExtendView(Acting):
    """Wait for longer, as often as the barrier allows.

    A request that says by ``extensions_left`` how many it knew of is heeded once, however often it is sent.
    """

    order = Extension
    answer = OwnVisit

    def post(self, request: Request, visit_id: UUID, *args: Any, **kwargs: Any) -> Response:
        said, visit = self.said(), self.own_visit(visit_id)
        if said.get("extensions_left") in (None, extensions_left(visit)):
            visit.extend()
        self.note_presence([visit.barrier_id])
        return Response(OwnVisit(visit).data)


class LeaveView(Acting):
    """End the participation without fault: open waits end, and earn their credit. Answers with the standing."""

    answer = OwnStanding

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.said()
        self.participant.leave(HAD_ENOUGH if self.participant.active_barriers else "")
        self.participant.refresh_from_db()
        return Response(shown(standing_of(self.participant)))


def require_open(barrier_id: str) -> None:
    """Raise `BarrierNotRegistered` unless programs may let participants arrive there: others are not there for them."""
    if not registry.get(barrier_id).open_to_api:
        raise BarrierNotRegistered(f"Barrier '{barrier_id}' is not open to the API.")

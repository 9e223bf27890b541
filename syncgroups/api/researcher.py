"""What researchers read: participants, groups, barriers and visits. Nothing can be written here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import IsAdminUser
from rest_framework.renderers import JSONRenderer
from rest_framework.viewsets import GenericViewSet

from ..models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    get_participant_model,
)
from . import filters, serializers
from .authentication import BasicAuthentication, SessionAuthentication
from .errors import as_json
from .pagination import Pages

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@method_decorator(never_cache, name="dispatch")
class ForResearchers(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Lists and shows rows to staff, whatever the site's own defaults for its API are."""

    authentication_classes = [SessionAuthentication, BasicAuthentication]
    permission_classes = [IsAdminUser]
    renderer_classes = [JSONRenderer]
    filter_backends = [filters.DeclaredParameters]
    pagination_class = Pages
    lookup_field = "public_id"
    lookup_value_regex = UUID
    #: The form that declares the parameters of each action.
    parameters: ClassVar[dict[str, type[filters.Parameters]]]

    def get_exception_handler(self) -> Callable[..., Any]:
        return as_json


class ParticipantViewSet(ForResearchers):
    serializer_class = serializers.ParticipantSerializer
    parameters = {"list": filters.ParticipantParameters, "retrieve": filters.Parameters}

    def get_queryset(self) -> QuerySet[Any]:
        memberships = ParticipantLinkSyncGroup.objects.active().in_order_of_arrival().select_related("sync_group")
        visits = ParticipantLinkBarrier.objects.waiting().in_order_of_arrival()
        return get_participant_model()._default_manager.prefetch_related(
            Prefetch("sync_group_links", memberships, to_attr="standing_memberships"),
            Prefetch("barrier_links", visits, to_attr="open_visits"),
        )


class GroupViewSet(ForResearchers):
    serializer_class = serializers.GroupSerializer
    parameters = {"list": filters.GroupParameters, "retrieve": filters.Parameters}

    def get_queryset(self) -> QuerySet[Any]:
        members = ParticipantLinkSyncGroup.objects.in_order_of_arrival().select_related("participant")
        return SyncGroup.objects.select_related("leader").prefetch_related(Prefetch("participant_links", members))


class BarrierViewSet(ForResearchers):
    """Barriers that have been processed at least once. One is named by its id, and a ``cohort`` parameter."""

    serializer_class = serializers.BarrierSerializer
    lookup_field = "barrier_id"
    lookup_value_regex = r"[^\0]+?"
    parameters = {"list": filters.BarrierParameters, "retrieve": filters.OneBarrierParameters}

    def get_queryset(self) -> QuerySet[Any]:
        return BarrierRecord.objects.with_counts(ParticipantLinkBarrier.objects.all())


class VisitViewSet(ForResearchers):
    serializer_class = serializers.VisitSerializer
    queryset = ParticipantLinkBarrier.objects.select_related("participant", "sync_group")
    parameters = {"list": filters.VisitParameters, "retrieve": filters.Parameters}

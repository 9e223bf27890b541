"""Addresses of the API's first version. Without a root page: that would be open to everybody by the site's defaults."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from .acting import ArriveView, ExtendView, LeaveView, OwnVisitView
from .errors import no_such_address
from .estimates import EstimateView
from .participant import StandingView
from .researcher import AuditViewSet, BarrierViewSet, GroupViewSet, ParticipantViewSet, VisitViewSet


class VerbsFirst(SimpleRouter):
    """Names of barriers may have slashes: what ends like a verb is one."""

    routes = [*SimpleRouter.routes[:2], SimpleRouter.routes[3], SimpleRouter.routes[2]]


router = VerbsFirst()
router.register("participants", ParticipantViewSet, basename="participant")
router.register("groups", GroupViewSet, basename="group")
router.register("barriers", BarrierViewSet, basename="barrier")
router.register("visits", VisitViewSet, basename="visit")
router.register("audit", AuditViewSet, basename="audit")

urlpatterns = [
    path("me/", StandingView.as_view(), name="standing"),
    path("me/arrive/", ArriveView.as_view(), name="arrive"),
    path("me/visits/<uuid:visit_id>/", OwnVisitView.as_view(), name="own-visit"),
    path("me/visits/<uuid:visit_id>/extend/", ExtendView.as_view(), name="extend"),
    path("me/leave/", LeaveView.as_view(), name="leave"),
    path("me/estimate/", EstimateView.as_view(), name="estimate"),
    *router.urls,
    re_path(r"^[\s\S]*$", no_such_address),
]

"""The researchers' router. Without a root page: that would be open to everybody by the site's defaults."""

from rest_framework.routers import SimpleRouter

from .researcher import BarrierViewSet, GroupViewSet, ParticipantViewSet, VisitViewSet

router = SimpleRouter()
router.register("participants", ParticipantViewSet, basename="participant")
router.register("groups", GroupViewSet, basename="group")
router.register("barriers", BarrierViewSet, basename="barrier")
router.register("visits", VisitViewSet, basename="visit")

urlpatterns = router.urls

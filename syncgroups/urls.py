"""Include these under a prefix of your choice, e.g. ``path("sync/", include("syncgroups.urls"))``."""

from django.urls import include, path

from .api import urls as researcher
from .api.estimates import EstimateView
from .api.participant import StandingView

app_name = "syncgroups"

urlpatterns = [
    path("me/", StandingView.as_view(), name="standing"),
    path("me/estimate/", EstimateView.as_view(), name="estimate"),
    path("api/", include(researcher)),
]

"""Addresses of the demo site."""

from django.contrib import admin
from django.urls import include, path

from project.shared.views import HomeView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sync/", include("syncgroups.urls")),
    path("", HomeView.as_view(names=("demo", "quorum", "regrouping")), name="home"),
    path("rps/", include("project.demo.urls")),
    path("quorum/", include("project.quorum.experiment")),
    path("regrouping/", include("project.regrouping.experiment")),
]

"""Addresses of the demo site."""

from django.contrib import admin
from django.urls import include, path

from project.shared.views import HomeView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sync/", include("syncgroups.urls")),
    path("", HomeView.as_view(names=("demo",)), name="home"),
    path("rps/", include("project.demo.urls")),
]

"""Addresses of the demo site."""

from typing import Any

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from project.shared.views import HomeView
from syncgroups.api.openapi import SETTINGS

#: To everybody, whoever they are.
OPEN: dict[str, Any] = {"permission_classes": [], "authentication_classes": []}
#: Of the app's API only: the demos' own addresses are pages.
DESCRIPTION = {"urlconf": "syncgroups.urls", "custom_settings": SETTINGS, **OPEN}

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sync/", include("syncgroups.urls")),
    path("api/schema/", SpectacularAPIView.as_view(**DESCRIPTION), name="schema"),
    path("api/", SpectacularSwaggerSplitView.as_view(url_name="schema", title="syncgroups", **OPEN), name="swagger"),
    path("", HomeView.as_view(names=("demo", "quorum", "regrouping")), name="home"),
    path("rps/", include("project.demo.urls")),
    path("quorum/", include("project.quorum.experiment")),
    path("regrouping/", include("project.regrouping.experiment")),
]

"""Addresses of the demo site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sync/", include("syncgroups.urls")),
    path("", include("project.demo.urls")),
]

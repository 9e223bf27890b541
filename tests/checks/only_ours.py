"""The URLs of a site that has nothing but ours."""

from django.urls import include, path

urlpatterns = [path("sync/", include("syncgroups.urls"))]

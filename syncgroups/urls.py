"""Include these under a prefix of your choice, e.g. ``path("sync/", include("syncgroups.urls"))``."""

from importlib.util import find_spec

from django.urls import include, path

app_name = "syncgroups"

urlpatterns = [path("api/v1/", include("syncgroups.api.urls"))]

# With the extra only: pip install "syncgroups[prometheus]".
if find_spec("prometheus_client"):
    urlpatterns.append(path("metrics/", include("syncgroups.api.metrics")))

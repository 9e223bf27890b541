"""The address that Prometheus scrapes. It is there where Prometheus' client is installed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View
from prometheus_client.exposition import choose_encoder

from ..conf import settings
from ..metrics import site_registry
from .access import cohorts_of, may_watch

BEARER = "Bearer "

registry = site_registry()

REFUSED = "Metrics are for staff who may watch every cohort, and for whoever says the token.\n"


@method_decorator(never_cache, name="dispatch")
class MetricsView(View):
    """For staff who may watch every cohort, and for whoever says the token of ``SYNCGROUPS_METRICS_TOKEN``."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if not (says_token(request) or may_watch_all(request)):
            return HttpResponse(REFUSED, "text/plain", 401, headers={"WWW-Authenticate": "Bearer"})
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return HttpResponse(encode(registry), content_type=content_type)


def says_token(request: HttpRequest) -> bool:
    """Whether a token is asked for, and the request says it."""
    said = request.headers.get("Authorization", "")
    return bool(settings.METRICS_TOKEN) and constant_time_compare(said, f"{BEARER}{settings.METRICS_TOKEN}")


def may_watch_all(request: HttpRequest) -> bool:
    """Whether the user could read the same in the admin, and may see all cohorts: each is named."""
    try:
        user = getattr(request, "user", None)
        is_staff = user is not None and user.is_active and user.is_staff
        return is_staff and may_watch(user) and cohorts_of(user) is None
    except ValueError:
        # A session of which PostgreSQL cannot be asked.
        return False


urlpatterns = [path("", MetricsView.as_view(), name="metrics")]

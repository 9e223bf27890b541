"""What the API's description says of each endpoint: what the endpoint itself declares. Needs drf-spectacular."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from inspect import getdoc
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.settings import patched_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from .. import __version__
from ..problems import MEDIA_TYPE
from .errors import codes

#: For `SpectacularAPIView` and for the generator: the description is of this app alone.
SETTINGS: dict[str, Any] = {
    "TITLE": "syncgroups",
    "DESCRIPTION": "Barriers and groups for the participants of online experiments.",
    "VERSION": __version__,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVERS": [{"url": "/sync", "description": "Wherever the site includes syncgroups.urls"}],
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["syncgroups.api.openapi.tidy"],
}

SIGN_IN: dict[str, dict[str, Any]] = {
    "participant": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Participant <token>`, unless the site's resolver reads something else.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "What is not read only needs the header X-CSRFToken, too.",
    },
    "password": {"type": "http", "scheme": "basic"},
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Token <key>`, where the site has installed rest_framework.authtoken.",
    },
}

#: What else may be answered: the status, and when that is.
REFUSALS = {
    400: "What is asked for makes no sense; `errors` says why, by field.",
    401: "Nobody known asks.",
    403: "Who asks is not allowed to, or takes part no longer.",
    404: "There is no such thing here, or none that concerns who asks.",
    406: "There is no stream here: poll.",
    409: "That cannot be done as things are; `code` says why.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    429: "Too often. `Retry-After` says how many seconds to wait.",
    500: "A fault of the site, which its error reporters hear of.",
    503: "There are too many streams, or the database is too busy. `detail` says what holds; try again.",
}


class ProblemDetails(serializers.Serializer):
    """An error (RFC 9457). ``code`` is stable; ``detail`` is for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    code = serializers.ChoiceField(choices=sorted(codes()))
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)  # type: ignore[assignment]


class Described(AutoSchema):
    """Reads what `ForParticipants`, `ForResearchers` and their actions declare."""

    view: Any

    @property
    def verb(self) -> bool:
        return getattr(self.view, "changes", None) is not None

    @property
    def for_researchers(self) -> bool:
        return hasattr(self.view, "row_filters")

    def get_operation_id(self) -> str:
        if self.for_researchers:
            return f"{self.view.basename}_{self.view.action}"
        return re.sub("(?<!^)(?=[A-Z])", "_", type(self.view).__name__.removesuffix("View")).lower()

    def get_tags(self) -> list[str]:
        return [self.view.basename if self.for_researchers else "me"]

    def get_description(self) -> str:  # type: ignore[override]
        if self.verb:
            return getdoc(getattr(self.view, self.view.action)) or ""
        return getdoc(type(self.view)) or ""

    def get_auth(self) -> list[dict[str, Any]]:
        ways = ["session", "password", "token"] if self.for_researchers else ["participant", "session"]
        for name in ways:
            kind: Any = ResolvedComponent
            scheme = kind(name, kind.SECURITY_SCHEMA, object=name, schema=SIGN_IN[name])
            self.registry.register_on_missing(scheme)
        return [{name: []} for name in ways]

    def get_override_parameters(self) -> list[Any]:
        if self.for_researchers:
            return [*self.path_parameters(), *self.headers()]
        query = [OpenApiParameter(name, str, description=text) for name, text in self.view.query.items()]
        return [*query, *self.headers()]

    def get_filter_backends(self) -> list[Any]:
        # Where django-filter's parameters are looked up: nobody is signed in, for whom there would be rows.
        self.view.queryset = self.view.model._default_manager.none() if self.for_researchers else None
        return getattr(self.view, "filter_backends", [])

    def path_parameters(self) -> Iterator[OpenApiParameter]:
        """Rows are named by public ids, and barriers by their names."""
        if self.view.detail:
            kind: Any = str if self.view.lookup_field == "barrier_id" else OpenApiTypes.UUID
            yield OpenApiParameter(self.view.lookup_field, kind, OpenApiParameter.PATH)

    def get_request_serializer(self) -> Any:
        if self.method != "POST":
            return None
        return self.view.get_serializer_class() if self.for_researchers else self.view.order

    def get_response_serializers(self) -> Any:
        answers: dict[Any, Any] = {(200, "application/json"): self.answer()}
        if self.method == "GET" and self.conditional():
            answers[304] = OpenApiResponse(description="The client has it already, by its If-None-Match.")
        if getattr(self.view, "streams", False):
            answers[200, "text/event-stream"] = OpenApiResponse(OpenApiTypes.STR, description="Hints, where asked for.")
        for status in self.refusals():
            answers[status, MEDIA_TYPE] = OpenApiResponse(ProblemDetails, description=REFUSALS[status])
        return answers

    def answer(self) -> Any:
        if not self.for_researchers:
            return self.view.answer
        return self.view.entry_class if self.verb else self.view.get_serializer_class()

    def conditional(self) -> bool:
        return self.for_researchers or self.view.conditional

    def refusals(self) -> list[int]:
        always = [401, 403, 500, 503]
        body = [400, 409, 413, 415] if self.method == "POST" else []
        if self.for_researchers:
            return sorted({*always, *body, 400, 404})
        named = [404] if "{" in self.path or self.path.endswith("arrive/") else []
        streams = [406] if getattr(self.view, "streams", False) else []
        return sorted([*always, *body, *named, *streams, 429])

    def headers(self) -> Iterator[OpenApiParameter]:
        """Of requests, and of responses of these statuses."""
        header = partial(OpenApiParameter, location=OpenApiParameter.HEADER)
        yield header("WWW-Authenticate", str, response=[401], description="How to sign in.")
        yield header("Retry-After", int, response=[429, 503], description="Seconds to wait before trying again.")
        if self.method == "POST":
            yield header("X-CSRFToken", str, description="Of the site's cookie; for those who sign in by session.")
        elif self.conditional():
            yield header("If-None-Match", str, description="The ETag of the last answer.")
            yield header("ETag", str, response=[200, 304], description="Of what is answered.")

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.for_researchers and bool(self.view.action == "list")


def tidy(result: Any, **kwargs: Any) -> Any:
    """Without the marks by which drf-spectacular would find enumerations that are alike."""
    if isinstance(result, dict):
        return {key: tidy(part) for key, part in result.items() if key != "x-spec-enum-id"}
    return [tidy(part) for part in result] if isinstance(result, list) else result


def description() -> dict[str, Any]:
    """The whole API, as OpenAPI 3."""
    with patched_settings(SETTINGS), translation.override(None):
        generator: Any = SchemaGenerator(urlconf="syncgroups.urls")  # type: ignore[no-untyped-call]
        return dict(generator.get_schema(public=True))

"""What every resource of the researchers has in common: who may, in which cohorts, and how it is answered."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Set
from functools import partial
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from rest_framework.exceptions import NotFound
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ..moments import one_moment
from . import filters
from .access import ByModel, cohorts_of, within
from .answers import AlwaysJson, Json, conditional
from .authentication import ways_to_sign_in
from .describing import schema
from .errors import as_problem
from .pagination import Pages
from .steering import AuditSerializer


class ForResearchers(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Lists and shows rows to whom it may concern, whatever the site's own defaults for its API are."""

    permission_classes = [ByModel]
    throttle_classes = []
    http_method_names = ["get", "head", "post"]
    renderer_classes = [JSONRenderer]
    parser_classes = [Json]
    content_negotiation_class = AlwaysJson
    versioning_class = None
    #: How the app's own errors are told.
    sentence = staticmethod(str)
    filter_backends = [filters.Declared]
    pagination_class = Pages
    lookup_field = "public_id"
    # Whatever is no id is not found either, and told so like everything else.
    lookup_value_regex = "[^/]+"
    #: For the description of the API, where it is made.
    schema = schema()
    #: What verbs are answered by.
    entry_class = AuditSerializer
    #: Of what rows are; and, while a verb is asked for, which rows one has to be allowed to change.
    model: ClassVar[Any]
    changes: Any = None
    #: The parameters of a list, and of a row.
    filterset_class: ClassVar[type[filters.ListFilters]]
    row_filters: ClassVar[type[filters.RowFilters]] = filters.RowFilters

    def get_authenticators(self) -> list[Any]:
        return [authenticate() for authenticate in ways_to_sign_in()]

    @cached_property
    def cohorts(self) -> Set[str] | None:
        """Those that the user is restricted to, if any."""
        return cohorts_of(self.request.user)

    def get_queryset(self) -> QuerySet[Any]:
        return within(self.cohorts, self.rows())

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """All there are, with what is told about them."""

    @one_moment()
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @one_moment()
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    def get_object(self) -> Any:
        if "\0" in self.kwargs[self.lookup_field]:
            raise NotFound
        return super().get_object()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method in ("GET", "HEAD") and response.status_code == 200:
            response.add_post_render_callback(partial(conditional, request._request))
        else:
            add_never_cache_headers(response)
        return response

    def get_exception_handler(self) -> Callable[..., Any]:
        return as_problem

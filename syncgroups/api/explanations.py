"""Why is nobody moving? For researchers' programs: what keeps a row, as facts with sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ..explaining import Explanation
from .access import ByModel, Watching


class FactSerializer(serializers.Serializer):
    code = serializers.CharField()
    level = serializers.CharField()
    sentence = serializers.CharField()


class ExplanationSerializer(serializers.Serializer):
    """Without the moment, which ``Date`` says: the same facts are the same text, and the same ETag."""

    about = serializers.CharField()
    level = serializers.CharField()
    facts = FactSerializer(many=True)


def explained(explain: Callable[[Any], Explanation]) -> Any:
    """An action ``GET …/explain/`` of a viewset. It tells of others than the row, and takes more than to see that."""

    def show(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(ExplanationSerializer(explain(self.get_object())).data)

    show.__name__ = "explain"
    show.__doc__ = "Why this does not move."
    how: dict[str, Any] = {"serializer_class": ExplanationSerializer, "permission_classes": [ByModel, Watching]}
    return action(detail=True, methods=["get"], url_path="explain", url_name="explain", **how)(show)

"""What a researcher's program may see and change: by Django's permissions, and in which cohorts."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from django.db.models import QuerySet
from django.utils.module_loading import import_string
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ..conf import settings
from ..models import BarrierRecord, ParticipantLinkBarrier


class ByModel(BasePermission):
    """To read takes the permission to view or to change such rows, as in the admin; a verb, to change what it changes.

    Nobody has to be staff: that opens the admin.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        # Sites may have nobody at all where nobody is signed in.
        if not (request.user and request.user.is_authenticated):
            return False
        if view.changes is not None:
            return request.user.has_perm(permission("change", view.changes))
        return may_see(request.user, view.model)


class Watching(BasePermission):
    """To be told why nothing moves takes what the monitor and the explanations in the admin take: who waits where."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user) and may_watch(request.user)


def may_watch(user: Any) -> bool:
    """Whether the user may see barriers and visits."""
    allowed: bool = user.has_perms([permission("view", model) for model in (BarrierRecord, ParticipantLinkBarrier)])
    return allowed


def may_see(user: Any, model: Any) -> bool:
    """Whoever may change rows may see them, as in the admin."""
    return any(user.has_perm(permission(act, model)) for act in ("view", "change"))


def permission(act: str, model: Any) -> str:
    return f"{model._meta.app_label}.{act}_{model._meta.model_name}"


def cohorts_of(user: Any) -> Set[str] | None:
    """The cohorts that the user is restricted to, by the site's own rule; None for no restriction."""
    if not settings.COHORTS_OF_USER:
        return None
    cohorts = import_string(settings.COHORTS_OF_USER)(user)
    return None if cohorts is None else frozenset(cohorts)


def within(cohorts: Set[str] | None, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the rows that are in one of these cohorts: to others they are not there."""
    return rows if cohorts is None else rows.filter(cohort__in=cohorts)

"""Filters of the lists. What can be chosen is read from small tables, never from all visits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .. import registry
from ..models import BarrierRecord, ParticipantLinkBarrier, SyncGroup, get_participant_model

Choices = Iterable[tuple[str, Any]]


class ExactFilter(SimpleListFilter):
    """Rows of which one field says exactly this; also nothing at all, which Django's own filters cannot say."""

    field: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        # PostgreSQL cannot be asked for NUL characters.
        return queryset.none() if "\0" in value else queryset.filter(**{self.field: value})


class CohortFilter(ExactFilter):
    title = _("cohort")
    parameter_name = field = "cohort"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        people = get_participant_model()._default_manager
        cohorts = people.order_by("cohort").values_list("cohort", flat=True).distinct()
        return [(cohort, cohort or _("(none)")) for cohort in cohorts]


class CohortOfGroupFilter(CohortFilter):
    field = "sync_group__cohort"


class BarrierFilter(ExactFilter):
    title = _("barrier")
    parameter_name = "barrier"
    field = "barrier_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        declared = {barrier.id for barrier in registry.all_barriers()}
        stored = BarrierRecord.objects.order_by().values_list("barrier_id", flat=True).distinct()
        return [(barrier_id, barrier_id) for barrier_id in sorted(declared.union(stored))]


class WaitsAtFilter(BarrierFilter):
    """Participants, or groups, of whom somebody waits there now."""

    title = _("waits at")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        whose = "sync_group" if queryset.model is SyncGroup else "participant"
        here = ParticipantLinkBarrier.objects.waiting().filter(barrier_id=value.replace("\0", ""))
        return queryset.filter(pk__in=here.values(whose))


class ConditionFilter(SimpleListFilter):
    """Choices that are named in `conditions`, each a function of the queryset."""

    title = _("condition")
    parameter_name = "condition"
    conditions: dict[str, tuple[Any, Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(name, title) for name, (title, _apply) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        _title, apply = self.conditions.get(self.value() or "", (None, None))
        return apply(queryset) if apply else queryset


class BarrierConditionFilter(ConditionFilter):
    conditions = {
        "waiting": (_("Somebody waits"), lambda records: records.filter(n_waiting__gt=0)),
        "paused": (_("Paused"), lambda records: records.paused()),
        "failing": (_("Last pass failed"), lambda records: records.exclude(last_error="")),
        "undeclared": (
            _("Not declared"),
            lambda records: records.exclude(barrier_id__in=[barrier.id for barrier in registry.all_barriers()]),
        ),
    }


def without_pauses(links: Any) -> Any:
    """Those of these visits for which time runs."""
    paused = BarrierRecord.objects.paused().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    return links.by_running_clocks().filter(~Exists(paused))


class VisitConditionFilter(ConditionFilter):
    conditions = {"overdue": (_("Past the deadline"), lambda links: without_pauses(links.overdue()))}


class GroupConditionFilter(ConditionFilter):
    conditions = {
        "waiting": (_("Somebody waits"), lambda groups: groups.filter(n_waiting__gt=0)),
        "failing": (_("Last pass failed"), lambda groups: groups.filter(error_count__gt=0)),
        "paused": (_("Paused"), lambda groups: groups.paused()),
        "open": (_("Takes newcomers"), lambda groups: groups.open_to_newcomers().order_by()),
    }

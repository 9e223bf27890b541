"""The parameters that each address takes, declared for django-filter. What is not declared is an error."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db import models
from django.db.models import AutoField, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend

from ..models import (
    AuditEntry,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    get_participant_model,
)

MAX_PAGE_SIZE = 1000


class TruthField(forms.TypedChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda value: value == "true", **kwargs)


class Truth(django_filters.BooleanFilter):
    """``true`` or ``false``."""

    field_class = TruthField


class TimeField(IsoDateTimeField):
    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class Time(django_filters.IsoDateTimeFilter):
    """A time that is one in UTC, too: databases are asked for that."""

    field_class = TimeField


class TextField(forms.CharField):
    """Blanks included; an empty text is something else than none."""

    def __init__(self, *, blank: bool = False, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)
        self.blank = blank

    def clean(self, value: Any) -> Any:
        return None if value is None and not self.required else super().clean(value)


class Text(django_filters.CharFilter):
    """A text that is compared as it is."""

    field_class = TextField

    def filter(self, queryset: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        return queryset if value is None else queryset.filter(**{self.field_name: value})


class InCohort(Text):
    """A barrier is looked up by its id and a cohort, by default the empty one."""

    def filter(self, queryset: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        return super().filter(queryset, value or "")


class Ordering(django_filters.ChoiceFilter):
    """By one of these columns, of which none is ever empty; with a minus, the other way round.

    ``created`` is the order in which rows came to be. Whatever is alike otherwise is in that order, too.
    """

    def __init__(self, *columns: str) -> None:
        known = [f"{sign}{column}" for column in ["created", *columns] for sign in ("-", "")]
        sentence = format_lazy(gettext_lazy("There is no such order. Known: {known}."), known=", ".join(known))
        super().__init__(choices=[(name, name) for name in known], error_messages={"invalid_choice": sentence})

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        column, sign = (value or "-created").lstrip("-"), "" if value and value[0] != "-" else "-"
        # Numbers are given in order of creation and have no ties, which timestamps do have.
        numbered = isinstance(queryset.model._meta.pk, AutoField)
        first = [] if column == "created" and numbered else [column.replace("created", "creation_time")]
        return queryset.order_by(*(f"{sign}{name}" for name in [*first, "pk"]))


class Whole(django_filters.NumberFilter):
    field_class = forms.IntegerField


class Parameters(forms.Form):
    """Parameters that are given must make sense."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = name in self.data and not getattr(field, "blank", False)

    def clean(self) -> None:
        for name in self.data:
            if name not in self.fields:
                known = ", ".join(sorted(self.fields)) or _("none")
                self.errors[name] = self.error_class([_("Unknown parameter. Known: %(known)s.") % {"known": known}])
            elif len(self.data.getlist(name)) > 1:  # type: ignore[attr-defined]
                self.errors[name] = self.error_class([_("Given more than once.")])


class RowFilters(django_filters.FilterSet):
    """What the address of one row takes: nothing."""

    class Meta:
        form = Parameters
        filter_overrides = {
            models.BooleanField: {"filter_class": Truth},
            models.CharField: {
                "filter_class": Text,
                "extra": lambda field: {"max_length": field.max_length, "blank": field.blank},
            },
        }


class OneBarrier(RowFilters):
    cohort = InCohort(max_length=100, blank=True)


class ListFilters(RowFilters):
    """What every list takes."""

    page_size = Whole(method="for_pages", min_value=1, max_value=MAX_PAGE_SIZE)
    # Room for a hundred characters of any script, written as escapes of escapes.
    cursor = django_filters.CharFilter(method="for_pages", max_length=4000)

    def for_pages(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Checked here, and read by `Pages`."""
        return queryset


class ParticipantFilters(ListFilters):
    group = django_filters.UUIDFilter(method="in_group")
    ordering = Ordering("cohort", "time_credit")

    class Meta(RowFilters.Meta):
        model = get_participant_model()
        fields = ["cohort", "status", "failed", "presence"]

    def in_group(self, queryset: QuerySet[Any], name: str, value: UUID) -> QuerySet[Any]:
        members = ParticipantLinkSyncGroup.objects.filter(sync_group__public_id=value)
        return queryset.filter(pk__in=members.values("participant"))


class GroupFilters(ListFilters):
    participant = django_filters.UUIDFilter(method="with_member")
    paused = Truth("paused_at", "isnull", exclude=True)
    ordering = Ordering("cohort", "group_type", "n_active_participants", "error_count")

    class Meta(RowFilters.Meta):
        model = SyncGroup
        fields = ["cohort", "group_type", "active"]

    def with_member(self, queryset: QuerySet[Any], name: str, value: UUID) -> QuerySet[Any]:
        memberships = ParticipantLinkSyncGroup.objects.filter(participant__public_id=value)
        return queryset.filter(pk__in=memberships.values("sync_group"))


class BarrierFilters(ListFilters):
    paused = Truth("paused_at", "isnull", exclude=True)
    ordering = Ordering("barrier_id", "cohort", "n_waiting", "error_count")

    class Meta(RowFilters.Meta):
        model = BarrierRecord
        fields = ["barrier_id", "cohort"]


class VisitFilters(ListFilters):
    participant = django_filters.UUIDFilter("participant__public_id")
    group = django_filters.UUIDFilter("sync_group__public_id")
    arrived_after = Time("arrival_time", "gte")
    arrived_before = Time("arrival_time", "lt")
    ordering = Ordering("arrival_time", "deadline", "time_credit")

    class Meta(RowFilters.Meta):
        model = ParticipantLinkBarrier
        fields = ["barrier_id", "cohort", "state"]


class AuditFilters(ListFilters):
    participant = django_filters.UUIDFilter("participant__public_id")
    group = django_filters.UUIDFilter("sync_group__public_id")
    ordering = Ordering("time")

    class Meta(RowFilters.Meta):
        model = AuditEntry
        fields = ["by", "verb", "cohort", "barrier_id"]


class Declared(DjangoFilterBackend):
    """By what the view declares: for its list, or for one row, whose verbs take the same."""

    def get_filterset_class(self, view: Any, queryset: Any = None) -> Any:
        return view.filterset_class if view.action == "list" else view.row_filters

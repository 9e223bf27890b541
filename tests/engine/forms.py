"""Forms in which the ORM may be asked, and what its answers say."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.db import models
from django.db.models import F

from syncgroups.prepared import prepared


def counting(function):
    """The function, prepared, and a list that grows by one each time that its body runs."""
    runs: list[Any] = []

    @wraps(function)
    def body(*args, **kwargs):
        runs.append(args)
        return function(*args, **kwargs)

    return prepared(body), runs


def told(row):
    """All that a row knows without asking: its columns, annotations and deferred ones, its ties, its origin."""
    if not isinstance(row, models.Model):
        return type(row).__name__, row
    known = {name: value for name, value in vars(row).items() if name != "_state"}
    ties = {name: told(other) for name, other in row._state.fields_cache.items()}
    return type(row), known, ties, row._state.db, row._state.adding, row.get_deferred_fields()


FORMS = {
    "instances": lambda links: links,
    "annotated": lambda links: links.annotate(more=F("time_credit") + 1, of=F("participant__public_id")),
    "with what they point to": lambda links: links.select_related("participant", "sync_group"),
    "in part": lambda links: links.only("state", "participant"),
    "dictionaries": lambda links: links.values("pk", "details", "deadline", who=F("participant__public_id")),
    "tuples": lambda links: links.values_list("pk", "public_id", "details", "sync_group__public_id"),
    "named tuples": lambda links: links.values_list("pk", "deadline", named=True),
    "one column": lambda links: links.values_list("public_id", flat=True),
    "the first two": lambda links: links[:2],
    "distinct": lambda links: links.order_by().values_list("barrier_id").distinct(),
}

"""What several models share."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


def front_door() -> Any:
    """The module whose functions carry out the verbs of rows.

    Reached through the app's configuration, because rows are imported by it and may not import it.
    """
    return apps.get_app_config("syncgroups").front_door  # type: ignore[attr-defined]


def name_of(row: models.Model, field: str) -> str:
    """The name of a row that this one points at, if that is loaded, else its key: a name is worth no query."""
    cached = row._state.fields_cache.get(field)
    return str(row.__dict__[f"{field}_id"] if cached is None else cached)


class Stored(models.Model):
    """A row with a birthday and room for whatever else the site wants to keep with it."""

    creation_time = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    details = models.JSONField(
        _("details"), default=dict, blank=True, help_text=_("Anything else the site keeps with this row.")
    )

    class Meta:
        abstract = True

    def refresh_from_db(self, using: str | None = None, fields: Any = None, from_queryset: Any = None) -> None:
        """From where rows are written, unless another database is named: a replica may not know yet what is new."""
        super().refresh_from_db(using=using or DEFAULT_DB_ALIAS, fields=fields, from_queryset=from_queryset)

    @property
    def type(self) -> str:
        """Name of the row's kind."""
        return self.__class__.__name__


class Processed(models.Model):
    """A row that passes work on, and on which they leave what went wrong."""

    last_processed = models.DateTimeField(_("last processed"), null=True, blank=True, editable=False)
    last_error = models.TextField(
        _("last error"),
        blank=True,
        editable=False,
        help_text=_("What the last pass that failed raised. It is tried again by itself."),
    )
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True, editable=False)
    error_count = models.PositiveIntegerField(
        _("failed passes"),
        default=0,
        editable=False,
        help_text=_("In a row; zero after a pass that succeeded."),
    )

    class Meta:
        abstract = True

"""What several models share."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


def front_door() -> Any:
    """The module whose functions carry out the verbs of rows.

    Reached through the app's configuration, because rows are imported by it and may not import it.
    """
    return apps.get_app_config("syncgroups").front_door  # type: ignore[attr-defined]


class Stored(models.Model):
    """A row with a birthday and room for whatever else the site wants to keep with it."""

    creation_time = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    details = models.JSONField(
        _("details"), default=dict, blank=True, help_text=_("Anything else the site keeps with this row.")
    )

    class Meta:
        abstract = True

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

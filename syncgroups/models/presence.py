"""When a participant was there."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..states import Presence


class PresenceInterval(models.Model):
    """A time during which a participant was present, quiet or gone. Begins with the first sign of life."""

    participant: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.PARTICIPANT_MODEL,
        verbose_name=_("participant"),
        on_delete=models.PROTECT,
        related_name="presence_intervals",
    )
    state = models.CharField(_("state"), max_length=10, choices=Presence)
    began_at = models.DateTimeField(_("began at"), db_default=Now())
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("interval of presence")
        verbose_name_plural = _("intervals of presence")
        constraints = (
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(ended_at__isnull=True),
                name="syncgroups_one_presence_at_a_time",
                violation_error_message=_("The participant has an interval of presence that goes on."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant_id}: {self.get_state_display()}"

"""What researchers did."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..states import Verb
from .groups import SyncGroup


class AuditEntry(models.Model):
    """One thing that a researcher did, to whom and why. Written in the transaction that does it; never changed.

    Only where a pass is asked for, which is a transaction of its own, how it went is added afterwards.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    time = models.DateTimeField(_("time"), db_default=Now())
    by = models.CharField(_("by"), max_length=150, help_text=_("Name of the user."))
    verb = models.CharField(_("what"), max_length=20, choices=Verb)
    reason = models.TextField(_("reason"))
    cohort = models.CharField(_("cohort"), max_length=100, blank=True, default="")
    barrier_id = models.CharField(_("barrier"), max_length=100, blank=True, default="")
    participant: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.PARTICIPANT_MODEL,
        verbose_name=_("participant"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="audit_entries",
    )
    sync_group = models.ForeignKey(
        SyncGroup,
        verbose_name=_("group"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="audit_entries",
        # Has an index of its own below, without the entries that concern no group.
        db_index=False,
    )
    details = models.JSONField(
        _("details"), default=dict, blank=True, help_text=_("With what, e.g. how many seconds or which text.")
    )
    before = models.JSONField(_("before"), default=dict, blank=True)
    after = models.JSONField(_("after"), default=dict, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = (
            models.Index(fields=["cohort", "time"], name="syncgroups_audit_cohort"),
            models.Index(
                fields=["sync_group"], name="syncgroups_audit_group", condition=models.Q(sync_group__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_verb_display()}, {self.by}"

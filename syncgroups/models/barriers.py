"""Visits to barriers, the barriers' records, and what wakes them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..querysets import BarrierRecordQuerySet, LinkBarrierQuerySet, WakeUpQuerySet
from ..states import LinkState
from .base import Processed, Stored, front_door, name_of
from .groups import SyncGroup

if TYPE_CHECKING:
    from .participants import AbstractParticipant


class ParticipantLinkBarrier(Stored):
    """One participant's visit to one barrier. Never deleted; ends once, with an outcome and a reason."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    participant: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.PARTICIPANT_MODEL,
        verbose_name=_("participant"),
        on_delete=models.PROTECT,
        related_name="barrier_links",
        # The constraint about named visits begins with this column, and serves as its index.
        db_index=False,
    )
    barrier_id = models.CharField(_("barrier"), max_length=100)
    cohort = models.CharField(_("cohort"), max_length=100, blank=True, default="")
    sync_group = models.ForeignKey(
        SyncGroup,
        verbose_name=_("group"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="barrier_links",
        db_index=False,
        help_text=_("The group with which the participant passes; empty where the barrier does not go by groups."),
    )
    # Null and not empty: null equals nothing, so that visits without a key never collide.
    visit = models.CharField(  # noqa: DJ001
        _("visit"),
        max_length=100,
        null=True,
        blank=True,
        help_text=_("Where in the experiment the visit happens, e.g. the round. The same visit never starts anew."),
    )
    state = models.CharField(_("state"), max_length=20, choices=LinkState, default=LinkState.WAITING)
    arrival_time = models.DateTimeField(_("arrived at"), db_default=Now())
    deadline = models.DateTimeField(_("waits until"))
    departure_time = models.DateTimeField(_("departed at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True, help_text=_("Why the wait ended."))
    ended_by = models.CharField(
        _("ended by"), max_length=150, blank=True, help_text=_("Who ended it, if a person did.")
    )
    time_credit = models.FloatField(_("time credit"), default=0.0, help_text=_("Seconds of paid time earned."))
    waited_for_match = models.FloatField(
        _("waited for a match"),
        default=0.0,
        db_default=0.0,
        help_text=_("Seconds spent waiting to be grouped, known once the visit has ended."),
    )
    waited_for_others = models.FloatField(
        _("waited for others"),
        default=0.0,
        db_default=0.0,
        help_text=_("Seconds spent waiting for the members of the group, or for the rule of the barrier."),
    )
    paused_for = models.FloatField(
        _("paused for"), default=0.0, db_default=0.0, help_text=_("Seconds for which a researcher held the barrier.")
    )
    extensions = models.IntegerField(
        _("extensions"), default=0, db_default=0, help_text=_("How often the participant has asked for more time.")
    )
    turns = models.IntegerField(
        _("turns"), default=0, db_default=0, help_text=_("Pages of the waiting logic that have been completed.")
    )
    message = models.TextField(
        _("message"),
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("What a researcher tells the participant on the waiting page."),
    )
    place_since = models.DateTimeField(
        _("place since"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Of somebody who was sent back to be grouped: since when they have their place in the queue."),
    )

    objects = LinkBarrierQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = (
            models.UniqueConstraint(
                fields=["participant", "barrier_id"],
                condition=Q(state=LinkState.WAITING),
                name="syncgroups_one_open_visit",
                violation_error_message=_("The participant is waiting at this barrier already."),
            ),
            models.UniqueConstraint(
                fields=["participant", "barrier_id", "visit"],
                name="syncgroups_visit_once",
                violation_error_message=_("The participant has made this visit already."),
            ),
            models.CheckConstraint(
                name="syncgroups_departed_visit_has_time",
                condition=Q(state=LinkState.WAITING, departure_time__isnull=True)
                | (~Q(state=LinkState.WAITING) & Q(departure_time__isnull=False)),
                violation_error_message=_("A visit that ended has a departure time, one that goes on has none."),
            ),
            models.CheckConstraint(
                name="syncgroups_visit_state_known",
                condition=Q(state__in=LinkState.values),
                violation_error_message=_("Unknown state."),
            ),
        )
        indexes = (
            models.Index(
                fields=["barrier_id", "cohort", "arrival_time", "id"],
                name="syncgroups_waiting_in_order",
                condition=Q(state=LinkState.WAITING),
            ),
            models.Index(
                fields=["sync_group", "barrier_id"],
                name="syncgroups_waiting_by_group",
                condition=Q(state=LinkState.WAITING),
            ),
            models.Index(
                fields=["sync_group"], name="syncgroups_visits_of_group", condition=Q(sync_group__isnull=False)
            ),
            models.Index(fields=["deadline"], name="syncgroups_waiting_deadline", condition=Q(state=LinkState.WAITING)),
        )

    def __str__(self) -> str:
        return f"{name_of(self, 'participant')} at {self.barrier_id}: {self.get_state_display()}"

    @property
    def released(self) -> bool:
        """Whether the participant was let through."""
        return self.state == LinkState.RELEASED

    @property
    def time_waited(self) -> float:
        """Seconds from arrival to departure, or to when the engine looked, or to now; without pauses that are over."""
        until = self.departure_time or self.__dict__.get("seen_at") or timezone.now()
        return (until - self.arrival_time).total_seconds() - self.paused_for

    @property
    def overdue(self) -> bool:
        """Whether the time is up, at the moment when the engine looked, or by now."""
        moment = self.__dict__.get("seen_at") or timezone.now()
        return self.state == LinkState.WAITING and self.deadline <= moment

    @property
    def failed(self) -> bool:
        """Whether the wait ended with the participant's failure."""
        late = self.state == LinkState.TIMED_OUT
        return self.state == LinkState.FAILED or (late and self.participant.failed)

    @property
    def failed_reason(self) -> str:
        return self.reason if self.failed else ""

    @property
    def time_of_death(self) -> datetime | None:
        return self.departure_time if self.failed else None

    def get_barrier(self) -> Any:
        """The barrier's declaration. Raises `BarrierNotRegistered` when it is no longer declared."""
        return front_door().registry.get(self.barrier_id)

    def release(self, reason: str = "", *, by: str = "") -> None:
        """Let the participant through; where groups are closed (`GroupCloser`), also out of the group.

        Locks that group and the participant. Raises `NotWaiting` when the visit has ended.
        """
        front_door().release(self, reason, by=by)

    def extend(self) -> None:
        """Wait for longer, as often and as long as the barrier allows. Locks the participant.

        Raises `NotWaiting` when the visit has ended, `NoExtensionLeft`.
        """
        front_door().extend(self)

    def get_waiting_participants(self, for_update: bool = False) -> list[AbstractParticipant]:
        """Active participants of this cohort who wait at the same barrier, in order of arrival.

        With `for_update` their rows are locked until the transaction ends.
        """
        return front_door().waiting_participants(self.barrier_id, self.cohort, for_update=for_update)  # type: ignore[no-any-return]


class BarrierRecord(Processed):
    """A barrier in one cohort: what passes lock, and the researcher's switch."""

    barrier_id = models.CharField(_("barrier"), max_length=100)
    cohort = models.CharField(_("cohort"), max_length=100, blank=True, default="")
    paused_at = models.DateTimeField(
        _("paused at"),
        null=True,
        blank=True,
        help_text=_("While paused nobody is released and no wait ends."),
    )
    paused_by = models.CharField(_("paused by"), max_length=150, blank=True)

    objects = BarrierRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("barrier")
        verbose_name_plural = _("barriers")
        constraints = (
            models.UniqueConstraint(
                fields=["barrier_id", "cohort"],
                name="syncgroups_one_record_per_cohort",
                violation_error_message=_("This barrier has a record for this cohort already."),
            ),
        )
        indexes = (models.Index(fields=["paused_at"], name="syncgroups_paused", condition=Q(paused_at__isnull=False)),)

    def __str__(self) -> str:
        return f"{self.barrier_id} ({self.cohort})" if self.cohort else self.barrier_id

    @property
    def paused(self) -> bool:
        """Whether a researcher holds the barrier."""
        return self.paused_at is not None


class WakeUp(models.Model):
    """A reason to look at a barrier again: somebody arrived or went, or the time to try again has come.

    Rows are only inserted by those who cause work, so that they never wait for it, and only deleted by the
    pass that serves them, in its own transaction.
    """

    barrier_id = models.CharField(_("barrier"), max_length=100)
    cohort = models.CharField(_("cohort"), max_length=100, blank=True, default="")
    sync_group = models.ForeignKey(
        SyncGroup,
        verbose_name=_("group"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    due_at = models.DateTimeField(_("due at"), db_default=Now())

    objects = WakeUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("wake-up")
        verbose_name_plural = _("wake-ups")
        indexes = (
            models.Index(fields=["barrier_id", "cohort", "sync_group"], name="syncgroups_wakeup_unit"),
            models.Index(fields=["due_at"], name="syncgroups_wakeup_due"),
        )

    def __str__(self) -> str:
        return f"{self.barrier_id} at {self.due_at}"

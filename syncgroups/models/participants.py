"""The person in the experiment."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..exceptions import AmbiguousGroup, NotInGroup
from ..querysets import ParticipantQuerySet
from ..states import ParticipantStatus, Presence
from .base import Stored, front_door

if TYPE_CHECKING:
    from .barriers import ParticipantLinkBarrier
    from .groups import SyncGroup


class AbstractParticipant(Stored):
    """Subclass this and name the subclass in ``SYNCGROUPS_PARTICIPANT_MODEL`` to add fields of your own."""

    public_id = models.UUIDField(
        _("public id"),
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text=_("What URLs and tokens say."),
    )
    cohort = models.CharField(
        _("cohort"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("Only participants of the same cohort meet, e.g. those of one session."),
    )
    status = models.CharField(_("status"), max_length=20, choices=ParticipantStatus, default=ParticipantStatus.WORKING)
    failed = models.BooleanField(_("failed"), default=False)
    failed_reason = models.TextField(_("reason for failing"), blank=True)
    ended_by = models.CharField(
        _("ended by"), max_length=150, blank=True, help_text=_("Who ended the participation, if another person did.")
    )
    time_of_death = models.DateTimeField(_("failed at"), null=True, blank=True)
    last_seen_at = models.DateTimeField(
        _("last seen"),
        null=True,
        blank=True,
        help_text=_("Time of the last request, give or take a few seconds."),
    )
    presence = models.CharField(
        _("presence"),
        max_length=10,
        choices=Presence,
        default=Presence.PRESENT,
        db_default=Presence.PRESENT,
        editable=False,
        help_text=_("Whether requests of the participant's page come in."),
    )
    # Each is empty once it has passed, so that an index over it finds those who are due, and nobody else.
    quiet_at = models.DateTimeField(_("quiet from"), null=True, blank=True, editable=False, db_index=True)
    gone_at = models.DateTimeField(_("gone from"), null=True, blank=True, editable=False, db_index=True)
    page_hidden = models.BooleanField(
        _("page hidden"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("Whether the page has said that nobody sees it: another tab is in front, or the phone is locked."),
    )
    time_credit = models.FloatField(
        _("time credit"), default=0.0, help_text=_("Seconds of paid time earned by waiting at barriers.")
    )

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        abstract = True
        verbose_name = _("participant")
        verbose_name_plural = _("participants")

    def __str__(self) -> str:
        return f"P-{str(self.public_id)[:8]}"

    @property
    def is_active(self) -> bool:
        """Whether the participant may still arrive, wait and be grouped."""
        return self.status == ParticipantStatus.WORKING and not self.failed

    @property
    def is_present(self) -> bool:
        """Whether the participant gives signs of life, or has never been asked for any."""
        return self.presence == Presence.PRESENT

    @property
    def active_sync_groups(self) -> dict[str, SyncGroup]:
        """The participant's active groups by type. One query, or none inside a barrier's rule."""
        if "seen_groups" in self.__dict__:
            return self.__dict__["seen_groups"]  # type: ignore[no-any-return]
        links = self.sync_group_links.active().in_order_of_arrival().select_related("sync_group")  # type: ignore[attr-defined]
        return {link.sync_group.group_type: link.sync_group for link in links}

    @property
    def sync_groups(self) -> models.QuerySet[SyncGroup]:
        """Every group that the participant has ever been in, oldest first."""
        groups = apps.get_model("syncgroups", "SyncGroup").objects
        return groups.filter(participant_links__participant=self.pk).order_by("participant_links__pk")

    @property
    def sync_group(self) -> SyncGroup:
        """The participant's only active group.

        Raises `NotInGroup` when there is none, `AmbiguousGroup` when there are several.
        """
        groups = self.active_sync_groups
        if not groups:
            raise NotInGroup(f"{self} is in no active group.")
        if len(groups) > 1:
            types = ", ".join(sorted(groups))
            raise AmbiguousGroup(f"{self} is in several active groups ({types}): use active_sync_groups[type].")
        return next(iter(groups.values()))

    @property
    def active_barriers(self) -> dict[str, ParticipantLinkBarrier]:
        """The participant's open visits by barrier id. One query, or none inside a barrier's rule."""
        if "seen_barriers" in self.__dict__:
            return self.__dict__["seen_barriers"]  # type: ignore[no-any-return]
        return {link.barrier_id: link for link in self.barrier_links.waiting().in_order_of_arrival()}  # type: ignore[attr-defined]

    def fail(self, reason: str = "", *, by: str = "") -> bool:
        """End the participation as a failure. True unless it had ended before.

        In one transaction open visits end, memberships end, the groups' counts and leaders are put right,
        groups that became empty are closed and the barriers where group mates wait are woken. Locks the
        participant's groups and the participant. Safe to repeat.
        """
        return front_door().fail(self, reason, by=by)  # type: ignore[no-any-return]

    def leave(self, reason: str = "", *, by: str = "") -> bool:
        """End the participation without fault, before the end of the experiment. Otherwise like `fail`."""
        return front_door().leave(self, reason, by=by)  # type: ignore[no-any-return]

    def finish(self, reason: str = "", *, by: str = "") -> bool:
        """End the participation at the end of the experiment. Otherwise like `fail`."""
        return front_door().finish(self, reason, by=by)  # type: ignore[no-any-return]


class Participant(AbstractParticipant):
    """The participant of a site that needs no fields of its own."""

    class Meta(AbstractParticipant.Meta):
        swappable = "SYNCGROUPS_PARTICIPANT_MODEL"
        indexes = (models.Index(fields=["cohort", "status"], name="syncgroups_participant_cohort"),)


def all_participants() -> ParticipantQuerySet:
    """Every participant, whatever the site's own managers make of its model."""
    return ParticipantQuerySet(model=get_participant_model())


def get_participant_model() -> type[AbstractParticipant]:
    """The model that stands at barriers on this site."""
    return apps.get_model(settings.PARTICIPANT_MODEL, require_ready=False)

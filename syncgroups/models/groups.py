"""Groups and who is in them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..querysets import LinkSyncGroupQuerySet, SyncGroupQuerySet
from .base import Processed, Stored, front_door, name_of

if TYPE_CHECKING:
    from .participants import AbstractParticipant

SIMPLE = "SimpleSyncGroup"


class SyncGroup(Stored, Processed):
    """Participants who are synchronised with one another. Formed by a grouper, never by hand-written rows."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(
        _("kind"),
        max_length=50,
        default="SyncGroup",
        editable=False,
        help_text=_("Which grouper makes such groups."),
    )
    group_type = models.CharField(_("group type"), max_length=100)
    cohort = models.CharField(_("cohort"), max_length=100, blank=True, default="")
    active = models.BooleanField(_("active"), default=True)
    end_time = models.DateTimeField(_("closed at"), null=True, blank=True)
    end_reason = models.TextField(_("why closed"), blank=True)
    ended_by = models.CharField(
        _("closed by"), max_length=150, blank=True, help_text=_("Who closed it, if a person did.")
    )
    leader: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.PARTICIPANT_MODEL,
        verbose_name=_("leader"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        # Nobody looks for groups by their leader, but for the database when a participant is deleted: seldom, and
        # never one who has been in a group.
        db_index=False,
    )
    participants: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        settings.PARTICIPANT_MODEL,
        verbose_name=_("participants"),
        through="syncgroups.ParticipantLinkSyncGroup",
        related_name="+",
    )
    n_active_participants = models.PositiveIntegerField(
        _("active members"), default=0, help_text=_("For display and for finding room; decisions count anew.")
    )
    initial_group_size = models.PositiveIntegerField(_("initial size"), default=1)
    min_group_size = models.PositiveIntegerField(
        _("minimum size"), default=1, help_text=_("Below this the group passes no group barrier.")
    )
    max_group_size = models.PositiveIntegerField(
        _("maximum size"), null=True, blank=True, help_text=_("Empty: no upper bound.")
    )
    join_existing_groups = models.BooleanField(
        _("takes newcomers"),
        default=False,
        help_text=_("Whether later arrivals may join while there is room."),
    )
    failed = models.BooleanField(_("failed"), default=False)
    failed_reason = models.TextField(_("reason for failing"), blank=True)
    paused_at = models.DateTimeField(
        _("paused at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("While paused the group passes no group barrier, and no wait of its members there ends."),
    )
    paused_by = models.CharField(_("paused by"), max_length=150, blank=True, default="", db_default="", editable=False)

    objects = SyncGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        constraints = (
            models.CheckConstraint(
                name="syncgroups_group_sizes_in_order",
                condition=Q(min_group_size__gte=1)
                & Q(initial_group_size__gte=F("min_group_size"))
                & (Q(max_group_size__isnull=True) | Q(max_group_size__gte=F("initial_group_size"))),
                violation_error_message=_("Sizes must satisfy 1 ≤ minimum ≤ initial ≤ maximum."),
            ),
            models.CheckConstraint(
                name="syncgroups_group_closed_has_end_time",
                condition=Q(active=True, end_time__isnull=True) | Q(active=False, end_time__isnull=False),
                violation_error_message=_("A closed group has an end time, an active one has none."),
            ),
        )
        indexes = (
            models.Index(
                fields=["group_type", "cohort", "n_active_participants", "id"],
                name="syncgroups_group_with_room",
                condition=Q(active=True, join_existing_groups=True),
            ),
            models.Index(fields=["id"], name="syncgroups_group_active", condition=Q(active=True)),
            models.Index(fields=["id"], name="syncgroups_group_paused", condition=Q(paused_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.group_type} {self.pk}"

    @property
    def type(self) -> str:
        return self.kind

    @property
    def paused(self) -> bool:
        """Whether a researcher holds the group."""
        return self.paused_at is not None

    @property
    def time_of_death(self) -> datetime | None:
        """When the group failed, or None."""
        return self.end_time if self.failed else None

    @property
    def active_participants(self) -> list[AbstractParticipant]:
        """Members who stand and are active, in the order in which they joined. One query, or none inside a rule."""
        if "seen_members" in self.__dict__:
            return self.__dict__["seen_members"]  # type: ignore[no-any-return]
        links = self.participant_links.active().in_order_of_arrival().select_related("participant")
        return [link.participant for link in links if link.participant.is_active]

    @property
    def active_followers(self) -> list[AbstractParticipant]:
        """Active members but for the leader."""
        return [member for member in self.active_participants if member.pk != self.leader_id]

    @classmethod
    def get_active_group(cls, participant: AbstractParticipant, group_type: str) -> SyncGroup:
        """The participant's active group of that type. Raises `KeyError` when there is none."""
        return participant.active_sync_groups[group_type]

    def check_leader(self) -> AbstractParticipant | None:
        """See to it that an active member leads: the one who joined first, unless the leader still can.

        Returns the leader, or None for a group without active members. Locks the group. Safe to repeat.
        """
        front_door().settle(self)
        leader: AbstractParticipant | None = self.leader
        return leader

    def check_numbers(self) -> int:
        """Count the active members anew, store and return the number. Locks the group. Safe to repeat."""
        front_door().settle(self)
        return self.n_active_participants

    def close(self, reason: str = "", *, by: str = "") -> bool:
        """End the group and its memberships. True unless it was closed before. Locks the group."""
        return front_door().close_group(self, reason, by=by)  # type: ignore[no-any-return]

    def add(self, participant: AbstractParticipant) -> None:
        """Make the participant a member, and let them go on where they wait for such a group.

        Locks the group and the participant.

        Raises `GroupNotActive`, `GroupFull`, `WrongCohort`, `AlreadyInGroup` or `ParticipantNotActive`.
        """
        front_door().add_to_group(self, participant)


class SimpleSyncGroupManager(models.Manager.from_queryset(SyncGroupQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> SyncGroupQuerySet:
        return super().get_queryset().filter(kind=SIMPLE)  # type: ignore[no-any-return]


class SimpleSyncGroup(SyncGroup):
    """A group formed by a SimpleGrouper."""

    objects: ClassVar[Any] = SimpleSyncGroupManager()

    class Meta:
        proxy = True
        verbose_name = _("simple group")
        verbose_name_plural = _("simple groups")


class ParticipantLinkSyncGroup(Stored):
    """One participant's membership of one group."""

    participant: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.PARTICIPANT_MODEL,
        verbose_name=_("participant"),
        on_delete=models.PROTECT,
        related_name="sync_group_links",
    )
    sync_group = models.ForeignKey(
        SyncGroup, verbose_name=_("group"), on_delete=models.PROTECT, related_name="participant_links"
    )
    # Repeats the group's type, because a constraint sees one table only.
    group_type = models.CharField(_("group type"), max_length=100, editable=False)
    active = models.BooleanField(_("active"), default=True)
    arrival_time = models.DateTimeField(_("joined at"), db_default=Now())
    departure_time = models.DateTimeField(_("left at"), null=True, blank=True)
    reason = models.TextField(_("why left"), blank=True)
    ended_by = models.CharField(
        _("ended by"), max_length=150, blank=True, help_text=_("Who ended it, if a person did.")
    )

    objects = LinkSyncGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = (
            models.UniqueConstraint(
                fields=["participant", "group_type"],
                condition=Q(active=True),
                name="syncgroups_one_active_group_per_type",
                violation_error_message=_("The participant is in an active group of this type already."),
            ),
            models.CheckConstraint(
                name="syncgroups_ended_membership_has_departure",
                condition=Q(active=True, departure_time__isnull=True) | Q(active=False, departure_time__isnull=False),
                violation_error_message=_("An ended membership has a departure time, an active one has none."),
            ),
        )

    def __str__(self) -> str:
        return f"{name_of(self, 'participant')} in {name_of(self, 'sync_group')}"

    @property
    def failed(self) -> bool:
        """Whether the membership ended because the participant failed."""
        return not self.active and self.participant.failed

    @property
    def failed_reason(self) -> str:
        return self.reason if self.failed else ""

    @property
    def time_of_death(self) -> datetime | None:
        return self.departure_time if self.failed else None

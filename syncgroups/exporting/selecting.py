"""Whose data is exported. A selection is one of people: with them comes everything that concerns them.

Tables of one export therefore fit together: whoever is named in one of them is in the table of participants, and
every group that somebody was in is in the table of groups.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from ..models import ParticipantLinkSyncGroup, SyncGroup, all_participants


@dataclass(frozen=True)
class Selection:
    """People of these cohorts, who came in this time, or these very ones; everybody where nothing is said."""

    cohorts: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    #: Public ids.
    participants: Collection[Any] | None = None
    #: Public ids of groups: whoever has ever been a member.
    groups: Collection[Any] | None = None

    @property
    def everybody(self) -> bool:
        return self == Selection()

    def people(self) -> Any:
        """The participants."""
        people: Any = all_participants()
        if self.cohorts is not None:
            people = people.filter(cohort__in=self.cohorts)
        if self.since is not None:
            people = people.filter(creation_time__gte=self.since)
        if self.until is not None:
            people = people.filter(creation_time__lt=self.until)
        if self.participants is not None:
            people = people.filter(public_id__in=self.participants)
        if self.groups is not None:
            members = ParticipantLinkSyncGroup.objects.filter(sync_group__public_id__in=self.groups)
            people = people.filter(pk__in=members.values("participant"))
        return people

    def of_people(self, model: Any) -> Any:
        """Rows of a model with a ``participant``, of these people."""
        rows = model._default_manager.all()
        return rows if self.everybody else rows.filter(participant__in=self.people().values("pk"))

    def their_groups(self) -> Any:
        """Groups that one of these people has ever been in."""
        if self.everybody:
            return SyncGroup.objects.all()
        members = ParticipantLinkSyncGroup.objects.filter(sync_group=OuterRef("pk"))
        return SyncGroup.objects.filter(Exists(members.filter(participant__in=self.people().values("pk"))))

    def concerning(self, model: Any) -> Any:
        """Rows of a model that may name a ``participant``, a ``sync_group`` or neither of them, but for a cohort."""
        rows = model._default_manager.all()
        if self.everybody:
            return rows
        theirs = Q(participant__in=self.people().values("pk")) | Q(sync_group__in=self.their_groups().values("pk"))
        if self == Selection(cohorts=self.cohorts):
            theirs |= Q(cohort__in=self.cohorts)
        return rows.filter(theirs)

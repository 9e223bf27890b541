"""What code of an earlier release does, for which a table has the columns that it had then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from .migrating import APP, models_at
from .rows import a_row_of_each, stored_models


class Older:
    """The site as it was when this migration was the last one."""

    def __init__(self, last: str, using: str = DEFAULT_DB_ALIAS) -> None:
        self.models, self.using = models_at(last), using

    def create(self, model: str, **values: Any) -> Any:
        return self.models.get_model(APP, model).objects.using(self.using).create(**values)

    def participants(self, n: int) -> list[Any]:
        return [self.create("Participant") for _ in range(n)]

    def group(self, group_type: str, members: list[Any]) -> Any:
        group = self.create("SyncGroup", group_type=group_type, leader=members[0], n_active_participants=len(members))
        for member in members:
            self.create("ParticipantLinkSyncGroup", sync_group=group, participant=member, group_type=group_type)
        return group

    def arrive(self, participant: Any, barrier_id: str, group: Any = None) -> Any:
        """As the front door: one look, and one short transaction that inserts two rows."""
        participant.refresh_from_db()
        deadline = timezone.now() + timedelta(days=1)
        with transaction.atomic(using=self.using):
            link = self.create(
                "ParticipantLinkBarrier",
                participant=participant,
                barrier_id=barrier_id,
                sync_group=group,
                deadline=deadline,
            )
            self.create("WakeUp", barrier_id=barrier_id, sync_group=group)
        return link

    def write_and_read_everything(self) -> None:
        """Insert a row into each table, and read, change and store again whatever rows there are."""
        a_row_of_each(self.models, self.using)
        for model in stored_models(self.models):
            for row in model._base_manager.using(self.using):
                row.save()

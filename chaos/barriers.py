"""Where the bots wait for one another: teams that take newcomers, and pairs that do not; every time-out policy.

Waits are short, so that many come to their end while something is broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.decisions import Decision
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup
from syncgroups.registry import register

from .daggers import DECIDING, strike

#: Seconds for which groups wait for members who do not come.
PATIENCE = 5
STORE = "chaos.effects.store"


class DeadlyGrouper(SimpleGrouper):
    """A simple grouper with places to die."""

    def group(self, participants: list[Any]) -> Any:
        self._dare()
        return super().group(participants)

    def choose_groups_to_join(self, participants: list[Any], groups: Sequence[SyncGroup]) -> Any:
        joins = super().choose_groups_to_join(participants, groups)
        if joins:
            self._dare()
        return joins

    def _dare(self) -> None:
        strike(DECIDING)
        connection.chaos_acts = True  # type: ignore[attr-defined]


class Patient(GroupBarrier):
    """The time limit strikes whoever is not here, instead of those who wait for them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"recheck_interval": PATIENCE / 4, "on_release": STORE, **kwargs})

    def decide(self, waiting: list[Any], joinable: Sequence[SyncGroup] = ()) -> Decision:
        decision = super().decide(waiting, joinable)
        longest = max(member.active_barriers[self.id].time_waited for member in waiting)
        return decision if decision.release or decision.fail or longest < PATIENCE else self.without_the_absent(waiting)

    def without_the_absent(self, waiting: list[Any]) -> Decision:
        here = {member.pk for member in waiting}
        members = [member for group in self._groups_of(waiting) for member in group.active_participants]
        return Decision(fail=[member for member in members if member.pk not in here], fail_reason="did not come")


class PatientCloser(Patient, GroupCloser):
    """Closes the group, with or without those who do not come."""

    def without_the_absent(self, waiting: list[Any]) -> Decision:
        return Decision(release=list(waiting))


register(
    DeadlyGrouper(
        "team",
        initial_group_size=3,
        min_group_size=2,
        max_group_size=4,
        join_existing_groups=True,
        max_wait_time=20,
        on_timeout="leave",
    )
)
register(DeadlyGrouper("pair", initial_group_size=2, min_group_size=1, max_wait_time=20, on_timeout="fail"))
for group_type in ("team", "pair"):
    register(Patient(f"{group_type}_choice", group_type, max_wait_time=12, on_timeout="release"))
    register(PatientCloser(group_type, max_wait_time=12, on_timeout="leave"))

"""Where the bots wait for one another: teams that take newcomers and are given up when members do not come, and pairs
that do not and go on alone.

Waits are short, so that many come to their end while something is broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup
from syncgroups.registry import register
from syncgroups.states import TimeoutPolicy

from .daggers import DECIDING, strike
from .limits import EXTENSIONS, MORE, PATIENCE

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


def too_long(participant: Any, link: Any) -> str:
    """What happens to somebody who has found no partner."""
    return TimeoutPolicy.LEAVE if link.extensions else TimeoutPolicy.FAIL


LONGER: dict[str, Any] = {"extensions": EXTENSIONS, "extension_time": MORE}

register(
    DeadlyGrouper(
        "team",
        initial_group_size=3,
        min_group_size=2,
        max_group_size=4,
        join_existing_groups=True,
        max_wait_time=14,
        on_timeout="leave",
    )
)
register(DeadlyGrouper("pair", initial_group_size=2, min_group_size=1, max_wait_time=12, on_timeout=too_long, **LONGER))

#: What the present get when others do not come. Whoever waits and fails all the same is found by the checker.
FATES: dict[str, dict[str, Any]] = {
    "team": {"on_member_timeout": "regroup", "on_below_minimum": "regroup", **LONGER},
    "pair": {"on_member_timeout": "go_on"},
}
for group_type, fate in FATES.items():
    register(GroupBarrier(f"{group_type}_choice", group_type, max_wait_time=PATIENCE, on_release=STORE, **fate))
    register(GroupCloser(group_type, max_wait_time=PATIENCE, on_release=STORE, on_member_timeout="go_on"))

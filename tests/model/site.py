"""The site that is modelled, as a researcher would declare it. `world.PLACES` says the same in the model's words."""

from __future__ import annotations

from typing import Any

from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser, WaitPage
from syncgroups.groupers import SimpleGrouper

from .world import FEW, LONG_ENOUGH, MINUTE

#: Ids of barriers where code of the site raises.
broken: set[str] = set()


def count(group: Any, barrier: Any) -> None:
    """Count the call on the group; what is stored before an error must not last."""
    group.details["calls"] = group.details.get("calls", 0) + 1
    group.save(update_fields=["details"])
    if barrier.id in broken:
        raise RuntimeError("on_release is broken")


class Three(Barrier):
    """Lets everybody go when three are here."""

    def choose_who_to_release(self, waiting_participants):
        if self.id in broken:
            raise RuntimeError("the rule is broken")
        return waiting_participants if len(waiting_participants) >= 3 else []


class Patient(Barrier):
    """Lets go whoever has waited for long enough."""

    def choose_who_to_release(self, waiting_participants):
        waited = {person.pk: person.active_barriers[self.id].time_waited for person in waiting_participants}
        return [person for person in waiting_participants if waited[person.pk] >= LONG_ENOUGH * MINUTE]


class FewPairs(SimpleGrouper):
    """Groups only where at most three wait: whoever goes may make the others ready."""

    def ready_to_group(self, participants):
        return super().ready_to_group(participants) and len(participants) <= FEW


BARRIERS = [
    SimpleGrouper("pair", initial_group_size=2, max_wait_time=3 * MINUTE),
    FewPairs("pair", id_="few_pair_grouper", initial_group_size=2, max_wait_time=4 * MINUTE, on_timeout="leave"),
    SimpleGrouper(
        "team",
        initial_group_size=3,
        min_group_size=2,
        max_group_size=4,
        join_existing_groups=True,
        max_wait_time=4 * MINUTE,
        on_timeout="leave",
    ),
    GroupBarrier("pair_choice", "pair", max_wait_time=2 * MINUTE, on_release=count),
    GroupBarrier("team_choice", "team", max_wait_time=2 * MINUTE, on_timeout="leave"),
    GroupBarrier("team_result", "team", max_wait_time=3 * MINUTE, on_timeout="release"),
    GroupCloser("pair", max_wait_time=3 * MINUTE),
    GroupCloser("team", max_wait_time=2 * MINUTE, on_timeout="release", on_release=count),
    Three("three", waiting_logic=WaitPage(wait_time=100), max_wait_time=3 * MINUTE, fix_time_credit=True),
    Patient("patient", max_wait_time=5 * MINUTE, on_timeout="release", recheck_interval=MINUTE),
]

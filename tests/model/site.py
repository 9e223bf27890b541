"""The site that is modelled, as a researcher would declare it. `places.PLACES` says the same in the model's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser, WaitPage
from syncgroups.groupers import SimpleGrouper

from .places import FEW, GONE, GRACE, LONG_ENOUGH, MINUTE, QUIET

SETTINGS = {
    "SYNCGROUPS_QUIET_AFTER": QUIET * MINUTE,
    "SYNCGROUPS_GONE_AFTER": GONE * MINUTE,
    "SYNCGROUPS_HIDDEN_GRACE": GRACE * MINUTE,
    # Longer than a step takes, and shorter than a minute.
    "SYNCGROUPS_LAST_SEEN_INTERVAL": MINUTE / 2,
}

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


def leave_if_extended(otherwise: str) -> Callable[[Any, Any], str]:
    """A policy that depends on what its participant has done."""

    def policy(participant: Any, link: Any) -> str:
        return "leave" if link.extensions and participant.is_active else otherwise

    return policy


BARRIERS = [
    SimpleGrouper(
        "pair",
        initial_group_size=2,
        max_wait_time=3 * MINUTE,
        on_timeout=leave_if_extended("fail"),
        extensions=1,
        extension_time=2 * MINUTE,
    ),
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
    SimpleGrouper(
        "solo",
        initial_group_size=2,
        min_group_size=1,
        max_group_size=3,
        join_existing_groups=True,
        max_wait_time=2 * MINUTE,
        on_timeout=leave_if_extended("release"),
        extensions=1,
        extension_time=MINUTE,
    ),
    GroupBarrier("pair_choice", "pair", max_wait_time=2 * MINUTE, on_release=count),
    GroupBarrier(
        "pair_talk",
        "pair",
        max_wait_time=2 * MINUTE,
        on_member_timeout="go_on",
        on_below_minimum="regroup",
        regroup_at="few_pair_grouper",
    ),
    GroupBarrier(
        "pair_meeting", "pair", max_wait_time=2 * MINUTE, on_member_timeout="regroup", regroup_at="few_pair_grouper"
    ),
    GroupBarrier("team_choice", "team", max_wait_time=2 * MINUTE, on_timeout="leave"),
    GroupBarrier(
        "team_talk",
        "team",
        max_wait_time=3 * MINUTE,
        on_release=count,
        on_member_timeout="regroup",
        extensions=1,
        extension_time=MINUTE,
    ),
    GroupBarrier(
        "team_result",
        "team",
        max_wait_time=3 * MINUTE,
        on_timeout="release",
        on_member_timeout="go_on",
        on_below_minimum="leave",
    ),
    GroupBarrier("solo_choice", "solo", max_wait_time=3 * MINUTE, on_release=count, on_member_timeout="go_on"),
    GroupCloser("pair", max_wait_time=3 * MINUTE, on_member_timeout="leave"),
    GroupCloser("team", max_wait_time=2 * MINUTE, on_timeout="release", on_release=count),
    GroupCloser("solo", max_wait_time=2 * MINUTE, on_timeout="leave", on_member_timeout="fail"),
    Three(
        "three",
        waiting_logic=WaitPage(wait_time=100),
        max_wait_time=3 * MINUTE,
        fix_time_credit=True,
        extensions=2,
        extension_time=MINUTE,
        quiet_after=2 * MINUTE,
        gone_after=3 * MINUTE,
    ),
    Patient("patient", max_wait_time=5 * MINUTE, on_timeout="release", recheck_interval=MINUTE),
]

"""What a group lacks at a group barrier, for researchers. The rule itself is in `groups`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..decisions import Missing
from ..states import ShortagePolicy

#: What becomes of those who come with a group below its minimum, where that is declared.
FATES = {
    ShortagePolicy.REGROUP: gettext_lazy(
        "The group has {size} active members and needs {minimum}: who waits is sent back to the grouper."
    ),
    ShortagePolicy.LEAVE: gettext_lazy(
        "The group has {size} active members and needs {minimum}: who waits leaves with the credit earned."
    ),
}


def lack_of(barrier: Any, group: Any, waiting: Sequence[Any]) -> Missing:
    """Whom the group waits for: its members who are not here and, below its minimum, newcomers."""
    members = group.active_participants
    absent = [member for member in members if member not in waiting]
    if not barrier.is_below_minimum(group):
        return Missing(members=absent)
    sizes = {"size": len(members), "minimum": group.min_group_size}
    policy = barrier.policy_for_too_few(group)
    if policy in FATES:
        return Missing(sentences=[FATES[policy].format(**sizes)])
    if policy is None:
        told = _("The group has {size} active members and needs {minimum}: it waits for newcomers from the grouper.")
        return Missing(n=group.min_group_size - len(members), members=absent, sentences=[told.format(**sizes)])
    told = _("The group has {size} active members, needs {minimum} and takes no newcomers: its members are failed.")
    return Missing(sentences=[told.format(**sizes)])

"""Where the players wait for one another. Found by syncgroups when the site starts.

Somebody who closes the page waits nowhere, so no deadline of their own ever ends their part. At the barriers of the
game it is the absent whom the time limit strikes, instead of those who wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from project.shared.conf import MAX_WAIT, PATIENCE
from project.shared.waiting import wait_page
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.decisions import Decision
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup
from syncgroups.registry import register

from .conf import GROUP_SIZE

GROUP_TYPE = "rps"
GROUPER = "rps_grouper"
CHOICE_MADE = "choice_made"
CLOSER = "closer_rps"


class PatientCloser(GroupCloser):
    """Closes the group, with or without those who do not come.

    They have played all rounds, and may still read the last result: nobody is failed. Their game is closed with that
    of the others.
    """

    def decide(self, waiting: list[Any], joinable: Sequence[SyncGroup] = ()) -> Decision:
        if any(member.active_barriers[self.id].overdue for member in waiting):
            return Decision(release=list(waiting))
        return super().decide(waiting, joinable)


# A group of which one member is left still passes: nobody is failed because somebody else went.
register(
    SimpleGrouper(
        GROUP_TYPE,
        initial_group_size=GROUP_SIZE,
        min_group_size=1,
        max_wait_time=MAX_WAIT,
        waiting_logic=wait_page(_("We are looking for somebody to play with you. This page moves on automatically.")),
    )
)
register(
    GroupBarrier(
        CHOICE_MADE,
        GROUP_TYPE,
        max_wait_time=PATIENCE,
        on_member_timeout="go_on",
        on_release="project.demo.scoring.score",
        waiting_logic=wait_page(_("Your choice is made. This page moves on as soon as everybody has chosen.")),
    )
)
register(
    PatientCloser(
        GROUP_TYPE,
        max_wait_time=PATIENCE,
        waiting_logic=wait_page(_("The game is over. This page moves on as soon as everybody has seen the result.")),
    )
)

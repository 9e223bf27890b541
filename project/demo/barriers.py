"""Where the players wait for one another. Found by syncgroups when the site starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.decisions import Decision
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import SyncGroup
from syncgroups.registry import register
from syncgroups.waiting import WaitPage

from .conf import GROUP_SIZE, MAX_WAIT, PATIENCE

GROUP_TYPE = "rps"
GROUPER = "rps_grouper"
CHOICE_MADE = "choice_made"
CLOSER = "closer_rps"

KEPT_WAITING = "kept the others waiting for too long"


class Patient(GroupBarrier):
    """A group barrier where the time limit strikes whoever is not here, instead of those who wait for them.

    Somebody who closes the page waits nowhere, so no deadline ever ends their part. Those who are here go on
    without them once one has waited for `patience` seconds.
    """

    def __init__(self, *args: Any, patience: float = PATIENCE, **kwargs: Any) -> None:
        # Nobody comes or goes when patience ends: the rule has to be asked now and then. Often enough that it is asked
        # well before `max_wait_time`, even if it was asked just before patience ended.
        super().__init__(*args, recheck_interval=patience / 4, **kwargs)
        self.patience = patience
        self._require(patience < self.max_wait_time, "patience must be shorter than max_wait_time")

    def decide(self, waiting: list[Any], joinable: Sequence[SyncGroup] = ()) -> Decision:
        decision = super().decide(waiting, joinable)
        longest = max((member.active_barriers[self.id].time_waited for member in waiting), default=0.0)
        if decision.release or decision.fail or longest < self.patience:
            return decision
        return self.go_on_without_the_absent(waiting)

    def go_on_without_the_absent(self, waiting: list[Any]) -> Decision:
        """What patience ends with: once the absent are out of the group, the others pass."""
        return Decision(fail=self.absent(waiting), fail_reason=KEPT_WAITING)

    def absent(self, waiting: list[Any]) -> list[Any]:
        """Members of these participants' groups who are not here."""
        here = {member.pk for member in waiting}
        groups = self._groups_of(waiting)
        return [member for group in groups for member in group.active_participants if member.pk not in here]


class PatientCloser(Patient, GroupCloser):
    """Closes the group, with or without those who do not come.

    They have played all rounds, and may still read the last result: nobody is failed. Their game is closed with that
    of the others.
    """

    def go_on_without_the_absent(self, waiting: list[Any]) -> Decision:
        return Decision(release=list(waiting))


def page(content: Any) -> WaitPage:
    return WaitPage(content=content, template_name="demo/wait.html")


# A group of which one member is left still passes: nobody is failed because somebody else went.
register(
    SimpleGrouper(
        GROUP_TYPE,
        initial_group_size=GROUP_SIZE,
        min_group_size=1,
        max_wait_time=MAX_WAIT,
        waiting_logic=page(_("We are looking for somebody to play with you. This page moves on automatically.")),
    )
)
register(
    Patient(
        CHOICE_MADE,
        GROUP_TYPE,
        max_wait_time=MAX_WAIT,
        on_release="project.demo.scoring.score",
        waiting_logic=page(_("Your choice is made. This page moves on as soon as everybody has chosen.")),
    )
)
register(
    PatientCloser(
        GROUP_TYPE,
        max_wait_time=MAX_WAIT,
        waiting_logic=page(_("The game is over. This page moves on as soon as everybody has seen the result.")),
    )
)

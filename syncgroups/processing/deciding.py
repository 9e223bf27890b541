"""The third of the four verbs: ask the barrier's rule, and check its answer. No query."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from ..decisions import Decision, check
from ..models import AbstractParticipant, ParticipantLinkBarrier, SyncGroup
from .looking import Scene, no_queries

logger = logging.getLogger(__name__)


@dataclass
class Verdict:
    """What is to happen at one scene: the rule's decision, and whose time is up."""

    scene: Scene
    decision: Decision = field(default_factory=Decision)
    #: Visits past their deadline that the rule does not let through. Release beats time-out.
    overdue: Sequence[ParticipantLinkBarrier] = ()
    error: Exception | None = None

    @classmethod
    def held(cls, scene: Scene, error: Exception) -> Verdict:
        """Nobody is let through because of an error; whose time is up is told so all the same."""
        return cls(scene, overdue=scene.overdue(), error=error)

    @property
    def released(self) -> list[ParticipantLinkBarrier]:
        return [self.scene.here[participant.pk] for participant in self.decision.let_through]

    @property
    def concerned(self) -> list[Any]:
        """Primary keys of everybody who is about to be moved."""
        return [*(participant.pk for participant in self.decision.let_through), *self.ended]

    @property
    def ended(self) -> list[Any]:
        """Primary keys of those of them who are not let through by the rule."""
        failing = [participant.pk for participant in self.decision.fail]
        return [*failing, *self.scene.stray, *(link.participant_id for link in self.overdue)]


def decide(barrier: Any, scene: Scene, joinable: Sequence[SyncGroup] = ()) -> Verdict:
    """Ask the rule about this scene. What it raises is stored in the verdict: then nobody is let through."""
    verdict = Verdict(scene)
    waiting = scene.waiting
    try:
        with no_queries(barrier.id):
            verdict.decision = _answer(barrier, scene, waiting, joinable)
            check(verdict.decision, waiting, joinable, barrier_id=barrier.id)
    except Exception as error:
        # Nothing has reached the database, whatever a rule that tried to write has told the transaction.
        transaction.set_rollback(False)
        logger.exception("Barrier '%s' could not decide.", barrier.id)
        verdict.decision, verdict.error = Decision(), error
    moved = {participant.pk for participant in (*verdict.decision.let_through, *verdict.decision.fail)}
    verdict.overdue = [link for link in scene.overdue() if link.participant_id not in moved]
    return verdict


def _answer(barrier: Any, scene: Scene, waiting: list[AbstractParticipant], joinable: Sequence[SyncGroup]) -> Decision:
    if scene.group is not None and not scene.group.active:
        # Nobody is left to wait for: whoever was held with a group that has been closed goes on.
        return Decision(release=waiting)
    if not waiting:
        return Decision()
    decision: Decision = barrier.decide(waiting, joinable)
    return decision

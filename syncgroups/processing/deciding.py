"""The third of the four verbs: ask the barrier's rule, and check its answer. No query."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
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

    @cached_property
    def released(self) -> list[ParticipantLinkBarrier]:
        return [self.scene.here[participant.pk] for participant in self.decision.let_through]

    @property
    def concerned(self) -> list[Any]:
        """Primary keys of everybody who is about to be moved."""
        return [*(participant.pk for participant in self.decision.let_through), *self.ended]

    @cached_property
    def ended(self) -> list[Any]:
        """Primary keys of those of them who are not let through by the rule."""
        failing = [participant.pk for participant in self.decision.fail]
        return [*failing, *self.scene.stray, *(link.participant_id for link in self.overdue)]


def decide(barrier: Any, scenes: Sequence[Scene], joinable: Sequence[SyncGroup] = ()) -> list[Verdict]:
    """Ask the rule about each of these scenes. What it raises is stored in the verdict: then nobody is let through."""
    with no_queries(barrier.id):
        verdicts = [_decide(barrier, scene, joinable) for scene in scenes]
    for verdict in verdicts:
        if verdict.error is not None:
            # Nothing has reached the database, whatever a rule that tried to write has told the transaction.
            transaction.set_rollback(False)
            logger.error("Barrier '%s' could not decide.", barrier.id, exc_info=verdict.error)
    return verdicts


def _decide(barrier: Any, scene: Scene, joinable: Sequence[SyncGroup]) -> Verdict:
    waiting = scene.waiting
    try:
        decision = _answer(barrier, scene, waiting, joinable)
        check(decision, waiting, joinable, barrier_id=barrier.id)
    except Exception as error:
        return Verdict.held(scene, error)
    late = scene.overdue()
    if late:
        moved = {participant.pk for participant in (*decision.let_through, *decision.fail)}
        late = [link for link in late if link.participant_id not in moved]
    return Verdict(scene, decision, late)


def _answer(barrier: Any, scene: Scene, waiting: list[AbstractParticipant], joinable: Sequence[SyncGroup]) -> Decision:
    if scene.group is not None and not scene.group.active:
        # Nobody is left to wait for: whoever was held with a group that has been closed goes on.
        return Decision(release=waiting)
    if not waiting:
        return Decision()
    decision: Decision = barrier.decide(waiting, joinable)
    return decision

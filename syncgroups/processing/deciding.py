"""The third of the four verbs: ask the barrier's rule, and check its answer. No query."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db import transaction

from ..decisions import Decision, GroupProposal, check
from ..exceptions import BadProposal
from ..models import AbstractParticipant, ParticipantLinkBarrier, SyncGroup
from ..states import TimeoutPolicy
from .looking import Scene, no_queries

logger = logging.getLogger(__name__)


@dataclass
class Verdict:
    """What is to happen at one scene: the rule's decision, and whose time is up."""

    scene: Scene
    decision: Decision = field(default_factory=Decision)
    #: Visits past their deadline that the rule does not let through. Release beats time-out.
    overdue: Sequence[ParticipantLinkBarrier] = ()
    #: What went wrong; to be stored. Where it concerned the rule, nobody is let through.
    error: Exception | None = None
    #: What is to happen to each of the overdue, by primary key of the visit.
    policies: dict[int, str] = field(default_factory=dict)

    @classmethod
    def held(cls, scene: Scene, error: Exception) -> Verdict:
        """Nobody is let through because of an error; whose time is up is told so all the same."""
        return cls(scene, overdue=scene.overdue(), error=error)

    @cached_property
    def released(self) -> list[ParticipantLinkBarrier]:
        return [self.scene.held[participant.pk] for participant in self.decision.let_through]

    @cached_property
    def regrouped(self) -> list[ParticipantLinkBarrier]:
        return [self.scene.here[participant.pk] for participant in self.decision.regroup]

    def policy(self, link: ParticipantLinkBarrier) -> str:
        """What is to happen to somebody overdue. Nobody is at fault where code of the site could not say that."""
        return self.policies.get(link.pk, TimeoutPolicy.LEAVE)

    @property
    def leaves_some_behind(self) -> bool:
        """Whether the rule was shown somebody who does not go on. Who goes on alone while away makes up for nobody."""
        return not self.scene.here.keys() <= {participant.pk for participant in self.decision.let_through}

    @property
    def concerned(self) -> list[Any]:
        """Primary keys of everybody who is about to be moved."""
        return [*(participant.pk for participant in self.decision.let_through), *self.ended]

    @cached_property
    def ended(self) -> list[Any]:
        """Primary keys of those of them who are not let through by the rule."""
        decision = self.decision
        named = [participant.pk for participant in (*decision.fail, *decision.leave, *decision.regroup)]
        return [*named, *self.scene.stray, *(link.participant_id for link in self.overdue)]


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
        if decision.regroup and scene.group is None:
            raise BadProposal(f"Barrier '{barrier.id}': who is in no group cannot be sent back. Nobody was moved.")
    except Exception as error:
        return Verdict.held(scene, error)
    return _with_time_outs(barrier, scene, decision)


def _with_time_outs(barrier: Any, scene: Scene, decision: Decision) -> Verdict:
    """Say what happens to those whose time is up, and whom the rule has not moved. At a grouper, to go on alone
    is to go on in a group of one. An error in that is about one of them, and holds back nobody else."""
    late = scene.overdue()
    if not late:
        return Verdict(scene, decision)
    moved = {participant.pk for participant in decision.moved}
    verdict = Verdict(scene, decision)
    alone: list[GroupProposal] = []
    verdict.overdue = overdue = []
    for link in (link for link in late if link.participant_id not in moved):
        try:
            policy = TimeoutPolicy.RELEASE if _others_have_passed(scene) else _policy(barrier, link)
            if policy == TimeoutPolicy.RELEASE and barrier.forms_groups:
                alone.append(_group_of_one(barrier, link))
                continue
            verdict.policies[link.pk] = policy
        except Exception as error:
            verdict.error = error
        overdue.append(link)
    verdict.decision = replace(decision, groups=[*decision.groups, *alone])
    return verdict


def _others_have_passed(scene: Scene) -> bool:
    """Whether nobody of the group will come: all who are not here have been let through on this visit, e.g. by hand."""
    members = scene.group.active_participants if scene.group is not None else []
    absent = [member for member in members if member.pk not in scene.here]
    return bool(absent) and all(member.__dict__.get("has_passed") for member in absent)


def _group_of_one(barrier: Any, link: ParticipantLinkBarrier) -> GroupProposal:
    proposal: GroupProposal = barrier.group_of_one(link.participant)
    check(Decision(groups=[proposal]), [link.participant], barrier_id=barrier.id)
    return proposal


def _policy(barrier: Any, link: ParticipantLinkBarrier) -> str:
    policy = barrier.on_timeout
    if callable(policy):
        policy = policy(link.participant, link)
    if policy not in TimeoutPolicy.values:
        known = ", ".join(TimeoutPolicy.values)
        raise BadProposal(f"Barrier '{barrier.id}': on_timeout() must return one of {known}, not {policy!r}.")
    return str(policy)


def _answer(barrier: Any, scene: Scene, waiting: list[AbstractParticipant], joinable: Sequence[SyncGroup]) -> Decision:
    if scene.group is not None and not scene.group.active:
        # Nobody is left to wait for: whoever was held with a group that has been closed goes on.
        return Decision(release=waiting)
    if not waiting:
        return Decision()
    decision: Decision = barrier.decide(waiting, joinable)
    return decision

"""What a barrier's rule may answer: values, checked by the engine before anything is stored."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .exceptions import BadProposal


@dataclass(frozen=True)
class GroupProposal:
    """A group that a grouper would like to see formed.

    Parameters
    ----------
    members
        The participants, in the order in which they join.
    leader
        One of the members; None leaves the choice to the grouper's ``select_leader``.
    initial_group_size, min_group_size, max_group_size
        Sizes to store with the group. By default the initial size is the number of members, there is no
        minimum, and nobody may join later. ``max_group_size=None`` means that there is no upper bound; use it
        together with ``join_existing_groups``.
    join_existing_groups
        Whether later arrivals may join while there is room.
    details
        Anything else to store with the group (JSON).
    type
        Name of the kind of group, stored with it; the engine stores "SimpleSyncGroup" for a SimpleGrouper.
    """

    members: Sequence[Any]
    leader: Any = None
    initial_group_size: int | None = None
    min_group_size: int = 1
    max_group_size: int | str | None = "initial_group_size"
    join_existing_groups: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    type: str = "SyncGroup"

    def sizes(self) -> tuple[int, int, int | None]:
        """Minimum, initial and maximum size, with the defaults filled in."""
        initial = len(self.members) if self.initial_group_size is None else self.initial_group_size
        maximum = initial if self.max_group_size == "initial_group_size" else self.max_group_size
        return self.min_group_size, initial, maximum  # type: ignore[return-value]


@dataclass(frozen=True)
class Decision:
    """Everything that one look at a barrier led to. Whoever is not named keeps waiting."""

    #: Participants to let through.
    release: Sequence[Any] = ()
    #: Participants to fail, whether they wait here or not, and why.
    fail: Sequence[Any] = ()
    fail_reason: str = ""
    #: Participants whose participation ends without fault, whether they wait here or not.
    leave: Sequence[Any] = ()
    #: Participants to send back to the grouper, with the place that they had there.
    regroup: Sequence[Any] = ()
    #: Why they leave or are sent back.
    reason: str = ""
    #: Groups to form; their members are let through.
    groups: Sequence[GroupProposal] = ()
    #: ``(participant, group)`` pairs: existing groups that gain a member, who is let through.
    joins: Sequence[tuple[Any, Any]] = ()

    @cached_property
    def let_through(self) -> list[Any]:
        """Everybody who goes on: released, joined or grouped, in that order."""
        grouped = [member for proposal in self.groups for member in proposal.members]
        return [*self.release, *(participant for participant, _ in self.joins), *grouped]

    @cached_property
    def moved(self) -> list[Any]:
        """Everybody for whom something was decided."""
        return [*self.let_through, *self.regroup, *self.leave, *self.fail]


@dataclass(frozen=True)
class Missing:
    """What a rule still waits for. Empty where it waits for nothing that it could name."""

    #: How many more have to come, or to come back.
    n: int = 0
    #: Members of the group who have to come.
    members: Sequence[Any] = ()
    #: Whatever else is to be said, in sentences.
    sentences: Sequence[str] = ()


def check(decision: Decision, waiting: Collection[Any], joinable: Collection[Any] = (), *, barrier_id: str) -> None:
    """Raise `BadProposal`, naming the barrier and the fault, unless the decision can be carried out as it is.

    `waiting` and `joinable` are the participants and the groups among whom the rule had to choose.
    """
    for fault in _faults(decision, waiting, joinable):
        raise BadProposal(f"Barrier '{barrier_id}': {fault} Nobody was moved.")


def _faults(decision: Decision, waiting: Collection[Any], joinable: Collection[Any]) -> Iterator[str]:
    here = {participant.pk for participant in waiting}
    named = Counter(participant.pk for participant in (*decision.let_through, *decision.regroup))
    for pk, times in named.items():
        if pk not in here:
            yield f"participant {pk} was chosen but is not waiting here."
        if times > 1:
            yield f"participant {pk} was chosen {times} times."
    cohorts = {participant.cohort for participant in waiting}
    for end, participants in (("fail", decision.fail), ("leave", decision.leave)):
        for participant in participants:
            if participant.pk in named:
                yield f"participant {participant.pk} was chosen both to go on and to {end}."
            if participant.cohort not in cohorts:
                yield f"participant {participant.pk} was chosen to {end}, and is of another cohort."
    if {participant.pk for participant in decision.fail} & {participant.pk for participant in decision.leave}:
        yield "somebody was chosen both to fail and to leave."
    offered = {group.pk for group in joinable}
    for _, group in decision.joins:
        if group.pk not in offered:
            yield f"group {group.pk} was chosen to be joined, and is not one of those with a free place."
    for proposal in decision.groups:
        yield from _faults_of_proposal(proposal)


def _faults_of_proposal(proposal: GroupProposal) -> Iterator[str]:
    minimum, initial, maximum = proposal.sizes()
    size = len(proposal.members)
    if not size:
        yield "a proposed group has no members."
    if not 1 <= minimum <= initial or (maximum is not None and maximum < initial):
        yield f"group sizes must satisfy 1 <= min <= initial <= max, not {minimum}, {initial}, {maximum}."
    if size < minimum or (maximum is not None and size > maximum):
        yield f"a proposed group has {size} members, outside of its bounds {minimum} to {maximum}."
    if proposal.leader is not None and proposal.leader not in proposal.members:
        yield f"the leader of a proposed group, participant {proposal.leader.pk}, is not one of its members."
    if len({member.cohort for member in proposal.members}) > 1:
        yield "a proposed group mixes cohorts."

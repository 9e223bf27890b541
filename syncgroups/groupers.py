"""Declarations of barriers whose rule forms groups."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from .barriers import Barrier
from .barriers.parameters import LARGEST, is_name, is_size
from .decisions import Decision, GroupProposal, Missing
from .exceptions import BadProposal
from .models import AbstractParticipant, SyncGroup
from .states import TimeoutPolicy

INITIAL = "initial_group_size"


class Grouper(Barrier):
    """Assigns those who wait to groups. Subclass it, and say in `ready_to_group` when and in `group` how.

    Parameters
    ----------
    group_type
        Name for the groups that are formed, by which group barriers refer to them.
    id_
        By default the group type followed by ``_grouper``.

    The other parameters are those of `Barrier`.
    """

    forms_groups = True

    def __init__(self, group_type: str, id_: str | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(id_ or f"{group_type}_grouper", *args, **kwargs)
        self.group_type = group_type
        self._require(is_name(group_type), "group_type must be a text of 1 to 100 characters")
        self._require(
            self.on_timeout != TimeoutPolicy.RELEASE or self.allows_one,
            "on_timeout='release' would send people on without a group, because a group of one is too small",
        )

    @property
    def allows_one(self) -> bool:
        """Whether somebody whose time is up may go on as a group of one."""
        return False

    def group_of_one(self, participant: Any) -> GroupProposal:
        """The group with which somebody goes on alone. Raises `BadProposal` where it would be too small."""
        if not self.allows_one:
            raise BadProposal(f"Barrier '{self.id}': on_timeout() sends {participant} on alone, and that is too few.")
        return GroupProposal(members=[participant], leader=participant)

    def group_by_hand(self, participants: list[Any]) -> GroupProposal:
        """The group of these participants, whom a researcher has chosen, whatever the rule says. Pure."""
        return self._led(GroupProposal(members=participants))

    def ready_to_group(self, participants: list[Any]) -> bool:
        """Whether (some of) these participants, in order of arrival, can be grouped now. Pure."""
        # As at `Barrier.choose_who_to_release`: it is for the site's subclass to say.
        raise NotImplementedError(f"{type(self).__name__} has to say in ready_to_group() when groups can be formed.")

    def group(self, participants: list[Any]) -> list[GroupProposal]:
        """Propose groups. Whoever is in none of them keeps waiting, and keeps their place. Pure."""
        # As at `Barrier.choose_who_to_release`: it is for the site's subclass to say.
        raise NotImplementedError(f"{type(self).__name__} has to propose groups in group().")

    def select_leader(self, participants: Sequence[Any]) -> Any:
        """Choose who leads a group of these members; by default anybody, at random."""
        return random.choice(participants)  # noqa: S311 - no secret depends on it

    def choose_groups_to_join(
        self, participants: list[Any], groups: Sequence[SyncGroup]
    ) -> list[tuple[Any, SyncGroup]]:
        """Choose who joins which of the groups with a free place (smallest then oldest). Pure.

        In order of arrival each takes the group that is smallest by now, of those that satisfy
        ``join_criterion``.
        """
        sizes = {group.pk: len(group.active_participants) for group in groups}
        joins = []
        for participant in participants:
            fitting = [group for group in groups if self._may_join(group, sizes[group.pk], participant)]
            if fitting:
                smallest = min(fitting, key=lambda group: (sizes[group.pk], group.pk))
                sizes[smallest.pk] += 1
                joins.append((participant, smallest))
        return joins

    @property
    def looks_at_every_group(self) -> bool:
        kind = type(self)
        own_rule = kind.choose_groups_to_join is not Grouper.choose_groups_to_join or kind.decide is not Grouper.decide
        return self.join_criterion is not None or own_rule

    def _may_join(self, group: SyncGroup, size: int, participant: Any) -> bool:
        has_room = group.max_group_size is None or size < group.max_group_size
        return has_room and (self.join_criterion is None or self.join_criterion(group, participant))

    def choose_who_to_release(self, waiting_participants: list[Any]) -> Sequence[Any]:
        return self.decide(waiting_participants).let_through

    def decide(self, waiting: list[Any], joinable: Sequence[SyncGroup] = ()) -> Decision:
        # Somebody may have been grouped elsewhere while waiting here; two groups of a type are one too many.
        grouped = [participant for participant in waiting if self.group_type in participant.active_sync_groups]
        candidates = [participant for participant in waiting if participant not in grouped]
        joins = self.choose_groups_to_join(candidates, joinable) if joinable else []
        joined = {participant.pk for participant, _ in joins}
        rest = [participant for participant in candidates if participant.pk not in joined]
        groups = self._proposals(rest) if rest and self.ready_to_group(rest) else []
        return Decision(release=grouped, joins=joins, groups=groups)

    def _proposals(self, participants: list[Any]) -> list[GroupProposal]:
        proposals = self.group(participants)
        if not isinstance(proposals, list) or not all(isinstance(item, GroupProposal) for item in proposals):
            raise BadProposal(
                f"Barrier '{self.id}': group() must return a list of GroupProposal, not {proposals!r}."
                " Nobody was moved."
            )
        return [self._led(proposal) for proposal in proposals]

    def _led(self, proposal: GroupProposal) -> GroupProposal:
        if proposal.leader is not None or not proposal.members:
            return proposal
        return dataclasses.replace(proposal, leader=self.select_leader(proposal.members))


class SimpleGrouper(Grouper):
    """Waits until `batch_size` participants are here, then parts them at random into groups of `initial_group_size`.

    Those who are left over because their number is no multiple of the size keep waiting.

    Parameters
    ----------
    group_type
        As for `Grouper`.
    initial_group_size
        Size of the groups that are formed.
    max_group_size
        With `join_existing_groups`: up to which size groups take newcomers; None for any size.
    min_group_size
        A group with fewer active members passes no group barrier.
    batch_size
        How many have to wait before groups are formed. A threshold: when more wait, all of them are grouped.
    join_existing_groups
        Whether free places in existing groups are filled before groups are formed. Offered in order of arrival
        to everybody who waits, each time that somebody arrives and each time that a place becomes free.
    join_criterion
        ``(group, participant) -> bool``: who may join which group. Pure. By default anybody may join any.
    kwargs
        The parameters of `Grouper`.

    Raises
    ------
    ImpossibleDeclaration
        If the sizes can never work.
    """

    def __init__(
        self,
        group_type: str,
        *,
        initial_group_size: int | None = None,
        max_group_size: int | str | None = INITIAL,
        min_group_size: int | str = INITIAL,
        batch_size: int | str = INITIAL,
        join_existing_groups: bool = False,
        join_criterion: Callable[[SyncGroup, AbstractParticipant], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        renamed = kwargs.pop("group_size", None)
        self.initial_group_size: int = initial_group_size  # type: ignore[assignment]
        self.min_group_size: int = initial_group_size if min_group_size == INITIAL else min_group_size  # type: ignore[assignment]
        super().__init__(group_type, **kwargs)
        self._require(renamed is None, "the parameter group_size is called initial_group_size")
        self._require(initial_group_size is not None, "initial_group_size must be given")
        self._require(
            max_group_size == INITIAL or join_existing_groups,
            "a max_group_size of its own makes sense with join_existing_groups=True only",
        )
        self._require(
            join_criterion is None or join_existing_groups, "a join_criterion needs join_existing_groups=True"
        )
        self._require(
            join_criterion is None or callable(join_criterion), "join_criterion must be a function (group, participant)"
        )

        def size(value: Any) -> Any:
            return initial_group_size if value == INITIAL else value

        self.max_group_size: int | None = size(max_group_size)
        self.batch_size: int = size(batch_size)
        self.join_existing_groups = join_existing_groups
        self.join_criterion = join_criterion
        self._check_sizes()

    def _check_sizes(self) -> None:
        sizes = [self.min_group_size, self.initial_group_size, self.batch_size]
        maximum = self.max_group_size
        self._require(
            all(is_size(size) for size in sizes) and (maximum is None or is_size(maximum)),
            f"sizes must be whole numbers from 1 to {LARGEST}",
        )
        self._require(self.min_group_size <= self.initial_group_size, "min_group_size exceeds initial_group_size")
        self._require(
            maximum is None or maximum >= self.initial_group_size, "max_group_size is below initial_group_size"
        )
        self._require(
            self.batch_size >= self.initial_group_size,
            "batch_size is below initial_group_size, so that no group could ever be formed",
        )

    @property
    def allows_one(self) -> bool:
        return self.min_group_size == 1

    def group_of_one(self, participant: Any) -> GroupProposal:
        return dataclasses.replace(super().group_of_one(participant), **self._sizes())

    def group_by_hand(self, participants: list[Any]) -> GroupProposal:
        """As many as were chosen: where that is not what is declared, the sizes give way."""
        size, highest = len(participants), self.max_group_size
        sizes: dict[str, Any] = {
            "initial_group_size": size,
            "min_group_size": min(self.min_group_size, size),
            "max_group_size": None if highest is None else max(highest, size),
        }
        return self._led(dataclasses.replace(self._proposal(participants), **sizes))

    @property
    def minimum_waiting(self) -> int:
        # A rule of the site's own may be content with fewer.
        kind = type(self)
        own_rule = kind.ready_to_group is not SimpleGrouper.ready_to_group or kind.decide is not Grouper.decide
        return 1 if self.join_existing_groups or own_rule else self.batch_size

    @property
    def n_needed(self) -> int | None:
        return self.batch_size

    def missing(self, waiting: Sequence[Any], group: SyncGroup | None = None) -> Missing:
        missing = super().missing(waiting)
        if self.batch_size == self.initial_group_size or not missing.n:
            return missing
        told = _("Groups of {size} are formed once {batch} who are present wait: batch_size is not reached.")
        sentence = told.format(size=self.initial_group_size, batch=self.batch_size)
        return dataclasses.replace(missing, sentences=[sentence])

    def ready_to_group(self, participants: list[Any]) -> bool:
        return len(participants) >= self.batch_size

    def group(self, participants: list[Any]) -> list[GroupProposal]:
        n_to_group = len(participants) // self.initial_group_size * self.initial_group_size
        parts = self.randomly_partition_list(participants[:n_to_group], group_size=self.initial_group_size)
        return [self._proposal(members) for members in parts]

    def _proposal(self, members: list[Any]) -> GroupProposal:
        return GroupProposal(members=members, **self._sizes())

    def _sizes(self) -> dict[str, Any]:
        """What is stored with every group, whoever is in it."""
        return {
            "initial_group_size": self.initial_group_size,
            "min_group_size": self.min_group_size,
            "max_group_size": self.max_group_size,
            "join_existing_groups": self.join_existing_groups,
            "type": "SimpleSyncGroup",
        }

    @staticmethod
    def randomly_partition_list(lst: list[Any], group_size: int) -> list[list[Any]]:
        """Part a list at random into lists of that size. Raises `ValueError` unless it comes out even."""
        if len(lst) % group_size:
            raise ValueError(f"A list of {len(lst)} cannot be parted evenly into groups of {group_size}.")
        shuffled = random.sample(lst, len(lst))
        return [shuffled[start : start + group_size] for start in range(0, len(lst), group_size)]

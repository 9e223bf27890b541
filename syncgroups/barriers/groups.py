"""Barriers that groups pass together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.utils.module_loading import import_string

from .. import registry
from ..decisions import Decision
from ..models import AbstractParticipant, SyncGroup
from ..states import AbsencePolicy, Presence, ShortagePolicy
from ..waiting import WaitingLogic
from .base import Barrier
from .on_release import ON_RELEASE_ARGUMENTS, unknown_arguments, wanted
from .parameters import is_name

#: Reason for failing that members of a group below its minimum are given.
BELOW_MINIMUM = "sync group below minimum size"
#: Reason for failing of those who did not come to a barrier where their group waited.
KEPT_WAITING = "kept the group waiting for too long"
#: Reason that the others are given.
INCOMPLETE = "members of the group did not come in time"


class GroupBarrier(Barrier):
    """A group goes on when all of its active members are here, and are no fewer than its minimum size.

    A group below its minimum waits for newcomers if it takes them (``join_existing_groups``). If it does not, nobody
    can come to its rescue: its members are failed and let go, unless `on_below_minimum` says something else.

    Parameters
    ----------
    group_type
        Which of a participant's groups counts; see `Grouper`.
    on_release
        A function, or its dotted path, that is called once for each group that goes on, in the transaction that
        releases it, with those of ``group``, ``participants``, ``leader`` and ``barrier`` that it names. If it
        raises, nothing of that happened, the group stays, and it is tried again after a while.
    on_member_timeout
        What the present get once one of them has waited for `max_wait_time` while members are absent: not here, or
        gone (see the README about presence); or while newcomers are, whom the group needs for its minimum size.
        ``"go_on"`` as a smaller group, where that has its minimum size;
        ``"regroup"`` waits at the grouper again, ahead of newcomers; ``"leave"`` with the credit earned;
        ``"fail"``. The absent are failed, unless they are held at another barrier. None, as in PsyNet: nothing is
        done about the absent, and `on_timeout` strikes whoever has waited for too long.
    on_below_minimum
        What those get who come here with a group below its minimum, newcomers or not: ``"regroup"`` or
        ``"leave"``, as above. None: as is said above.
    regroup_at
        Id of the grouper for ``"regroup"``; needed where several form groups of this type.

    The other parameters are those of `Barrier`.
    """

    per_group = True

    @property
    def may_regroup(self) -> bool:
        return "regroup" in (self.on_member_timeout, self.on_below_minimum)

    def __init__(
        self,
        id_: str,
        group_type: str,
        waiting_logic: WaitingLogic = None,
        waiting_logic_expected_repetitions: int = 3,
        max_wait_time: float = 20,
        on_release: Callable[..., Any] | str | None = None,
        fix_time_credit: bool = False,
        *,
        on_member_timeout: str | None = None,
        on_below_minimum: str | None = None,
        regroup_at: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            id_, waiting_logic, waiting_logic_expected_repetitions, max_wait_time, fix_time_credit, **kwargs
        )
        self.group_type = group_type
        self.on_release = on_release
        self.on_member_timeout = on_member_timeout
        self.on_below_minimum = on_below_minimum
        self.regroup_at = regroup_at
        for name, policies in (("on_member_timeout", AbsencePolicy), ("on_below_minimum", ShortagePolicy)):
            self._require(
                getattr(self, name) in (None, *policies.values), f"{name} must be one of {', '.join(policies.values)}"
            )
        self._require(is_name(group_type), "group_type must be a text of 1 to 100 characters")
        is_path = isinstance(on_release, str) and on_release != ""
        self._require(
            on_release is None or callable(on_release) or is_path, "on_release must be a function or its dotted path"
        )
        if callable(on_release):
            for sentence in unknown_arguments(on_release):
                self._require(False, sentence)

    def choose_who_to_release(self, waiting_participants: list[Any]) -> Sequence[Any]:
        here = {participant.pk for participant in waiting_participants}
        return [
            member
            for group in self._groups_of(waiting_participants)
            if not self.is_below_minimum(group) and all(member.pk in here for member in group.active_participants)
            for member in group.active_participants
        ]

    def choose_who_to_fail(self, waiting_participants: list[Any]) -> Sequence[Any]:
        """Name those, here or elsewhere, whose group can neither go on nor be rescued. Pure."""
        if self.on_below_minimum is not None:
            return []
        return [
            member
            for group in self._groups_of(waiting_participants)
            if self.is_below_minimum(group) and not group.join_existing_groups
            for member in group.active_participants
        ]

    def is_below_minimum(self, group: SyncGroup) -> bool:
        """Whether the group is too small to pass."""
        return len(group.active_participants) < group.min_group_size

    def decide(self, waiting: list[Any], joinable: Sequence[SyncGroup] = ()) -> Decision:
        decision = Decision(
            release=list(self.choose_who_to_release(waiting)),
            fail=list(self.choose_who_to_fail(waiting)),
            fail_reason=BELOW_MINIMUM,
            reason=BELOW_MINIMUM,
            **self._as_too_few(
                [member for group in self._groups_of(waiting) for member in self._too_few(group, waiting)]
            ),
        )
        return decision if decision.moved else self._without_the_absent(waiting)

    def _too_few(self, group: SyncGroup, waiting: list[Any]) -> list[Any]:
        """Those who wait with a group below its minimum, where that is not left to the usual rule."""
        if self.on_below_minimum is None or not self.is_below_minimum(group):
            return []
        return [member for member in group.active_participants if member in waiting]

    def _as_too_few(self, members: list[Any]) -> dict[str, list[Any]]:
        """What becomes of them; nobody is at fault."""
        return {"regroup" if self.on_below_minimum == ShortagePolicy.REGROUP else "leave": members}

    def _without_the_absent(self, waiting: list[Any]) -> Decision:
        """Once the time of somebody here is up: the absent are failed, and the present get what is declared.

        The engine asks about one group at a time.
        """
        groups = self._groups_of(waiting) if self.on_member_timeout else []
        if not groups or not any(member.active_barriers[self.id].overdue for member in waiting):
            return Decision()
        members = groups[0].active_participants
        present = [member for member in members if member in waiting and member.presence != Presence.GONE]
        absent = [member for member in members if member not in present]
        if not present or not (absent or self.is_below_minimum(groups[0])):
            return Decision()
        held = [member for member in absent if member.active_barriers.keys() - {self.id}]
        at_fault = [member for member in absent if member not in held]
        return self._share_out(groups[0], present, at_fault, held)

    def _share_out(self, group: SyncGroup, present: list[Any], at_fault: list[Any], held: list[Any]) -> Decision:
        """Who gets what. Nobody is at fault who is held at another barrier: they leave with their credit."""
        policy = self.on_member_timeout
        if policy == AbsencePolicy.FAIL:
            return Decision(fail=[*at_fault, *present], fail_reason=INCOMPLETE, leave=held, reason=INCOMPLETE)
        blame = Decision(fail=at_fault, fail_reason=KEPT_WAITING, leave=held, reason=INCOMPLETE)
        enough = self.closes_group or len(present) >= group.min_group_size
        if policy == AbsencePolicy.GO_ON and enough:
            return replace(blame, release=present)
        fate: dict[str, Any] = self._as_too_few(present) if policy == AbsencePolicy.GO_ON else {str(policy): present}
        return replace(blame, **{**fate, "leave": [*held, *fate.get("leave", [])]})

    def _groups_of(self, participants: list[Any]) -> list[SyncGroup]:
        groups = (participant.active_sync_groups.get(self.group_type) for participant in participants)
        return list({group.pk: group for group in groups if group is not None}.values())

    def call_on_release(self, group: SyncGroup, participants: list[AbstractParticipant]) -> None:
        """Call ``on_release`` with what it names. For the engine."""
        function: Any = import_string(self.on_release) if isinstance(self.on_release, str) else self.on_release
        leader = next((member for member in participants if member.pk == group.leader_id), None)
        offer = {"group": group, "participants": participants, "leader": leader, "barrier": self}
        function(**{name: offer[name] for name in wanted(function)})

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        if self.may_regroup:
            yield from self._problems_of_regrouping()
        if isinstance(self.on_release, str):
            try:
                faults = list(unknown_arguments(import_string(self.on_release)))
            except ImportError as error:
                yield f"on_release '{self.on_release}' cannot be imported: {error}", "Correct the dotted path."
                return
            for sentence in faults:
                yield sentence, f"Use some of {', '.join(ON_RELEASE_ARGUMENTS)}, or give the others a default."

    def _problems_of_regrouping(self) -> Iterator[tuple[str, str]]:
        groupers = [grouper.id for grouper in registry.groupers_of(str(self.group_type))]
        if self.regroup_at is not None and self.regroup_at not in groupers:
            yield (
                f"regroup_at '{self.regroup_at}' is no grouper of groups of type '{self.group_type}'",
                f"Known: {', '.join(groupers) or 'none'}.",
            )
        if self.regroup_at is None and len(groupers) > 1:
            yield (
                f"several groupers form groups of type '{self.group_type}' to which members can be sent back",
                f"Choose one of {', '.join(groupers)} by regroup_at.",
            )


class GroupCloser(GroupBarrier):
    """A group barrier that closes the group as it goes, so that its members can be grouped anew.

    A group that arrives here has done its part: it goes whatever its size.
    """

    closes_group = True

    def __init__(self, group_type: str, id_: str | None = None, **kwargs: Any) -> None:
        super().__init__(id_ or f"closer_{group_type}", group_type, **kwargs)

    def is_below_minimum(self, group: SyncGroup) -> bool:
        return False

"""Barriers that groups pass together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.module_loading import import_string

from .. import registry
from ..decisions import Decision, Missing
from ..models import AbstractParticipant, SyncGroup
from ..states import AbsencePolicy, Presence, ShortagePolicy
from ..waiting import WaitingLogic
from .base import Barrier
from .lacking import lack_of
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
    can come to its rescue: its members are failed and let go, unless `on_below_minimum` or `on_member_timeout` says
    something else.

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
        gone (``docs/barriers.md`` tells of presence); or while newcomers are, whom the group needs for its minimum
        size.
        ``"go_on"`` as a smaller group, where that has its minimum size, and else as `on_below_minimum` says, or
        ``"leave"`` where that is not given;
        ``"regroup"`` waits at the grouper again, ahead of newcomers; ``"leave"`` with the credit earned;
        ``"fail"``. The absent are failed, unless they are held at another barrier (then they leave with their credit,
        but not in a pause of it), or have joined the group, or been let through here or elsewhere, only after the
        wait began, or here on the visit of the same name. None, as in
        PsyNet: nothing is done about the absent, and `on_timeout` strikes whoever has waited for too long.
    on_below_minimum
        What those get who come here with a group below its minimum, newcomers or not: ``"regroup"`` or
        ``"leave"``, as above. None: newcomers are waited for; where none can come they get what `on_member_timeout`
        gives the present where too few are left, so that nobody fails because the others have been sent back or have
        left; and without that they fail, as in PsyNet.
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
        return [
            member
            for group in self._groups_of(waiting_participants)
            if self.is_below_minimum(group) and self.policy_for_too_few(group) == AbsencePolicy.FAIL
            for member in group.active_participants
        ]

    def is_below_minimum(self, group: SyncGroup) -> bool:
        """Whether the group is too small to pass."""
        return len(group.active_participants) < group.min_group_size

    def policy_for_too_few(self, group: SyncGroup) -> str | None:
        """What those get whose group is below its minimum; None where they wait for newcomers."""
        if self.on_below_minimum is None and group.join_existing_groups:
            return None
        return self._shortage_policy

    @property
    def _shortage_policy(self) -> str:
        """What is declared for those who are too few and for whom nobody comes: in so many words, or as for those who
        wait for the absent. They are no more at fault."""
        declared = self.on_below_minimum or self.on_member_timeout or AbsencePolicy.FAIL
        return AbsencePolicy.LEAVE if declared == AbsencePolicy.GO_ON else declared

    def missing(self, waiting: Sequence[Any], group: SyncGroup | None = None) -> Missing:
        return Missing() if group is None else lack_of(self, group, waiting)

    def decide(self, waiting: list[Any], joinable: Sequence[SyncGroup] = ()) -> Decision:
        decision = Decision(
            release=list(self.choose_who_to_release(waiting)),
            fail=list(self.choose_who_to_fail(waiting)),
            fail_reason=BELOW_MINIMUM,
            reason=BELOW_MINIMUM,
            **{self._fate: [m for group in self._groups_of(waiting) for m in self._too_few(group, waiting)]},
        )
        return decision if decision.moved else self._without_the_absent(waiting)

    def _too_few(self, group: SyncGroup, waiting: list[Any]) -> list[Any]:
        """Those who wait with a group below its minimum, and neither for newcomers nor fail."""
        if not self.is_below_minimum(group) or self.policy_for_too_few(group) in (None, AbsencePolicy.FAIL):
            return []
        return [member for member in group.active_participants if member in waiting]

    @property
    def _fate(self) -> str:
        """What becomes of those, as a decision has it; nobody is at fault."""
        return "regroup" if self._shortage_policy == ShortagePolicy.REGROUP else "leave"

    def _without_the_absent(self, waiting: list[Any]) -> Decision:
        """Once the time of somebody here is up: the absent are failed, and the present get what is declared.

        The engine asks about one group at a time.
        """
        groups = self._groups_of(waiting) if self.on_member_timeout else []
        late = [link for link in (member.active_barriers[self.id] for member in waiting) if link.overdue]
        if not groups or not late:
            return Decision()
        members = groups[0].active_participants
        present = [member for member in members if member in waiting and member.presence != Presence.GONE]
        absent = [member for member in members if member not in present]
        if not present or not (absent or self.is_below_minimum(groups[0])):
            return Decision()
        since = min(link.arrival_time for link in late)
        passed = self._only_since(since, absent, "let_through_at")
        through = [member for member in absent if member in passed or member.__dict__.get("has_passed")]
        # No wait ends in a pause, and no part of somebody who is held by one.
        through += [m for m in absent if m not in through and self._is_on_hold(m)]
        held = [m for m in absent if m not in through and m.active_barriers.keys() - {self.id}]
        newcomers = self._only_since(since, absent, "member_since", "free_since")
        if self.closes_group:
            # There is nothing that they could still come to.
            held += [member for member in newcomers if member not in held and member not in through]
        at_fault = [member for member in absent if member not in [*held, *newcomers, *through]]
        rest = len([member for member in absent if member not in [*held, *at_fault]])
        return self._share_out(groups[0], present, at_fault, held, rest)

    @staticmethod
    def _is_on_hold(member: Any) -> bool:
        """Whether a pause holds somebody at another barrier."""
        return any(getattr(link, "on_hold", False) for link in member.active_barriers.values())

    @staticmethod
    def _only_since(then: datetime, members: list[Any], *marks: str) -> list[Any]:
        """Who has joined the group, was held at another barrier, or was still here, until some time after that; who so
        has not had the time that everybody is given, or has been let through by hand."""
        return [m for m in members if any((when := m.__dict__.get(mark)) and when > then for mark in marks)]

    def _share_out(
        self, group: SyncGroup, present: list[Any], at_fault: list[Any], held: list[Any], newcomers: int
    ) -> Decision:
        """Who gets what. Nobody is at fault who is held at another barrier: they leave with their credit.

        So many others stay in the group, who are still to come, held by a pause, or have been let through by hand.
        """
        policy = self.on_member_timeout
        if policy == AbsencePolicy.FAIL:
            return Decision(fail=[*at_fault, *present], fail_reason=INCOMPLETE, leave=held, reason=INCOMPLETE)
        blame = Decision(fail=at_fault, fail_reason=KEPT_WAITING, leave=held, reason=INCOMPLETE)
        enough = self.closes_group or len(present) + newcomers >= group.min_group_size
        if policy == AbsencePolicy.GO_ON and enough:
            return replace(blame, release=present)
        fate: dict[str, Any] = {self._fate if policy == AbsencePolicy.GO_ON else str(policy): present}
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

    A group that arrives here has done its part: it goes whatever its size. Whoever goes on alone, by
    ``on_timeout="release"`` or by hand, is in the group no longer, and can be grouped anew; the others pass without
    them.
    """

    closes_group = True

    def __init__(self, group_type: str, id_: str | None = None, **kwargs: Any) -> None:
        super().__init__(id_ or f"closer_{group_type}", group_type, **kwargs)

    def is_below_minimum(self, group: SyncGroup) -> bool:
        return False

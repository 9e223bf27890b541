"""Barriers that groups pass together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.utils.module_loading import import_string

from ..decisions import Decision
from ..models import AbstractParticipant, SyncGroup
from ..waiting import WaitPage
from .base import Barrier
from .on_release import ON_RELEASE_ARGUMENTS, unknown_arguments, wanted
from .parameters import is_name

#: Reason for failing that members of a group below its minimum are given.
BELOW_MINIMUM = "sync group below minimum size"


class GroupBarrier(Barrier):
    """A group goes on when all of its active members are here, and are no fewer than its minimum size.

    A group below its minimum waits for newcomers if it takes them (``join_existing_groups``). If it does not, nobody
    can come to its rescue: its members are failed and let go.

    Parameters
    ----------
    group_type
        Which of a participant's groups counts; see `Grouper`.
    on_release
        A function, or its dotted path, that is called once for each group that goes on, in the transaction that
        releases it, with those of ``group``, ``participants``, ``leader`` and ``barrier`` that it names. If it
        raises, nothing of that happened, the group stays, and it is tried again after a while.

    The other parameters are those of `Barrier`.
    """

    per_group = True

    def __init__(
        self,
        id_: str,
        group_type: str,
        waiting_logic: WaitPage | Callable[..., Any] | None = None,
        waiting_logic_expected_repetitions: int = 3,
        max_wait_time: float = 20,
        on_release: Callable[..., Any] | str | None = None,
        fix_time_credit: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            id_, waiting_logic, waiting_logic_expected_repetitions, max_wait_time, fix_time_credit, **kwargs
        )
        self.group_type = group_type
        self.on_release = on_release
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
            if self.is_below_minimum(group) and not group.join_existing_groups
            for member in group.active_participants
        ]

    def is_below_minimum(self, group: SyncGroup) -> bool:
        """Whether the group is too small to pass."""
        return len(group.active_participants) < group.min_group_size

    def decide(self, waiting: list[Any], joinable: Sequence[SyncGroup] = ()) -> Decision:
        return Decision(
            release=list(self.choose_who_to_release(waiting)),
            fail=list(self.choose_who_to_fail(waiting)),
            fail_reason=BELOW_MINIMUM,
        )

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
        if isinstance(self.on_release, str):
            try:
                faults = list(unknown_arguments(import_string(self.on_release)))
            except ImportError as error:
                yield f"on_release '{self.on_release}' cannot be imported: {error}", "Correct the dotted path."
                return
            for sentence in faults:
                yield sentence, f"Use some of {', '.join(ON_RELEASE_ARGUMENTS)}, or give the others a default."


class GroupCloser(GroupBarrier):
    """A group barrier that closes the group as it goes, so that its members can be grouped anew.

    A group that arrives here has done its part: it goes whatever its size.
    """

    closes_group = True

    def __init__(self, group_type: str, id_: str | None = None, **kwargs: Any) -> None:
        super().__init__(id_ or f"closer_{group_type}", group_type, **kwargs)

    def is_below_minimum(self, group: SyncGroup) -> bool:
        return False

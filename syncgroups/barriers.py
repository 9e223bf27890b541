"""Declarations: where participants wait, for how long at most, and the rule that lets them go on.

A rule is pure: it sees the participants it is handed, with their groups, arrival times and details, and answers
with values. It makes no query, reads no clock, and changes nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.module_loading import import_string

from . import arrivals
from .decisions import Decision
from .exceptions import ImpossibleDeclaration, NotWaiting
from .models import AbstractParticipant, ParticipantLinkBarrier, SyncGroup
from .states import PassOutcome, TimeoutPolicy
from .waiting import WaitPage

#: What an ``on_release`` may name among its parameters.
ON_RELEASE_ARGUMENTS = ("group", "participants", "leader", "barrier")

#: Reason for failing that members of a group below its minimum are given.
BELOW_MINIMUM = "sync group below minimum size"


class Barrier:
    """Participants wait here until `choose_who_to_release` names them. Subclass it to write a rule.

    Parameters
    ----------
    id_
        Name of the barrier. Pages that use the same id share a waiting area.
    waiting_logic
        What a participant sees meanwhile: None for the app's page, a `WaitPage`, or a callable
        ``(participant, link)`` that returns a `WaitPage` or an ``HttpResponse``.
    waiting_logic_expected_repetitions
        How often the waiting logic is expected to be shown during one visit; for the estimate of its duration.
    max_wait_time
        Seconds after which the wait ends as `on_timeout` says, unless the rule lets the participant go.
    fix_time_credit
        Whether a visit earns the estimate, however long it took. Otherwise it earns the seconds really waited.
    on_timeout
        What happens to a participant whose time is up: ``"fail"``, ``"leave"`` (ends without fault, with the credit
        earned), or ``"release"`` (goes on alone).
    recheck_interval
        Seconds after which the rule is asked again although nobody came or went; for rules that depend on
        waiting times or on other data. None: only when something happens.
    prefetch
        Lookups, as for ``prefetch_related``, that the rule needs of the participants.

    Raises
    ------
    ImpossibleDeclaration
        If the parameters can never work.
    """

    #: Whether each group is locked, decided about and released on its own. Otherwise the unit is the cohort.
    per_group = False
    #: Whether the rule forms groups.
    forms_groups = False
    #: Whether a group that passes is closed.
    closes_group = False
    #: Whether arrivals may fill free places in groups that exist.
    join_existing_groups = False
    #: ``(group, participant) -> bool``: who may join which group.
    join_criterion: Callable[[SyncGroup, AbstractParticipant], bool] | None = None
    group_type: str | None = None
    on_release: Callable[..., Any] | str | None = None

    def __init__(
        self,
        id_: str,
        waiting_logic: WaitPage | Callable[..., Any] | None = None,
        waiting_logic_expected_repetitions: int = 3,
        max_wait_time: float = 20,
        fix_time_credit: bool = False,
        *,
        on_timeout: str = TimeoutPolicy.FAIL,
        recheck_interval: float | None = None,
        prefetch: Sequence[Any] = (),
    ) -> None:
        self.id = id_
        self.waiting_logic = WaitPage() if waiting_logic is None else waiting_logic
        self.waiting_logic_expected_repetitions = waiting_logic_expected_repetitions
        self.max_wait_time = max_wait_time
        self.fix_time_credit = fix_time_credit
        self.on_timeout = on_timeout
        self.recheck_interval = recheck_interval
        self.prefetch = tuple(prefetch)
        self._require(
            bool(id_) and isinstance(id_, str) and len(id_) <= 100,
            "the id must be a text of 1 to 100 characters",
        )
        self._require(_positive(max_wait_time), "max_wait_time must be a positive number of seconds: every wait ends")
        policies = ", ".join(TimeoutPolicy.values)
        self._require(on_timeout in TimeoutPolicy.values, f"on_timeout must be one of {policies}")
        self._require(
            recheck_interval is None or _positive(recheck_interval),
            "recheck_interval must be a positive number of seconds",
        )
        self._require(
            isinstance(self.waiting_logic, WaitPage) or callable(self.waiting_logic),
            "waiting_logic must be a WaitPage or a callable",
        )
        self._require(
            waiting_logic_expected_repetitions >= 0, "waiting_logic_expected_repetitions must not be negative"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} '{self.id}'>"

    def _require(self, holds: bool, sentence: str) -> None:
        if not holds:
            raise ImpossibleDeclaration(f"{type(self).__name__} '{self.id}': {sentence}.")

    # The rule

    def choose_who_to_release(self, waiting_participants: list[Any]) -> Sequence[Any]:
        """Name those of the waiting participants, in order of arrival, who may go on. Pure."""
        raise NotImplementedError(f"{type(self).__name__} has to say in choose_who_to_release() who may go on.")

    def decide(self, waiting: list[Any], joinable: Sequence[SyncGroup] = ()) -> Decision:
        """Everything that follows from one look; the engine carries it out. Pure.

        `joinable` are groups with a free place, smallest then oldest, where the barrier takes newcomers.
        """
        return Decision(release=list(self.choose_who_to_release(waiting)))

    @property
    def minimum_waiting(self) -> int:
        """With fewer waiting than this the rule need not be asked."""
        return 1

    @property
    def n_needed(self) -> int | None:
        """How many have to wait here before anybody goes on; None where that cannot be said in a number."""
        return None

    # Time

    @property
    def expected_wait(self) -> float:
        """Seconds that a visit is expected to take."""
        estimate = getattr(self.waiting_logic, "time_estimate", 0.0)
        return float(estimate) * self.waiting_logic_expected_repetitions

    @property
    def fixed_credit(self) -> float | None:
        """Seconds that every visit earns, or None where the time really waited counts."""
        return self.expected_wait if self.fix_time_credit else None

    def deadline(self, arrival_time: datetime) -> datetime:
        """The end of a wait that begins then."""
        return arrival_time + timedelta(seconds=self.max_wait_time)

    # Faults that only show once everything is loaded

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the declaration, and how to mend it. Numbered by the system checks."""
        yield from ()

    # Verbs

    def receive_participant(
        self, participant: AbstractParticipant, *, visit: str | None = None
    ) -> ParticipantLinkBarrier:
        """Let the participant begin to wait here. See `syncgroups.arrivals.arrive`."""
        return arrivals.arrive(participant, self.id, visit=visit)

    def can_participant_exit(self, participant: AbstractParticipant) -> bool:
        """Whether the participant is not held here (any longer)."""
        return self.id not in participant.active_barriers

    def release(self, participant: AbstractParticipant) -> None:
        """Let the participant through. Raises `NotWaiting` when they do not wait here."""
        link = participant.active_barriers.get(self.id)
        if link is None:
            raise NotWaiting(f"{participant} is not waiting at barrier '{self.id}'.")
        arrivals.release(link)

    def get_waiting_participants(self, for_update: bool = False, cohort: str = "") -> list[AbstractParticipant]:
        """Active participants of the cohort who wait here, in order of arrival; locked with `for_update`."""
        return self.get_waiting_participants_from_barrier_id(self.id, for_update=for_update, cohort=cohort)

    @classmethod
    def get_waiting_participants_from_barrier_id(
        cls, barrier_id: str, for_update: bool = False, cohort: str = ""
    ) -> list[AbstractParticipant]:
        """As `get_waiting_participants`, for a barrier of that id."""
        return arrivals.waiting_participants(barrier_id, cohort, for_update=for_update)

    def process_potential_releases(self, cohort: str = "") -> PassOutcome:
        """Ask the rule now instead of when something happens."""
        return arrivals.process_now(self.id, cohort)


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
        self._require(bool(group_type) and len(group_type) <= 100, "group_type must be a text of 1 to 100 characters")
        self._require(
            on_release is None or callable(on_release) or isinstance(on_release, str),
            "on_release must be a function or its dotted path",
        )
        if callable(on_release):
            for sentence in _unknown_arguments(on_release):
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
        function(**{name: offer[name] for name in _wanted(function)})

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        if isinstance(self.on_release, str):
            try:
                function = import_string(self.on_release)
            except ImportError as error:
                yield (
                    f"on_release '{self.on_release}' cannot be imported: {error}",
                    "Correct the dotted path.",
                )
                return
            for sentence in _unknown_arguments(function):
                yield (
                    sentence,
                    f"Use some of {', '.join(ON_RELEASE_ARGUMENTS)}, or give the others a default.",
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


def _positive(number: Any) -> bool:
    return isinstance(number, int | float) and number > 0


def _wanted(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return list(ON_RELEASE_ARGUMENTS)
    return [parameter.name for parameter in parameters if parameter.name in ON_RELEASE_ARGUMENTS]


def _unknown_arguments(function: Callable[..., Any]) -> Iterator[str]:
    for parameter in inspect.signature(function).parameters.values():
        optional = parameter.default is not parameter.empty or parameter.kind in {
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        }
        if parameter.name not in ON_RELEASE_ARGUMENTS and not optional:
            yield f"on_release asks for '{parameter.name}', which the engine cannot give"

"""The barrier: where participants wait, for how long at most, and the rule that lets them go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from .. import arrivals
from ..decisions import Decision, Missing
from ..exceptions import ImpossibleDeclaration, NotWaiting
from ..models import AbstractParticipant, ParticipantLinkBarrier, SyncGroup
from ..states import PassOutcome, TimeoutPolicy
from ..waiting import WaitingLogic, WaitPage, is_waiting_logic, pages_of
from .parameters import LARGEST, is_duration, is_name, is_number, is_size, is_time


class Barrier:
    """Participants wait here until `choose_who_to_release` names them. Subclass it to write a rule.

    Parameters
    ----------
    id_
        Name of the barrier. Pages that use the same id share a waiting area.
    waiting_logic
        What a participant sees or does meanwhile: None for the app's page, a `WaitPage`, a callable
        ``(participant, link)`` that returns a `WaitPage` or an ``HttpResponse``, a Django view or an `Activity`, or a
        list of those, which are shown in turn and repeated.
    waiting_logic_expected_repetitions
        How often the waiting logic is expected to be shown during one visit; for the estimate of its duration.
    max_wait_time
        Seconds after which the wait ends as `on_timeout` says, unless the rule lets the participant go.
    fix_time_credit
        Whether the credit is fixed to the estimate, however long the visit took; it is capped by it where the wait ends
        otherwise than by going on: then it is the seconds really waited, and not more than the estimate. Without
        it, a visit earns the seconds really waited.
    on_timeout
        What happens to a participant whose time is up: ``"fail"``, ``"leave"`` (ends without fault, with the credit
        earned), or ``"release"`` (goes on alone). Or a function ``(participant, link)`` that answers with one of
        these. Pure.
    extensions
        How often a participant may choose to wait for longer, instead of leaving with the credit earned.
    extension_time
        For how many seconds longer; `max_wait_time` unless it is given.
    quiet_after, gone_after
        Seconds without a sign of life after which somebody who waits here is quiet, and gone. None: as the
        settings ``QUIET_AFTER`` and ``GONE_AFTER`` say, and longer where the waiting logic makes people silent.
    recheck_interval
        Seconds after which the rule is asked again although nobody came or went; for rules that depend on
        waiting times or on other data. None: only when something happens.
    open_to_api
        Whether programs may let participants arrive here by the REST API. Otherwise only pages and code of the site do:
        who could arrive anywhere could skip what comes before.
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
    #: What the present get when a member of their group has not come in time; None: nothing.
    on_member_timeout: str | None = None

    def __init__(
        self,
        id_: str,
        waiting_logic: WaitingLogic = None,
        waiting_logic_expected_repetitions: int = 3,
        max_wait_time: float = 20,
        fix_time_credit: bool = False,
        *,
        on_timeout: str | Callable[..., str] = TimeoutPolicy.FAIL,
        extensions: int = 0,
        extension_time: float | None = None,
        quiet_after: float | None = None,
        gone_after: float | None = None,
        recheck_interval: float | None = None,
        open_to_api: bool = False,
        prefetch: Sequence[Any] = (),
    ) -> None:
        self.id = id_
        self.waiting_logic = WaitPage() if waiting_logic is None else waiting_logic
        self.waiting_logic_expected_repetitions = waiting_logic_expected_repetitions
        self.max_wait_time = max_wait_time
        self.fix_time_credit = fix_time_credit
        self.on_timeout = on_timeout
        self.extensions = extensions
        self.extension_time = max_wait_time if extension_time is None else extension_time
        self.quiet_after = quiet_after
        self.gone_after = gone_after
        self.recheck_interval = recheck_interval
        self.open_to_api = open_to_api
        self._require(not isinstance(prefetch, str), "prefetch must be a list of lookups, not a text")
        self.prefetch = tuple(prefetch)
        self._check_parameters()

    def _check_parameters(self) -> None:
        self._require(is_name(self.id), "the id must be a text of 1 to 100 characters")
        self._require(
            is_time(self.max_wait_time), "max_wait_time must be a number of seconds, of a year at most: every wait ends"
        )
        self._require(
            callable(self.on_timeout) or self.on_timeout in TimeoutPolicy.values,
            f"on_timeout must be one of {', '.join(TimeoutPolicy.values)}, or a function that returns one of them",
        )
        self._require(
            is_size(self.extensions) or self.extensions == 0,
            f"extensions must be a whole number from 0 to {LARGEST}",
        )
        self._require(is_time(self.extension_time), "extension_time must be a number of seconds, of a year at most")
        for name in ("quiet_after", "gone_after"):
            value = getattr(self, name)
            self._require(value is None or is_time(value), f"{name} must be a number of seconds, of a year at most")
        self._require(
            None in (self.quiet_after, self.gone_after) or self.quiet_after <= self.gone_after,  # type: ignore[operator]
            "quiet_after must not exceed gone_after",
        )
        self._require(
            self.recheck_interval is None or is_time(self.recheck_interval),
            "recheck_interval must be a number of seconds, of a year at most",
        )
        self._require(isinstance(self.open_to_api, bool), "open_to_api must be True or False")
        self._require(
            is_waiting_logic(self.waiting_logic),
            "waiting_logic must be a WaitPage, a callable, a view, an Activity, or a list of those that is not empty",
        )
        self._require(
            all(is_duration(getattr(page, "time_estimate", 0.0)) for page in self.waiting_pages),
            "what waiting_logic shows must be expected to take a number of seconds that is not negative",
        )
        repetitions = self.waiting_logic_expected_repetitions
        self._require(
            is_number(repetitions) and repetitions >= 0,
            "waiting_logic_expected_repetitions must be a number, and not negative",
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} '{self.id}'>"

    def _require(self, holds: bool, sentence: str) -> None:
        if not holds:
            raise ImpossibleDeclaration(f"{type(self).__name__} '{self.id}': {sentence}.")

    # The rule

    def choose_who_to_release(self, waiting_participants: list[Any]) -> Sequence[Any]:
        """Name those of the waiting participants, in order of arrival, who may go on. Pure."""
        # The rule is the site's, as in PsyNet. Without one the researcher reads this, and no other barrier is held up.
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
    def looks_at_every_group(self) -> bool:
        """Whether it depends on more than their sizes who may join which group."""
        return True

    @property
    def n_needed(self) -> int | None:
        """How many have to wait here before anybody goes on; None where that cannot be said in a number."""
        return None

    def missing(self, waiting: Sequence[Any], group: SyncGroup | None = None) -> Missing:
        """What these, who may be chosen (at a group barrier: members of one group), still wait for. Pure.

        For researchers: override it to let a rule say in sentences of its own why it lets nobody go.
        """
        return Missing(n=max(0, (self.n_needed or 0) - len(waiting)))

    # Time

    @property
    def expected_wait(self) -> float:
        """Seconds that a visit is expected to take: once through the waiting logic, times the repetitions."""
        once = sum(float(getattr(page, "time_estimate", 0.0)) for page in self.waiting_pages)
        return once * self.waiting_logic_expected_repetitions

    @property
    def waiting_pages(self) -> list[Any]:
        """The waiting logic as a list of what is shown in turn: `WaitPage`, `Activity`, or a callable."""
        return pages_of(self.waiting_logic)

    @property
    def longest_silence(self) -> float:
        """Seconds for which somebody who is there may give no sign of life, because of the page that they are on."""
        return max(float(getattr(page, "silence", 0.0)) for page in self.waiting_pages)

    @property
    def fixed_credit(self) -> float | None:
        """Seconds that whoever goes on earns, and others at most, or None where the time really waited counts."""
        return self.expected_wait if self.fix_time_credit else None

    def deadline(self, arrival_time: datetime) -> datetime:
        """The end of a wait that begins then."""
        return arrival_time + timedelta(seconds=self.max_wait_time)

    # What else there is to know about it

    @property
    def may_regroup(self) -> bool:
        """Whether people may be sent back from here to be grouped anew."""
        return False

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

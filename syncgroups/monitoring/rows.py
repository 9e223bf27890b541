"""The rows of the monitor: barriers, groups, and the members of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..explaining import Fact, Level, Numbers
from ..explaining.facts import headline, worst
from ..models import AbstractParticipant, BarrierRecord, ParticipantLinkBarrier, SyncGroup
from ..states import Presence


@dataclass(frozen=True)
class BarrierRow:
    """A barrier in the order of the experiment, and what is going on there."""

    id: str
    record: BarrierRecord | None
    declared: bool
    numbers: Numbers
    #: How many have gone on from here, and how many of them are at no other barrier yet.
    released: int
    on_the_way: int
    #: Whether one goes on from here to the barrier in the next row; None in the last one.
    leads_on: bool | None
    usual_wait: float | None
    facts: Sequence[Fact]
    #: Open visits of people who wait without a group, the longest wait first: as many as are shown.
    alone: Sequence[ParticipantLinkBarrier]

    @property
    def level(self) -> Level:
        return worst(self.facts)

    @property
    def headline(self) -> Fact | None:
        return headline(self.facts)

    @property
    def n_more_alone(self) -> int:
        return max(0, self.numbers.alone - len(self.alone))

    @property
    def paused(self) -> bool:
        return self.record is not None and self.record.paused

    @property
    def next_deadline(self) -> datetime | None:
        """When the next wait ends; none while time stands still."""
        return None if self.paused else self.numbers.deadline


@dataclass(frozen=True)
class MemberRow:
    """A member of a group: who they are, whether they are there, and where."""

    person: AbstractParticipant
    #: Primary key of the membership; None where it has ended since the look.
    membership: int | None
    leads: bool
    #: Their open visits.
    visits: Sequence[ParticipantLinkBarrier]
    #: The barrier where they were last, if they wait nowhere.
    last: str

    @property
    def is_late(self) -> bool:
        """Whether they are gone while others may wait for them."""
        return self.person.presence == Presence.GONE and not self.visits


@dataclass(frozen=True)
class GroupRow:
    """An active group."""

    group: SyncGroup
    members: Sequence[MemberRow]
    facts: Sequence[Fact]
    #: Since when the first of its members has waited.
    since: datetime | None

    @property
    def key(self) -> str:
        return str(self.group.pk)

    @property
    def level(self) -> Level:
        return worst(self.facts)

    @property
    def headline(self) -> Fact | None:
        return headline(self.facts)

"""How a game went, as one of its players sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from syncgroups.models import AbstractParticipant, SyncGroup

from .conf import ROUNDS
from .models import Choice


@dataclass(frozen=True)
class Result:
    """One round: what this player chose, what the others did, and what came of it."""

    number: int
    own: Choice
    others: list[Choice]

    @property
    def scored(self) -> bool:
        return self.own.points is not None

    @property
    def lost_points(self) -> int:
        """How many of the others beat this player."""
        return sum(other.beats(self.own) for other in self.others)

    @property
    def outcome(self) -> str:
        """Won, lost or drawn: whether this player beat more of the others than beat them."""
        if not self.scored:
            return "unscored"
        gain = (self.own.points or 0) - self.lost_points
        return "won" if gain > 0 else "lost" if gain < 0 else "drawn"


class Game:
    """The rounds that a participant has played in a group. One query."""

    def __init__(self, participant: AbstractParticipant, group: SyncGroup | None) -> None:
        self.participant = participant
        self.group = group

    @cached_property
    def results(self) -> list[Result]:
        """Every round in which the participant has chosen, first to last. The others' choices only once scored."""
        choices: list[Any] = list(Choice.objects.filter(group=self.group).order_by("round", "pk")) if self.group else []
        return [
            Result(own.round, own, [other for other in choices if other != own and self._compared(other, own)])
            for own in choices
            if own.participant_id == self.participant.pk
        ]

    @staticmethod
    def _compared(other: Choice, own: Choice) -> bool:
        return other.round == own.round and None not in (other.points, own.points)

    def result(self, number: int) -> Result | None:
        """The round of that number, if the participant has chosen in it."""
        return next((result for result in self.results if result.number == number), None)

    @property
    def points(self) -> int:
        return sum(result.own.points or 0 for result in self.results)

    @property
    def points_against(self) -> int:
        return sum(result.lost_points for result in self.results)

    @property
    def n_scored(self) -> int:
        return sum(result.scored for result in self.results)

    @property
    def cut_short(self) -> bool:
        """Whether some rounds were not played, or not by all."""
        return self.n_scored < ROUNDS

"""What an explanation is made of: values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How much a fact asks of the researcher."""

    # As it should be.
    INFO = "info"
    # Worth a look, and over by itself in the end.
    WARNING = "warning"
    # Nothing moves until somebody does something.
    ERROR = "error"


@dataclass(frozen=True)
class Fact:
    """One reason why nobody moves, or what is to be known besides."""

    #: A stable name for programs, such as ``"paused"``.
    code: str
    sentence: str
    level: Level = Level.INFO

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Explanation:
    """Everything that keeps a barrier, a group or a person; the text is its sentences, one a line."""

    #: What is explained: a barrier's id, or the name of a group or a participant.
    about: str
    facts: Sequence[Fact]
    #: The moment of the look, by the database's clock.
    at: datetime

    @property
    def sentences(self) -> list[str]:
        return [fact.sentence for fact in self.facts]

    @property
    def codes(self) -> list[str]:
        return [fact.code for fact in self.facts]

    @property
    def level(self) -> Level:
        """That of the most urgent fact."""
        return worst(self.facts)

    @property
    def headline(self) -> str:
        """The sentence to be read first."""
        return str(headline(self.facts) or "")

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def worst(facts: Sequence[Fact]) -> Level:
    """The level of the most urgent of these facts."""
    order = list(Level)
    return max((fact.level for fact in facts), key=order.index, default=Level.INFO)


#: Of facts that are as they should be: what says most about why nobody moves yet.
TELLING = ("held", "waits_for", "needs", "complete", "rule", "not_waiting")


def headline(facts: Sequence[Fact]) -> Fact | None:
    """The one of these facts to be read first."""
    level = worst(facts)
    urgent = [fact for fact in facts if fact.level == level]
    telling = sorted(urgent, key=lambda fact: TELLING.index(fact.code) if fact.code in TELLING else len(TELLING))
    return next(iter(telling if level == Level.INFO else urgent), None)

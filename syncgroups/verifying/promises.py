"""How a promise about what is stored is declared: which rows break it, what is said of one, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _

#: How many rows are named for each promise that is broken.
NAMED = 20

#: What times may differ by that are the same: the clock of SQLite tells thousandths of a second,
#: and Django writes millionths.
TICK = timedelta(milliseconds=1)

#: How long something may be due before that is a fault: a sweep comes each second, and tries again after a minute.
ALLOWANCE = timedelta(seconds=120)


@dataclass(frozen=True)
class Promise:
    """One promise, kept by the rows of one model."""

    name: str
    #: Rows that break it. Called with how long something may be due.
    broken: Callable[[timedelta], Any]
    #: A sentence, with places for `facts`.
    sentence: str | Lazy
    #: What is said of a row: the place in the sentence, and the path of the field.
    facts: dict[str, str]
    cure: str | Lazy
    #: Path of the field that says of which cohort a row is.
    cohort: str = "cohort"
    #: Whether the sweep puts it right by itself, so that it may be seen for a while.
    mended: bool = False

    def look(self, cohort: str | None, allowance: timedelta) -> Iterator[Finding]:
        """A finding for each row, but not for more than `NAMED` and one. One query."""
        rows = self.broken(allowance)
        if cohort is not None:
            rows = rows.filter(**{self.cohort: cohort})
        for pk, *values in rows.order_by("pk").values_list("pk", *self.facts.values())[: NAMED + 1]:
            yield Finding(self, dict(zip(self.facts, map(_said, values), strict=True)), pk)


@dataclass(frozen=True, eq=False)
class Finding:
    """One row that breaks a promise."""

    promise: Promise
    facts: dict[str, str]
    pk: Any

    def __str__(self) -> str:
        return str(self.promise.sentence) % self.facts

    @property
    def identity(self) -> tuple[str, Any]:
        """The same for the same row and promise, whenever it is looked for."""
        return self.promise.name, self.pk


def _said(value: Any) -> str:
    if value is None:
        return _("(none)")
    return f"{value:.1f}" if isinstance(value, float) else str(value)

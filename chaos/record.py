"""All that is known after a run: what the processes wrote down, and the rows of the database."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from . import history

Row = dict[str, Any]


@dataclass
class Record:
    """Times of rows are the database's, those of events the monotonic clock's; `moment` turns these into those."""

    events: list[Row]
    participants: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)
    memberships: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    presence: list[Row] = field(default_factory=list)
    effects: list[Row] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Record:
        rows = json.loads((folder / "rows.json").read_text())
        return cls(history.read(folder), **rows)

    def of(self, what: str, **facts: Any) -> list[Row]:
        """Events of this kind with these facts."""
        return [e for e in self.kinds[what] if all(e.get(name) == fact for name, fact in facts.items())]

    @cached_property
    def kinds(self) -> dict[str, list[Row]]:
        kinds: dict[str, list[Row]] = defaultdict(list)
        for event in self.events:
            kinds[event["what"]].append(event)
        return kinds

    @cached_property
    def offset(self) -> float:
        """The database's clock minus the monotonic one."""
        [first, *_] = self.of("clock")
        return float(first["moment"] - first["monotonic"])

    def moment(self, event_time: float) -> float:
        """By the database's clock."""
        return event_time + self.offset

    @cached_property
    def end(self) -> float:
        """When the site was stopped."""
        return self.moment(self.events[-1]["at"])

    @cached_property
    def visit(self) -> dict[int, Row]:
        return {row["id"]: row for row in self.visits}

    @cached_property
    def group(self) -> dict[int, Row]:
        return {row["id"]: row for row in self.groups}

    @cached_property
    def participant(self) -> dict[int, Row]:
        return {row["id"]: row for row in self.participants}

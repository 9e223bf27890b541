"""Barriers that stop between look and act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.decisions import Decision
from syncgroups.groupers import SimpleGrouper

from .elsewhere import Gate


class GatedGrouper(SimpleGrouper):
    """Decides, and then waits at the gate before it says what."""

    def __init__(self, group_type: str, gate: Gate, **kwargs: Any) -> None:
        super().__init__(group_type, **kwargs)
        self.gate = gate

    def decide(self, waiting: list[Any], joinable: Sequence[Any] = ()) -> Decision:
        decision = super().decide(waiting, joinable)
        self.gate.pass_by()
        return decision


class GatedGroupBarrier(GroupBarrier):
    """Decides, and then waits at the gate before it says what."""

    def __init__(self, id_: str, group_type: str, gate: Gate, **kwargs: Any) -> None:
        super().__init__(id_, group_type, **kwargs)
        self.gate = gate

    def choose_who_to_release(self, waiting_participants: list[Any]) -> Sequence[Any]:
        chosen = super().choose_who_to_release(waiting_participants)
        self.gate.pass_by()
        return chosen


class GatedPool(Barrier):
    """Lets everybody through whom it was shown, once the gate is open."""

    def __init__(self, id_: str, gate: Gate, **kwargs: Any) -> None:
        super().__init__(id_, **kwargs)
        self.gate = gate

    def choose_who_to_release(self, waiting_participants: list[Any]) -> Sequence[Any]:
        self.gate.pass_by()
        return waiting_participants


class GatedDoor(GroupBarrier):
    """Stops arrivals after they have looked at who arrives, and before they store anything."""

    def __init__(self, id_: str, group_type: str, gate: Gate, **kwargs: Any) -> None:
        super().__init__(id_, group_type, **kwargs)
        self.gate = gate

    def deadline(self, arrival_time: datetime) -> datetime:
        self.gate.pass_by()
        return super().deadline(arrival_time)

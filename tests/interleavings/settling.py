"""What is asked in the end of everything that happened at once."""

from __future__ import annotations

from syncgroups import testing
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.states import LinkState
from tests.model.invariants import violations


def settle() -> None:
    """Sweeps make of it what they can; then everything is as promised, and nobody waits whom nothing calls."""
    testing.sweep()
    assert list(violations(after_sweep=True)) == []


def waiting_at(barrier_id: str) -> list[int]:
    """Who waits there, by primary key, in the order in which they are grouped."""
    visits = ParticipantLinkBarrier.objects.at(barrier_id).waiting().in_order_of_arrival()
    return [link.participant_id for link in visits]


def ends_of(person: object, barrier_id: str) -> list[str]:
    """How the visits of somebody to the barrier have ended, or that they go on, the earliest first."""
    visits = ParticipantLinkBarrier.objects.at(barrier_id).filter(participant=person).order_by("pk")
    return [LinkState(link.state).value for link in visits]

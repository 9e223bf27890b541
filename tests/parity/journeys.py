"""Ways of getting participants to where a test begins."""

from __future__ import annotations

from typing import Any

from syncgroups import testing
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from syncgroups.states import LinkState

GROUPER = "pair_grouper"


def form_group(n: int = 2, grouper: str = GROUPER) -> tuple[SyncGroup, list[Any]]:
    """As many new participants as a batch has, grouped; for groupers of one group at a time."""
    people: list[Any] = testing.make_participants(n)
    testing.arrive_all(people, grouper)
    testing.process(grouper)
    return people[0].sync_group, people


def state_at(participant: Any, barrier_id: str) -> str:
    """State of the participant's last visit to the barrier."""
    return last_visit(participant, barrier_id).state


def last_visit(participant: Any, barrier_id: str) -> ParticipantLinkBarrier:
    """The participant's last visit to the barrier."""
    links = ParticipantLinkBarrier.objects.filter(participant=participant).at(barrier_id)
    link: ParticipantLinkBarrier = links.latest("pk")
    return link


def waits(participant: Any, barrier_id: str) -> bool:
    """Whether the participant is held at the barrier."""
    return state_at(participant, barrier_id) == LinkState.WAITING


def reloaded(row: Any) -> Any:
    """The row as it is stored now."""
    return type(row)._default_manager.get(pk=row.pk)

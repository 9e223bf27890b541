"""The order of the pages: the only place that knows where in the experiment somebody is."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from project.shared.demos import Demo, Place, declare
from syncgroups.models import AbstractParticipant
from syncgroups.states import LinkState

from .barriers import CHOICE_MADE, CLOSER, GROUP_TYPE, GROUPER
from .conf import ROUNDS
from .models import Choice

RELEASED = LinkState.RELEASED


def places_of(participant: AbstractParticipant) -> list[Place]:
    """Where the participant belongs now, followed by the page to which they may go on from there."""
    visits = _visits(participant)
    membership = memberships(participant).last()
    if membership is None:
        # Let through without a group, by a researcher: then there is nobody to play with.
        return [Place("thanks" if visits.get((GROUPER, "")) == RELEASED else "partner")]
    if not membership.active or visits.get((CLOSER, "")) == RELEASED:
        return [Place("thanks")]
    if (CLOSER, "") in visits:
        return [Place("closing")]
    return _places_in_game(participant, membership.sync_group, visits)


declare(
    Demo(
        "demo",
        title=_("Rock, paper, scissors"),
        summary=_("Two people meet, choose three times at the same time, and see who won. Open it in two windows."),
        places_of=places_of,
    )
)


def _places_in_game(participant: AbstractParticipant, group: Any, visits: dict[tuple[str, str], str]) -> list[Place]:
    chosen = Choice.objects.of(participant).filter(group=group).count()
    over = sum(state == RELEASED for (barrier_id, _), state in visits.items() if barrier_id == CHOICE_MADE)
    if chosen > over:
        return [Place("wait", chosen)]
    last = over >= ROUNDS or is_alone(group)
    onwards = Place("closing") if last else Place("choose", over + 1)
    return [Place("feedback", over), onwards] if over else [onwards]


def _visits(participant: Any) -> dict[tuple[str, str], str]:
    """The state of each of the participant's visits, by barrier and name of the visit."""
    rows = participant.barrier_links.values_list("barrier_id", "visit", "state")
    return {(barrier_id, visit or ""): state for barrier_id, visit, state in rows}


def memberships(participant: Any) -> Any:
    """The groups that the participant has played in; one at most, unless a researcher has moved them."""
    links = participant.sync_group_links.filter(group_type=GROUP_TYPE)
    return links.select_related("sync_group").order_by("pk")


def is_alone(group: Any) -> bool:
    """Whether everybody else has left the group."""
    return len(group.active_participants) < 2


def was_left_alone(participant: Any) -> bool:
    """Whether everybody else had left the last group of the participant before the participant did."""
    own = memberships(participant).last()
    if own is None or own.departure_time is None:
        return False
    others = own.sync_group.participant_links.exclude(pk=own.pk).values_list("departure_time", flat=True)
    # Who leaves together, as a group is closed, leaves at the same time.
    return all(departure and departure < own.departure_time for departure in others)

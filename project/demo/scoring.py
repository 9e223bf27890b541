"""What happens as a group passes the barrier after choosing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from syncgroups.models import SyncGroup

from .models import Choice


def score(group: SyncGroup, participants: Sequence[Any]) -> None:
    """Give each choice a point for every other choice that it beats.

    Called once a round, in the transaction that lets the group go; the group is locked. Whoever is left alone has
    nobody to be compared with: then nothing is scored.
    """
    rounds: dict[int, list[Choice]] = defaultdict(list)
    for choice in Choice.objects.unscored().filter(group=group, participant__in=participants):
        rounds[choice.round].append(choice)
    complete = [number for number, choices in rounds.items() if len(choices) == len(participants) > 1]
    for number in complete:
        for choice in rounds[number]:
            choice.points = sum(choice.beats(other) for other in rounds[number])
        Choice.objects.bulk_update(rounds[number], ["points"])
    if complete:
        # Appended to, not set: a round that was ever scored twice would show.
        scored = [*group.details.get("rounds_scored", []), *complete]
        SyncGroup.objects.filter(pk=group.pk).update(details={**group.details, "rounds_scored": scored})

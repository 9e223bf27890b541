"""Back to the grouper: those whose group could not go on wait there again, ahead of newcomers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import registry, signals
from ..exceptions import NoGrouper
from ..models import ParticipantLinkBarrier, ParticipantLinkSyncGroup
from ..prepared import insert_all
from ..states import LinkState
from .deciding import Verdict
from .endings import announce_departures, end_visits, settle_locked
from .units import Unit, wake


def regroup(barrier: Any, verdicts: Sequence[Verdict]) -> set[Unit]:
    """Send these locked people, whose groups are locked, back to the grouper. What they have earned stays theirs.

    Returns the units that have something to decide because of it (woken already). Raises `NoGrouper`.
    """
    if not verdicts:
        return set()
    grouper = _grouper(barrier)
    woken: set[Unit] = set()
    for verdict in verdicts:
        group, pks = verdict.scene.group, [link.participant_id for link in verdict.regrouped]
        assert group is not None  # noqa: S101 - checked where the decision is
        end_visits(verdict.regrouped, LinkState.REGROUPED, verdict.decision.reason)
        ParticipantLinkSyncGroup.objects.filter(sync_group=group.pk).of(pks).end(verdict.decision.reason)
        woken |= settle_locked([group])
        insert_all(_again(grouper, group.cohort, pks, verdict.scene.now))
        announce_departures(signals.regrouped, barrier.id, group.cohort, verdict.regrouped, group=group.pk)
    units = {Unit(grouper.id, verdict.scene.group.cohort) for verdict in verdicts if verdict.scene.group}
    wake(units)
    return woken | units


def _grouper(barrier: Any) -> Any:
    groupers = registry.groupers_of(barrier.group_type)
    for grouper in groupers:
        if barrier.regroup_at in (None, grouper.id):
            return grouper
    raise NoGrouper(
        f"No grouper forms groups of type '{barrier.group_type}', to which those at '{barrier.id}' go back."
    )


def _again(grouper: Any, cohort: str, pks: Sequence[Any], now: Any) -> list[ParticipantLinkBarrier]:
    """Visits like those before, under the same name, and with the place in the queue of the first one."""
    before = _last_visits(grouper.id, pks)
    names = {pk: link.visit for pk, link in before.items()}
    # A name is borne by one visit only: the one that goes on.
    ParticipantLinkBarrier.objects.filter(pk__in=[link.pk for link in before.values()]).update(visit=None)
    return [
        ParticipantLinkBarrier(
            participant_id=pk,
            barrier_id=grouper.id,
            cohort=cohort,
            visit=names.get(pk),
            creation_time=now,
            arrival_time=now,
            deadline=grouper.deadline(now),
            place_since=_place(before.get(pk)),
        )
        for pk in pks
    ]


def _last_visits(barrier_id: str, pks: Sequence[Any]) -> dict[Any, ParticipantLinkBarrier]:
    links = ParticipantLinkBarrier.objects.at(barrier_id).filter(participant__in=pks).order_by("pk")
    return {link.participant_id: link for link in links}


def _place(link: ParticipantLinkBarrier | None) -> Any:
    return link and (link.place_since or link.arrival_time)

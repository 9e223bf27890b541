"""Back to the grouper: those whose group could not go on wait there again, ahead of newcomers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import IntegrityError

from .. import registry, signals
from ..exceptions import NoGrouper
from ..models import ParticipantLinkBarrier, SyncGroup
from ..prepared import insert_all
from ..states import LinkState
from .deciding import Verdict
from .endings import end_memberships, end_visits
from .locks import WorldMoved
from .settling import announce_departures, settle_locked
from .units import Unit, wake

#: Groups that are locked, and the visits of those who leave them.
Partings = Sequence[tuple[SyncGroup, list[ParticipantLinkBarrier]]]


def regroup(barrier: Any, cohort: str, verdicts: Sequence[Verdict]) -> set[Unit]:
    """Send these locked people, whose groups are locked, back to the grouper. What they have earned stays theirs.

    Returns the units that have something to decide because of it (woken already). Raises `NoGrouper`.
    """
    if not verdicts:
        return set()
    grouper = _grouper(barrier)
    by_reason: dict[str, list[tuple[SyncGroup, list[ParticipantLinkBarrier]]]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.scene.group is not None:  # It is nowhere else that people are sent back.
            by_reason[verdict.decision.reason].append((verdict.scene.group, verdict.regrouped))
    partings = [parting for those in by_reason.values() for parting in those]
    for reason, those in by_reason.items():
        _part(those, reason)
    woken = settle_locked([group for group, _ in partings])
    try:
        insert_all(list(_again(grouper, cohort, partings, verdicts[0].scene.now)))
    except IntegrityError:
        # Somebody has come to the grouper meanwhile, with a page that did not know yet that they were grouped.
        raise WorldMoved from None
    for group, links in partings:
        announce_departures(signals.regrouped, barrier.id, cohort, links, group=group.pk)
    pool = Unit(grouper.id, cohort)
    wake([pool])
    return {*woken, pool}


def _grouper(barrier: Any) -> Any:
    groupers = registry.groupers_of(barrier.group_type)
    for grouper in groupers:
        if barrier.regroup_at in (None, grouper.id):
            return grouper
    raise NoGrouper(
        f"No grouper forms groups of type '{barrier.group_type}', to which those at '{barrier.id}' go back."
    )


def _part(partings: Partings, reason: str) -> None:
    """End the visits and the memberships of those who leave."""
    links = [link for _, those in partings for link in those]
    end_visits(links, LinkState.REGROUPED, reason)
    end_memberships([group for group, _ in partings], links, reason)


def _again(grouper: Any, cohort: str, partings: Partings, now: Any) -> Iterator[ParticipantLinkBarrier]:
    """Visits like those before, under the same name, and with the place in the queue that led into the group.

    Who came into it by hand has the place of somebody who came as it was formed. Who has come to the grouper
    meanwhile waits there already, and gets that name and place.
    """
    pks = [link.participant_id for _, links in partings for link in links]
    before = _last_visits(grouper.group_type, pks)
    waiting = {link.participant_id: link for link in _open_visits(grouper.id, pks)}
    here = {pk: link for (barrier_id, pk), link in before.items() if barrier_id == grouper.id}
    places = {pk: link.place_since or link.arrival_time for (_, pk), link in before.items()}
    # A name is borne by one visit only: the one that goes on.
    ParticipantLinkBarrier.objects.filter(pk__in=[link.pk for link in here.values()]).update(visit=None)
    for group, links in partings:
        for pk in (link.participant_id for link in links):
            name, place = here[pk].visit if pk in here else None, places.get(pk, group.creation_time)
            if pk in waiting:
                _keep(waiting[pk], name, place)
                continue
            yield ParticipantLinkBarrier(
                participant_id=pk,
                barrier_id=grouper.id,
                cohort=cohort,
                visit=name,
                creation_time=now,
                arrival_time=now,
                deadline=grouper.deadline(now),
                place_since=place,
            )


def _open_visits(barrier_id: str, pks: Sequence[Any]) -> Any:
    return ParticipantLinkBarrier.objects.at(barrier_id).waiting().filter(participant__in=pks)


def _keep(link: ParticipantLinkBarrier, name: str | None, place: Any) -> None:
    """An open visit of somebody who is locked goes on, under that name if there is one."""
    kept = link.visit if name is None else name
    ParticipantLinkBarrier.objects.filter(pk=link.pk).update(visit=kept, place_since=min(place, link.arrival_time))


def _last_visits(group_type: str, pks: Sequence[Any]) -> dict[tuple[str, Any], ParticipantLinkBarrier]:
    """The last visit of each of these people to each grouper of the type that has ended; of one person, the latest
    comes last."""
    groupers = [grouper.id for grouper in registry.groupers_of(group_type)]
    visits = ParticipantLinkBarrier.objects.filter(barrier_id__in=groupers, participant__in=pks)
    links = visits.exclude(state=LinkState.WAITING).order_by("pk")
    latest: dict[tuple[str, Any], ParticipantLinkBarrier] = {}
    for link in links:
        latest.pop((link.barrier_id, link.participant_id), None)
        latest[link.barrier_id, link.participant_id] = link
    return latest

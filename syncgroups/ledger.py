"""For whom somebody waited. Reads only: the seconds themselves are stored on the visit."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from .models import AbstractParticipant, ParticipantLinkBarrier, ParticipantLinkSyncGroup


def waited_for(visit: ParticipantLinkBarrier) -> list[tuple[AbstractParticipant, float]]:
    """Members of the group who were not there when the visit began, and for how many seconds they were not.

    Up to their arrival, or until they were no members any longer, or until the visit ended; up to now where it goes
    on. The one waited for the longest comes first. Pauses are not taken off. Empty where no group waits. Two queries.
    """
    if visit.sync_group_id is None:
        return []
    begin, end = visit.arrival_time, visit.departure_time or timezone.now()
    arrivals = _arrivals(visit, begin)
    waited = []
    for link in _members(visit, begin, end):
        there = arrivals.get(link.participant_id, end)
        seconds = (min(there, end, link.departure_time or end) - max(begin, link.arrival_time)).total_seconds()
        if seconds > 0:
            waited.append((link.participant, seconds))
    return sorted(waited, key=lambda pair: -pair[1])


def _members(visit: ParticipantLinkBarrier, begin: datetime, end: datetime) -> list[ParticipantLinkSyncGroup]:
    """Memberships of the others in the group that stood at some time meanwhile."""
    links = ParticipantLinkSyncGroup.objects.filter(sync_group=visit.sync_group_id, arrival_time__lt=end)
    others = links.exclude(participant=visit.participant_id).select_related("participant")
    return list(others.filter(Q(departure_time=None) | Q(departure_time__gt=begin)).in_order_of_arrival())


def _arrivals(visit: ParticipantLinkBarrier, begin: datetime) -> dict[object, datetime]:
    """When the others came to the barrier with the group, if they were there meanwhile; the last time counts."""
    links = ParticipantLinkBarrier.objects.at(visit.barrier_id).filter(sync_group=visit.sync_group_id)
    there = links.filter(Q(departure_time=None) | Q(departure_time__gte=begin)).order_by("arrival_time")
    return dict(there.values_list("participant", "arrival_time"))

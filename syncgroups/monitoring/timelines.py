"""Who was where when: the course of one group, as spans of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, PresenceInterval, SyncGroup
from ..states import LinkState, Presence

#: How many spans a timeline has at most; a group that has more shows the newest.
SPANS = 500


@dataclass(frozen=True)
class Span:
    """A time during which a member was in the group, waited at a barrier, or gave no sign of life."""

    member: Any
    #: ``"member"``, ``"wait"`` or ``"silent"``.
    kind: str
    #: The barrier's id, or the presence.
    what: str
    #: In words.
    label: str
    began: datetime
    #: None while it goes on.
    ended: datetime | None
    outcome: str

    def until(self, now: datetime) -> datetime:
        return self.ended or now


@dataclass(frozen=True)
class Timeline:
    """The spans of a group's members, in order of time."""

    group: SyncGroup
    members: Sequence[Any]
    spans: Sequence[Span]
    now: datetime
    is_cut: bool


def timeline_of(group: SyncGroup) -> Timeline:
    """Everything that the group's members did while they were in it, and how they came into it. Three queries."""
    memberships = list(
        ParticipantLinkSyncGroup.objects.filter(sync_group=group).in_order_of_arrival().select_related("participant")
    )
    spans = sorted(_spans(group, memberships), key=lambda span: span.began)
    members = list({membership.participant_id: membership.participant for membership in memberships}.values())
    return Timeline(group, members, spans[-SPANS:], timezone.now(), is_cut=len(spans) > SPANS)


def _spans(group: SyncGroup, memberships: Sequence[Any]) -> Iterator[Span]:
    people = {membership.participant_id: membership.participant for membership in memberships}
    for membership in memberships:
        yield Span(
            membership.participant,
            "member",
            "",
            _("In the group"),
            membership.arrival_time,
            membership.departure_time,
            membership.reason,
        )
    # The visit that led into the group ended as it was formed. Only theirs are read, and not of who joins meanwhile.
    visits = ParticipantLinkBarrier.objects.filter(participant__in=people)
    visits = visits.filter(_meanwhile(group, "arrival_time", "departure_time"))
    silences = PresenceInterval.objects.filter(participant__in=people).exclude(state=Presence.PRESENT)
    silences = silences.filter(_meanwhile(group, "began_at", "ended_at"))
    for link in visits.order_by("-pk")[: SPANS + 1]:
        yield _visit(people[link.participant_id], link)
    for silence in silences.order_by("-pk")[: SPANS + 1]:
        label = str(Presence(silence.state).label)
        yield Span(
            people[silence.participant_id], "silent", silence.state, label, silence.began_at, silence.ended_at, ""
        )


def _meanwhile(group: SyncGroup, began: str, ended: str) -> Exists:
    """Rows from when to when their participant was, for some of the time at least, in the group."""
    memberships = ParticipantLinkSyncGroup.objects.filter(sync_group=group, participant=OuterRef("participant"))
    not_over = Q(departure_time__isnull=True) | Q(departure_time__gte=OuterRef(began))
    return Exists(memberships.filter(not_over, arrival_time__lte=Coalesce(OuterRef(ended), Now())))


def _visit(person: Any, link: ParticipantLinkBarrier) -> Span:
    outcome = "" if link.state == LinkState.WAITING else link.get_state_display()
    if link.reason:
        outcome = f"{outcome}: {link.reason}"
    label = _("Waits at '{barrier}'") if link.state == LinkState.WAITING else _("Waited at '{barrier}'")
    told = label.format(barrier=link.barrier_id)
    return Span(person, "wait", link.barrier_id, told, link.arrival_time, link.departure_time, outcome)

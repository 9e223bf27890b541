"""The second of the four verbs: load what a rule may need, in a number of queries that does not depend on how many.

The rows are tied to one another, so that inside a rule ``participant.active_sync_groups``,
``participant.active_barriers`` and ``group.active_participants`` answer without a query.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connections
from django.db.models import Case, Exists, OuterRef, Q, When, prefetch_related_objects
from django.db.models.functions import Now

from .. import registry
from ..exceptions import ImpureRule
from ..models import (
    AbstractParticipant,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    all_participants,
)
from ..prepared import Among, prepared
from ..states import LinkState


@dataclass
class Scene:
    """What there is to see at one barrier in one cohort or, at a group barrier, of one group there."""

    #: Open visits in order of arrival, by the participant's primary key; only of those who may be chosen.
    here: dict[Any, ParticipantLinkBarrier] = field(default_factory=dict)
    #: Open visits of those who give no signs of life, where only the present are matched. They keep their place.
    away: dict[Any, ParticipantLinkBarrier] = field(default_factory=dict)
    #: Open visits of people who take part no longer, or who are no longer in the group.
    stray: dict[Any, ParticipantLinkBarrier] = field(default_factory=dict)
    group: SyncGroup | None = None

    @property
    def waiting(self) -> list[AbstractParticipant]:
        return [link.participant for link in self.here.values()]

    @property
    def now(self) -> datetime:
        """The moment of the look, by the database's clock. Only where somebody waits."""
        moment: datetime = next(iter(self.held.values())).seen_at  # type: ignore[attr-defined]
        return moment

    @property
    def held(self) -> dict[Any, ParticipantLinkBarrier]:
        """Open visits of everybody who takes part."""
        return {**self.here, **self.away} if self.away else self.here

    def overdue(self) -> list[ParticipantLinkBarrier]:
        """Visits past their deadline at the moment of the look."""
        return [link for link in self.held.values() if link.overdue]


def look_at_pool(barrier: Any, cohort: str, *, for_rule: bool = True) -> Scene:
    """Everybody who waits at the barrier in this cohort, with their groups; `for_rule` with what it needs besides."""
    scene = Scene()
    links = _visits(barrier.id, cohort, left=what_is_left(barrier))
    people = [link.participant for link in links if link.participant.is_active]
    for link in links:
        _tie(link, barrier.id)
    attach_groups(people)
    if for_rule:
        prefetch_related_objects(people, *barrier.prefetch)
    for link in links:
        _side(scene, barrier, link.participant)[link.participant_id] = link
    return scene


def _side(scene: Scene, barrier: Any, participant: AbstractParticipant) -> dict[Any, ParticipantLinkBarrier]:
    """Where somebody belongs. Who has come into a group otherwise need not be there to be let go."""
    if not participant.is_active:
        return scene.stray
    may_be_chosen = participant.is_present or barrier.group_type in participant.active_sync_groups
    return scene.here if may_be_chosen or not barrier.forms_groups else scene.away


def look_at_groups(barrier: Any, groups: Sequence[SyncGroup], *, for_rule: bool = True) -> list[Scene]:
    """One scene for each of these groups: who is in it, and who of them waits at the barrier.

    `for_rule` with what it needs besides.
    """
    attach_members(groups)
    members = {member.pk: member for group in groups for member in group.active_participants}
    for everybody in members.values():
        everybody.__dict__["seen_barriers"] = {}
    attach_groups(members.values(), known=groups)
    scenes = {group.pk: Scene(group=group) for group in groups}
    members_of = {group.pk: {member.pk for member in group.active_participants} for group in groups}
    for link in _visits_of_groups(barrier.id, list(scenes)):
        group: Any = link.sync_group_id
        scene = scenes[group]
        member = members[link.participant_id] if link.participant_id in members_of[group] else None
        if member is None:
            scene.stray[link.participant_id] = link
            continue
        link.participant = member
        scene.here[member.pk] = link
        _tie(link, barrier.id)
    if barrier.on_member_timeout:
        _tie_elsewhere(members, barrier.id)
    _tie_departures(members, barrier.id, [link for scene in scenes.values() for link in scene.overdue()])
    if for_rule:
        prefetch_related_objects(list(members.values()), *barrier.prefetch)
    return list(scenes.values())


def _tie_elsewhere(members: dict[Any, AbstractParticipant], barrier_id: str) -> None:
    """Show where else these people wait: who is held there is not to blame, and stays where a pause holds them."""
    for link in _visits_elsewhere(list(members), barrier_id):
        members[link.participant_id].__dict__["seen_barriers"][link.barrier_id] = link


def _tie_departures(
    members: dict[Any, AbstractParticipant], barrier_id: str, late: Sequence[ParticipantLinkBarrier]
) -> None:
    """Show since when these people may go on, from here and from elsewhere, if that came after the waits of the late
    had begun: until then nobody could blame them. Nor can those whose visit bears the name of one who has been let
    through: whom they wait for will not come again."""
    if not late:
        return
    names = {(link.sync_group_id, link.visit) for link in late if link.visit is not None}
    since = Q(departure_time__gt=min(link.arrival_time for link in late))
    same_visit = Q(barrier_id=barrier_id, visit__in={name for _, name in names})
    released = ParticipantLinkBarrier.objects.filter(participant__in=list(members), state=LinkState.RELEASED)
    columns = ("participant", "barrier_id", "departure_time", "sync_group", "visit")
    for pk, place, moment, *visit in (
        released.filter(since | same_visit).order_by("departure_time").values_list(*columns)
    ):
        seen = members[pk].__dict__
        seen["let_through_at" if place == barrier_id else "free_since"] = moment
        if place == barrier_id and tuple(visit) in names:
            seen["has_passed"] = True


def attach_members(
    groups: Iterable[SyncGroup], known: dict[Any, AbstractParticipant] | None = None
) -> dict[int, SyncGroup]:
    """Tie each group to its active members, who are those of `known` where they are among them.

    Returns the memberships whose participant takes part no longer, by primary key, with their groups.
    """
    known = known or {}
    by_pk = {group.pk: group for group in groups}
    gone = {}
    for group in by_pk.values():
        group.__dict__["seen_members"] = []
    for member in _members(list(by_pk)):
        group = by_pk[member.in_group]
        if member.is_active:
            group.__dict__["seen_members"].append(known.get(member.pk, member))
        else:
            gone[member.membership] = group
    return gone


def untie(group: SyncGroup) -> None:
    """Forget what a rule was shown of a group and its members: from now on they answer by queries."""
    for member in group.__dict__.pop("seen_members", ()):
        for memory in ("seen_groups", "seen_barriers"):
            member.__dict__.pop(memory, None)


def _tie(link: ParticipantLinkBarrier, barrier_id: str) -> None:
    link.participant.__dict__["seen_barriers"] = {barrier_id: link}


def attach_groups(participants: Iterable[AbstractParticipant], known: Collection[SyncGroup] = ()) -> None:
    """Tie people to all of their active groups, and these to their members; `known` groups have theirs already."""
    by_pk = {participant.pk: participant for participant in participants}
    for participant in by_pk.values():
        participant.__dict__["seen_groups"] = {}
    for group in known:
        for member in group.active_participants:
            member.__dict__["seen_groups"][group.group_type] = group
    others: dict[int, SyncGroup] = {}
    for link in _memberships(list(by_pk), [group.pk for group in known]) if by_pk else ():
        group = others.setdefault(link.sync_group_id, link.sync_group)
        by_pk[link.participant_id].__dict__["seen_groups"][group.group_type] = group
    if others:
        attach_members(others.values(), known=by_pk)


def what_is_left(barrier: Any) -> str | None:
    """Which visits are left to what stands in for a barrier; None for a barrier, which is responsible for all."""
    if not isinstance(barrier, registry.Undeclared):
        return None
    return "groupless" if barrier.groupless else "running"


def visits_left(visits: Any, left: str | None) -> Any:
    """Those of these visits that are left: all, those with no group, or those whose group no pause holds."""
    if left is None:
        return visits
    return visits.filter(sync_group=None) if left == "groupless" else visits.by_running_clocks()


@prepared
def _visits(barrier_id: str, cohort: str, *, left: str | None) -> Any:
    links = visits_left(ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting(), left).in_order_of_arrival()
    return links.select_related("participant").annotate(seen_at=Now())


@prepared
def _visits_of_groups(barrier_id: str, groups: Any) -> Any:
    links = ParticipantLinkBarrier.objects.at(barrier_id).waiting().filter(Among("sync_group", groups))
    return links.in_order_of_arrival().annotate(seen_at=Now())


@prepared
def _visits_elsewhere(participants: Any, barrier_id: str) -> Any:
    links = ParticipantLinkBarrier.objects.waiting().filter(Among("participant", participants))
    records = BarrierRecord.objects.paused().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    groups = SyncGroup.objects.paused().filter(pk=OuterRef("sync_group"))
    on_hold = Case(When(Exists(records) | Exists(groups), then=True), default=False)
    return links.exclude(barrier_id=barrier_id).annotate(seen_at=Now(), on_hold=on_hold)


@prepared
def _members(groups: Any) -> Any:
    return all_participants().in_groups(groups)


@prepared
def _memberships(participants: Any, known: Any) -> Any:
    links = ParticipantLinkSyncGroup.objects.active().filter(Among("participant", participants))
    return links.exclude(Among("sync_group", known)).in_order_of_arrival().select_related("sync_group")


@contextmanager
def no_queries(barrier_id: str) -> Iterator[None]:
    """While a rule decides, the database answers with `ImpureRule`."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise ImpureRule(
            f"The rule of barrier '{barrier_id}' queried the database. Rules decide about what they are handed: name"
            f" the relations they need in the barrier's 'prefetch'. The query was: {sql[:200]}"
        )

    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            stack.enter_context(connection.execute_wrapper(refuse))
        yield

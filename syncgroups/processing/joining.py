"""How people come into groups: by a grouper's proposal, by filling a free place, or by a researcher."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from .. import registry, signals
from ..decisions import GroupProposal
from ..exceptions import AlreadyInGroup, GroupFull, GroupNotActive, ParticipantNotActive, WrongCohort
from ..models import AbstractParticipant, ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from ..prepared import Among, insert_all, prepared
from ..states import LinkState
from .endings import announce, end_visits, settle_locked
from .locks import WorldMoved, lock_groups, lock_participants, until_settled
from .looking import attach_members
from .units import Unit, wake


def joinable_groups(barrier: Any, cohort: str, newcomers: int) -> list[SyncGroup]:
    """Active groups of the cohort with room, smallest then oldest, tied to their members."""
    groups = SyncGroup.objects.of_type(barrier.group_type).in_cohort(cohort).open_to_newcomers()
    # Without a criterion nobody can get beyond the first so many groups.
    found = list(groups if barrier.join_criterion else groups[:newcomers])
    attach_members(found)
    return found


def form_groups(barrier: Any, cohort: str, proposals: Sequence[GroupProposal], *, now: datetime) -> None:
    """Store the proposed groups, as of the look. Their members are locked and in no active group of the type."""
    groups = [_group(barrier, cohort, proposal, now) for proposal in proposals]
    insert_all(groups)
    insert_all(
        [
            _membership(member, group, creation_time=now, arrival_time=now)
            for group, proposal in zip(groups, proposals, strict=True)
            for member in proposal.members
        ]
    )
    for group in groups:
        announce(signals.group_formed, SyncGroup, group=group)


def _group(barrier: Any, cohort: str, proposal: GroupProposal, now: datetime) -> SyncGroup:
    minimum, initial, maximum = proposal.sizes()
    return SyncGroup(
        kind=proposal.type,
        group_type=barrier.group_type,
        cohort=cohort,
        leader_id=getattr(proposal.leader, "pk", None),
        n_active_participants=len(proposal.members),
        min_group_size=minimum,
        initial_group_size=initial,
        max_group_size=maximum,
        join_existing_groups=proposal.join_existing_groups,
        details=proposal.details,
        creation_time=now,
    )


def _membership(participant: AbstractParticipant, group: SyncGroup, **times: datetime) -> ParticipantLinkSyncGroup:
    return ParticipantLinkSyncGroup(
        participant_id=participant.pk, sync_group_id=group.pk, group_type=group.group_type, **times
    )


def fill_places(joins: Sequence[tuple[AbstractParticipant, SyncGroup]], locked: dict[int, SyncGroup]) -> None:
    """Let people join groups that are locked. Raises `WorldMoved` when a group is not as it was when it was chosen."""
    newcomers = defaultdict(list)
    for participant, seen in joins:
        newcomers[seen.pk].append(participant)
    _require_unchanged({seen.pk: seen for _, seen in joins}, locked)
    for pk, participants in newcomers.items():
        limit = locked[pk].max_group_size
        if limit is not None and locked[pk].n_active_participants + len(participants) > limit:
            raise GroupFull(f"Group {pk} has room for {limit} members, and more were chosen to join it.")
    ParticipantLinkSyncGroup.objects.bulk_create(
        _membership(participant, locked[pk]) for pk, participants in newcomers.items() for participant in participants
    )
    settle_locked([locked[pk] for pk in newcomers])


def _require_unchanged(seen: dict[int, SyncGroup], locked: dict[int, SyncGroup]) -> None:
    """Raise `WorldMoved` unless these groups have the very members with whom the rule saw them."""
    members = {pk: [member.pk for member in group.active_participants] for pk, group in seen.items()}
    if not all(pk in locked and locked[pk].active for pk in seen):
        raise WorldMoved
    attach_members([locked[pk] for pk in seen])
    if any([member.pk for member in locked[pk].active_participants] != members[pk] for pk in seen):
        raise WorldMoved


def require_groupless(participants: Collection[AbstractParticipant], group_type: str) -> None:
    """Raise `WorldMoved` if one of these locked participants has come into a group of the type meanwhile."""
    if _memberships([participant.pk for participant in participants], group_type):
        raise WorldMoved


@prepared
def _memberships(participants: Any, group_type: str) -> Any:
    memberships = ParticipantLinkSyncGroup.objects.active().filter(Among("participant", participants))
    return memberships.filter(group_type=group_type).values_list("pk")[:1]


def add_to_group(group: SyncGroup, participant: AbstractParticipant) -> set[Unit]:
    """Make one participant a member. Locks the group, then the participant.

    Raises `GroupNotActive`, `GroupFull`, `WrongCohort`, `AlreadyInGroup` or `ParticipantNotActive`.
    """

    def attempt(more: frozenset[int]) -> set[Unit]:
        locked = lock_groups({group.pk})[group.pk]
        person = lock_participants([participant.pk])[participant.pk]
        attach_members([locked])
        _require_place(locked, person)
        _membership(person, locked).save()
        # Who waited for such a group has one now.
        groupers = [grouper.id for grouper in registry.groupers_of(locked.group_type)]
        visits = ParticipantLinkBarrier.objects.waiting().filter(participant=person.pk, barrier_id__in=groupers)
        pools = end_visits(visits, LinkState.RELEASED, f"added to group {locked.pk}", maybe_paused=True)
        wake(pools)
        return pools | settle_locked([locked])

    units = until_settled(attempt)
    group.refresh_from_db()
    return units


def _require_place(group: SyncGroup, participant: AbstractParticipant) -> None:
    if not group.active:
        raise GroupNotActive(f"Group {group.pk} is closed.")
    if group.cohort != participant.cohort:
        raise WrongCohort(f"{participant} is in cohort '{participant.cohort}', group {group.pk} in '{group.cohort}'.")
    if not participant.is_active:
        raise ParticipantNotActive(f"{participant} takes part no longer.")
    memberships = ParticipantLinkSyncGroup.objects.active().of([participant])
    if memberships.filter(group_type=group.group_type).exists():
        raise AlreadyInGroup(f"{participant} is in an active group of type '{group.group_type}' already.")
    if group.max_group_size is not None and len(group.active_participants) >= group.max_group_size:
        raise GroupFull(f"Group {group.pk} has {group.max_group_size} members and no room for another one.")

"""How a pass brings people into groups: by a grouper's proposal, or by filling a free place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from .. import signals
from ..decisions import GroupProposal
from ..exceptions import GroupFull
from ..models import AbstractParticipant, ParticipantLinkSyncGroup, SyncGroup
from ..prepared import Among, insert_all, prepared
from .locks import WorldMoved
from .looking import attach_members
from .settling import announce, settle_locked


def joinable_groups(barrier: Any, cohort: str, newcomers: int) -> list[SyncGroup]:
    """Active groups of the cohort with room, smallest then oldest, tied to their members."""
    groups = SyncGroup.objects.of_type(barrier.group_type).in_cohort(cohort).open_to_newcomers()
    # By size alone nobody can get beyond the first so many groups.
    found = list(groups if barrier.looks_at_every_group else groups[:newcomers])
    attach_members(found)
    return found


def form_groups(barrier: Any, cohort: str, proposals: Sequence[GroupProposal], *, now: datetime) -> list[SyncGroup]:
    """Store and return the proposed groups, as of the look. Their members are locked and in no group of the type."""
    groups = [_group(barrier, cohort, proposal, now) for proposal in proposals]
    insert_all(groups)
    insert_all(
        [
            new_membership(member, group, creation_time=now, arrival_time=now)
            for group, proposal in zip(groups, proposals, strict=True)
            for member in proposal.members
        ]
    )
    for group in groups:
        announce(signals.group_formed, SyncGroup, group=group)
    return groups


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


def new_membership(participant: AbstractParticipant, group: SyncGroup, **times: datetime) -> ParticipantLinkSyncGroup:
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
        # Counted anew, as the rule has counted: what is stored may be out of date until the next recount.
        if limit is not None and len(locked[pk].active_participants) + len(participants) > limit:
            raise GroupFull(f"Group {pk} has room for {limit} members, and more were chosen to join it.")
    ParticipantLinkSyncGroup.objects.bulk_create(
        new_membership(participant, locked[pk])
        for pk, participants in newcomers.items()
        for participant in participants
    )
    settle_locked([locked[pk] for pk in newcomers])


def _require_unchanged(seen: dict[int, SyncGroup], locked: dict[int, SyncGroup]) -> None:
    """Raise `WorldMoved` unless these groups have the very members with whom the rule saw them."""
    members = {pk: [member.pk for member in group.active_participants] for pk, group in seen.items()}
    if not all(pk in locked and locked[pk].active and not locked[pk].paused for pk in seen):
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

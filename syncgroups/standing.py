"""Where a participant stands: what pages and polls tell them. Reads only, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from . import registry
from .models import AbstractParticipant, ParticipantLinkBarrier, get_participant_model
from .states import LinkState


@dataclass(frozen=True)
class Wait:
    """An open visit, seen by the one who waits."""

    barrier_id: str
    visit_id: str
    since: datetime
    until: datetime
    n_here: int
    #: How many have to be here; None where the barrier's rule does not say.
    n_needed: int | None


@dataclass(frozen=True)
class Membership:
    """An active group, seen by a member."""

    group_type: str
    group_id: str
    role: str
    size: int


@dataclass(frozen=True)
class Standing:
    """Everything that a participant may know about themselves. Names nobody else."""

    participant_id: str
    status: str
    failed: bool
    failed_reason: str
    time_credit: float
    waits: list[Wait]
    groups: list[Membership]


def standing_of(participant: AbstractParticipant) -> Standing:
    """Where the participant stands now. One query."""
    rows = list(_rows(participant))
    waits = {row["link_id"]: _wait(row) for row in rows if row["link_id"]}
    groups = {row["group_id"]: _membership(row, participant) for row in rows if row["group_id"]}
    now = rows[0]
    return Standing(
        participant_id=str(participant.public_id),
        status=now["status"],
        failed=now["failed"],
        failed_reason=now["failed_reason"],
        time_credit=now["time_credit"],
        waits=[waits[pk] for pk in sorted(waits)],
        groups=[groups[pk] for pk in sorted(groups)],
    )


def _rows(participant: AbstractParticipant) -> Any:
    """The participant with open visits and active groups side by side: seldom more than one row."""
    links = ParticipantLinkBarrier.objects.waiting().order_by()
    in_group = links.filter(barrier_id=OuterRef("link__barrier_id"), sync_group=OuterRef("link__sync_group"))
    in_cohort = links.filter(barrier_id=OuterRef("link__barrier_id"), cohort=OuterRef("link__cohort"))
    return (
        get_participant_model()
        ._default_manager.filter(pk=participant.pk)
        .annotate(
            link=FilteredRelation("barrier_links", condition=Q(barrier_links__state=LinkState.WAITING)),
            membership=FilteredRelation("sync_group_links", condition=Q(sync_group_links__active=True)),
            mates_here=Subquery(in_group.values("barrier_id").annotate(n=Count("pk")).values("n")),
            all_here=Subquery(in_cohort.values("barrier_id").annotate(n=Count("pk")).values("n")),
        )
        .values(
            "status",
            "failed",
            "failed_reason",
            "time_credit",
            link_id=F("link__pk"),
            barrier_id=F("link__barrier_id"),
            visit_id=F("link__public_id"),
            since=F("link__arrival_time"),
            until=F("link__deadline"),
            waits_with=F("link__sync_group__n_active_participants"),
            n_here=Coalesce("mates_here", "all_here"),
            group_id=F("membership__sync_group"),
            group_public_id=F("membership__sync_group__public_id"),
            group_type=F("membership__sync_group__group_type"),
            leader=F("membership__sync_group__leader"),
            size=F("membership__sync_group__n_active_participants"),
        )
    )


def _wait(row: dict[str, Any]) -> Wait:
    barrier = registry.find(row["barrier_id"])
    needed = row["waits_with"] if row["waits_with"] is not None else getattr(barrier, "n_needed", None)
    return Wait(
        barrier_id=row["barrier_id"],
        visit_id=str(row["visit_id"]),
        since=row["since"],
        until=row["until"],
        n_here=row["n_here"] or 0,
        n_needed=needed,
    )


def _membership(row: dict[str, Any], participant: AbstractParticipant) -> Membership:
    return Membership(
        group_type=row["group_type"],
        group_id=str(row["group_public_id"]),
        role="leader" if row["leader"] == participant.pk else "follower",
        size=row["size"],
    )

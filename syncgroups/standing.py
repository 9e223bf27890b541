"""Where a participant stands: what pages and polls tell them. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import router
from django.db.models import Case, Count, Exists, F, FilteredRelation, OuterRef, Q, Subquery, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import registry
from .barriers import BELOW_MINIMUM, INCOMPLETE, KEPT_WAITING
from .models import AbstractParticipant, BarrierRecord, ParticipantLinkBarrier
from .prepared import planned
from .querysets import ParticipantQuerySet
from .states import LinkState, ParticipantStatus


@dataclass(frozen=True)
class Wait:
    """An open visit, seen by the one who waits."""

    barrier_id: str
    visit_id: str
    since: datetime
    until: datetime
    #: Of the group those who wait here and are not gone; of those who wait to be matched the present.
    n_here: int
    #: How many have to be here; None where the barrier's rule does not say.
    n_needed: int | None
    #: Whether a researcher holds the barrier or the group: nobody goes on, and no time runs.
    paused: bool
    #: How often one may still ask for more time.
    extensions_left: int
    #: What a researcher says to those who wait; empty for nothing.
    message: str


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
    #: Whether signs of life come in; the one that asks may be news.
    presence: str


#: What is told of the participant as it is stored.
OWN = ("status", "failed", "failed_reason", "time_credit", "presence")


def standing_of(participant: AbstractParticipant) -> Standing:
    """Where the participant stands now. One query, so that it tells of one moment: a wait that is over, and why."""
    # Resolvers may answer with a lazy object, whose type is not that of the participant.
    model = participant.__class__
    rows = _situation(UUID(str(participant.public_id)), model=model, using=router.db_for_read(model))
    # A database that is read may lag behind the one that is written.
    own = rows[0] if rows else vars(participant)
    groups = {row["group_id"]: row for row in rows if row["group_id"]}
    links = {row["link_id"]: row for row in rows if row["link_id"]}
    return Standing(
        participant_id=str(participant.public_id),
        **{name: own[name] for name in OWN},
        waits=[_wait(links[pk], groups.get(links[pk]["waits_with"])) for pk in sorted(links)],
        groups=[_membership(groups[pk], participant) for pk in sorted(groups)],
    )


@planned
def _situation(public_id: Any, *, model: type[AbstractParticipant]) -> Any:
    """The participant's open visits and active groups, side by side: seldom more than one row."""
    links = ParticipantLinkBarrier.objects.waiting().order_by()
    mates = links.filter(barrier_id=OuterRef("link__barrier_id"), sync_group=OuterRef("link__sync_group"))
    place = {"barrier_id": OuterRef("link__barrier_id"), "cohort": OuterRef("link__cohort")}
    in_group, in_cohort = mates.of_those_not_gone(), links.of_the_present().filter(**place)
    return (
        ParticipantQuerySet(model=model)
        .filter(public_id=public_id)
        .annotate(
            link=FilteredRelation("barrier_links", condition=Q(barrier_links__state=LinkState.WAITING)),
            membership=FilteredRelation("sync_group_links", condition=Q(sync_group_links__active=True)),
            mates_here=Subquery(in_group.values("barrier_id").annotate(n=Count("pk")).values("n")),
            paused=Exists(BarrierRecord.objects.paused().filter(**place)),
            all_here=Subquery(in_cohort.values("barrier_id").annotate(n=Count("pk")).values("n")),
        )
        .values(
            *OWN,
            link_id=F("link__pk"),
            barrier_id=F("link__barrier_id"),
            visit_id=F("link__public_id"),
            since=F("link__arrival_time"),
            until=F("link__deadline"),
            extensions=F("link__extensions"),
            waits_with=F("link__sync_group_id"),
            # Of a group nobody may be there. That is no reason to count strangers.
            n_here=Case(When(link__sync_group__isnull=True, then="all_here"), default="mates_here"),
            held=F("paused"),
            group_id=F("membership__sync_group_id"),
            group_type=F("membership__group_type"),
            group_public_id=F("membership__sync_group__public_id"),
            leader=F("membership__sync_group__leader_id"),
            size=F("membership__sync_group__n_active_participants"),
            min_size=F("membership__sync_group__min_group_size"),
            group_held_at=F("membership__sync_group__paused_at"),
            message=F("link__message"),
        )
    )


def _wait(row: dict[str, Any], group: dict[str, Any] | None) -> Wait:
    barrier = registry.find(row["barrier_id"])
    return Wait(
        barrier_id=row["barrier_id"],
        visit_id=str(row["visit_id"]),
        since=row["since"],
        until=row["until"],
        n_here=row["n_here"] or 0,
        n_needed=_needed(barrier, group),
        paused=row["held"] or bool(group and group["group_held_at"]),
        extensions_left=max(0, getattr(barrier, "extensions", 0) - row["extensions"]),
        message=row["message"],
    )


def _needed(barrier: Any, group: dict[str, Any] | None) -> int | None:
    """A group needs all of its members, and at least the minimum, except where it comes to be closed."""
    if group is None:
        return getattr(barrier, "n_needed", None)
    size: int = group["size"]
    return size if getattr(barrier, "closes_group", False) else max(size, group["min_size"])


#: Reason of those who leave because they may choose between more time and that.
HAD_ENOUGH = "chose not to wait any longer"

#: What the app's own reasons, why a participation ends, are in words for the participant.
REASONS = {
    BELOW_MINIMUM: gettext_lazy("Too few people were left in your group to go on. That is not your fault."),
    INCOMPLETE: gettext_lazy(
        "Not everybody in your group came in time, so that it could not go on. That is not your fault."
    ),
    KEPT_WAITING: gettext_lazy("Your group waited for you, and in the end had to go on without you."),
    HAD_ENOUGH: gettext_lazy("You chose not to wait any longer. The time that you have waited counts."),
}


def explain_end(participant: AbstractParticipant) -> str:
    """Why the participation ended, in plain words for the participant. At most one query."""
    if participant.status == ParticipantStatus.FINISHED:
        return _("You have reached the end. There is nothing more to do here.")
    visits = participant.barrier_links.exclude(state=LinkState.WAITING).order_by("-departure_time", "-pk")  # type: ignore[attr-defined]
    state, reason = visits.values_list("state", "reason").first() or ("", "")
    known = participant.failed_reason or (reason if state == LinkState.WITHDRAWN else "")
    if known == INCOMPLETE != reason:
        # They were not there, with the others.
        known = KEPT_WAITING
    sentence = str(REASONS.get(known, ""))
    if not sentence and state == LinkState.TIMED_OUT:
        sentence = _("The others whom you waited for did not come in time. That is not your fault.")
    if sentence and participant.status == ParticipantStatus.LEFT and known != HAD_ENOUGH:
        return " ".join([sentence, _("You keep the credit that you have earned.")])
    if sentence:
        return sentence
    if participant.failed and participant.failed_reason:
        return _("The reason: {reason}.").format(reason=participant.failed_reason.rstrip("."))
    return _("There is nothing more to do here.")


def is_grouped_by_other_means(participant: AbstractParticipant, group_type: str) -> bool:
    """Whether the participant has a group of that type into which no grouper has brought them, but for example a
    researcher. One query.
    """
    brought = ParticipantLinkBarrier.objects.filter(
        participant=participant.pk,
        barrier_id__in=[grouper.id for grouper in registry.groupers_of(group_type)],
        state=LinkState.RELEASED,
        departure_time__gte=OuterRef("arrival_time"),
    )
    memberships = participant.sync_group_links.active().filter(group_type=group_type)  # type: ignore[attr-defined]
    return bool(memberships.exclude(Exists(brought)).exists())


def _membership(row: dict[str, Any], participant: AbstractParticipant) -> Membership:
    return Membership(
        group_type=row["group_type"],
        group_id=str(row["group_public_id"]),
        role="leader" if row["leader"] == participant.pk else "follower",
        size=row["size"],
    )

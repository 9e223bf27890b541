"""The vocabulary of queries: adjectives filter, verbs update and restate their precondition."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, F, FilteredRelation, Func, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest, Least, Now
from django.db.models.lookups import IsNull

from .prepared import Among, StatementQuerySet
from .states import LinkState, ParticipantStatus, Presence

#: A participant who may arrive, wait and be grouped.
ACTIVE = Q(status=ParticipantStatus.WORKING, failed=False)

#: What of a participant decides about an arrival.
ARRIVING = ("status", "failed", "cohort", "presence")


class InSeconds(Func):
    """A duration as a floating-point number of seconds, which is a different sentence on every database."""

    output_field = models.FloatField()
    arity = 1
    template = "%(expressions)s / 1000000.0"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="EXTRACT(EPOCH FROM %(expressions)s)", **context)


class ParticipantQuerySet(StatementQuerySet[Any]):
    def active(self) -> Self:
        return self.filter(ACTIVE)

    def in_cohort(self, cohort: str) -> Self:
        return self.filter(cohort=cohort)

    def in_groups(self, groups: Any) -> Self:
        """Standing members of these groups in the order in which they joined; a row, with ``in_group``, for each."""
        link = {"in_group": "sync_group_id", "membership": "pk", "member_since": "arrival_time"}
        return (
            self.filter(Among("sync_group_links__sync_group", groups), sync_group_links__active=True)
            .annotate(**{name: F(f"sync_group_links__{column}") for name, column in link.items()})
            .order_by("sync_group_links__arrival_time", "sync_group_links__pk")
        )

    def as_arriving(self, barrier_id: Any, visit: Any, group_type: Any) -> models.QuerySet[Any, Any]:
        """Everything that decides about an arrival, in one row: status, an earlier visit, the group, the time."""
        same = Q(barrier_links__state=LinkState.WAITING)
        if visit is not None:
            same |= Q(barrier_links__visit=visit)
        here = FilteredRelation("barrier_links", condition=Q(barrier_links__barrier_id=barrier_id) & same)
        named_first = [] if visit is None else [Case(When(here__visit=visit, then=0), default=1)]
        of_type = Q(sync_group_links__active=True, sync_group_links__group_type=group_type)
        member = FilteredRelation("sync_group_links", condition=of_type)
        row: models.QuerySet[Any, Any] = (
            self.annotate(here=here, member=member, now=Now())
            .order_by(*named_first, "-here__pk")
            .values(*ARRIVING, "now", link=F("here__pk"), group=F("member__sync_group"))[:1]
        )
        return row

    def present(self) -> Self:
        return self.filter(presence=Presence.PRESENT)

    def mark_seen(self, hidden: bool, **lapses: Any) -> int:
        """A sign of life now; `lapses` are ``quiet_at`` and ``gone_at``."""
        return self.update(last_seen_at=Now(), page_hidden=hidden, **lapses)

    def end(self, status: str, *, failed: bool, reason: str, by: str = "") -> int:
        """Active participants take part no longer."""
        death: Any = Now() if failed else F("time_of_death")
        return self.active().update(
            status=status,
            failed=failed,
            failed_reason=reason if failed else "",
            time_of_death=death,
            ended_by=by,
            # Nobody looks for signs of life any longer.
            quiet_at=None,
            gone_at=None,
        )

    def add_credit_of(self, links: LinkBarrierQuerySet) -> int:
        """Add what these visits earned to those who made them."""
        earned = links.filter(participant=OuterRef("pk")).order_by().values("participant")
        total = Subquery(earned.annotate(total=Sum("time_credit")).values("total"))
        return self.update(time_credit=F("time_credit") + Coalesce(total, 0.0))


class SyncGroupQuerySet(StatementQuerySet[Any]):
    def active(self) -> Self:
        return self.filter(active=True)

    def of_type(self, group_type: str) -> Self:
        return self.filter(group_type=group_type)

    def in_cohort(self, cohort: str) -> Self:
        return self.filter(cohort=cohort)

    def open_to_newcomers(self) -> Self:
        """With room; the smallest first, and of those the oldest."""
        room = Q(max_group_size__isnull=True) | Q(n_active_participants__lt=F("max_group_size"))
        return (
            self.active()
            .filter(room, join_existing_groups=True, paused_at=None)
            .order_by("n_active_participants", "pk")
        )

    def with_true_count(self) -> Self:
        """Annotate ``true_count``, the number of memberships that stand and whose participant is active."""
        standing = Q(participant_links__active=True) & Q(
            participant_links__participant__failed=False,
            participant_links__participant__status=ParticipantStatus.WORKING,
        )
        return self.annotate(true_count=Count("participant_links", filter=standing))

    def paused(self) -> Self:
        return self.filter(paused_at__isnull=False)

    def close(self, reason: str, *, by: str = "") -> int:
        return self.active().update(active=False, end_time=Now(), end_reason=reason, ended_by=by)


class LinkSyncGroupQuerySet(StatementQuerySet[Any]):
    def active(self) -> Self:
        return self.filter(active=True)

    def of(self, participants: Any) -> Self:
        """Of these participants, or of those with these primary keys."""
        return self.filter(participant__in=[getattr(participant, "pk", participant) for participant in participants])

    def in_order_of_arrival(self) -> Self:
        return self.order_by("arrival_time", "pk")

    def end(self, reason: str, *, by: str = "") -> int:
        return self.active().update(active=False, departure_time=Now(), reason=reason, ended_by=by)


class LinkBarrierQuerySet(StatementQuerySet[Any]):
    def at(self, barrier_id: str, cohort: str | None = None) -> Self:
        place = self.filter(barrier_id=barrier_id)
        return place if cohort is None else place.filter(cohort=cohort)

    def waiting(self) -> Self:
        return self.filter(state=LinkState.WAITING)

    def overdue(self) -> Self:
        return self.waiting().filter(deadline__lte=Now())

    def by_running_clocks(self) -> Self:
        """Whose group no pause holds. The barrier's own is another matter."""
        return self.filter(sync_group__paused_at=None)

    def by_active_participants(self) -> Self:
        return self.filter(participant__failed=False, participant__status=ParticipantStatus.WORKING)

    def in_order_of_arrival(self) -> Self:
        """First come, first; whoever was sent back to be grouped has kept the place of before."""
        return self.order_by(Coalesce("place_since", "arrival_time"), "pk")

    def of_the_present(self) -> Self:
        return self._by_presence(Presence.PRESENT)

    def of_those_not_gone(self) -> Self:
        return self._by_presence(Presence.PRESENT, Presence.QUIET)

    def _by_presence(self, *states: str) -> Self:
        """Asks after each participant by key. PostgreSQL may answer a join by reading all participants there are."""
        people = ParticipantQuerySet(model=self.model._meta.get_field("participant").related_model)
        presence = people.filter(pk=OuterRef("participant")).values("presence")
        return self.alias(presence=Subquery(presence)).filter(presence__in=states)

    def end(
        self,
        state: Any,
        reason: Any,
        *,
        by: Any = "",
        fixed_credit: Any = None,
        capped: bool = False,
        matching: bool = False,
    ) -> int:
        """Waits end now and earn their credit.

        The credit is `fixed_credit`, or else the seconds really waited, up to the deadline; where it is `capped`, those
        seconds, and not more than `fixed_credit`. What was not paused is put down as waiting for a match, or else for
        others.
        """
        waited = InSeconds(Least(Now(), F("deadline")) - F("arrival_time"))
        credit: Any = waited if fixed_credit is None else fixed_credit
        if capped and fixed_credit is not None:
            credit = Least(waited, fixed_credit, output_field=models.FloatField())
        spent: Any = Greatest(InSeconds(Now() - F("arrival_time")) - F("paused_for"), Value(0.0))
        ledger = {"waited_for_match" if matching else "waited_for_others": spent}
        ended = {"state": state, "reason": reason, "ended_by": by, "departure_time": Now()}
        return self.waiting().update(**ended, time_credit=credit, **ledger)

    def put_off(self, since: Any, until: Any) -> int:
        """Put down a pause that held those who wait from `since` (expressions; nothing where none did) `until`: in it
        no time has run."""
        begun = Greatest(F("arrival_time"), since)
        held = Greatest(until, begun) - begun
        those = self.waiting().filter(IsNull(since, False))
        return those.update(deadline=F("deadline") + held, paused_for=F("paused_for") + InSeconds(held))

    def extend(self, seconds: Any, clock: Any, **changes: Any) -> int:
        """Who waits may do so for so many seconds more: beyond the deadline, or beyond what the clock shows by now."""
        later = Greatest(F("deadline"), clock) + timedelta(seconds=seconds)
        return self.waiting().update(deadline=later, **changes)

    def name(self, visit: str) -> int:
        """An open visit without a name is called that from now on."""
        return self.waiting().filter(visit=None).update(visit=visit)

    def turn_page(self, turn: int) -> int:
        """That page of the waiting logic is done, unless it has been before; also by those who may go on meanwhile."""
        return self.filter(turns=turn).update(turns=turn + 1)


class WakeUpQuerySet(StatementQuerySet[Any]):
    def at(self, barrier_id: str, cohort: str) -> Self:
        return self.filter(barrier_id=barrier_id, cohort=cohort)

    def due(self) -> Self:
        return self.filter(due_at__lte=Now())


class BarrierRecordQuerySet(StatementQuerySet[Any]):
    def paused(self) -> Self:
        return self.filter(paused_at__isnull=False)

    def with_counts(self, links: LinkBarrierQuerySet) -> Self:
        """Annotate ``n_waiting``, ``waiting_since`` and ``next_deadline``, if time runs, from the visits given."""
        here = links.waiting().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
        counted = here.order_by().values("barrier_id").annotate(n=Count("pk")).values("n")
        oldest = here.in_order_of_arrival().values("arrival_time")[:1]
        next_deadline = here.by_running_clocks().order_by("deadline").values("deadline")[:1]
        return self.annotate(
            n_waiting=Coalesce(Subquery(counted), 0),
            waiting_since=Subquery(oldest),
            next_deadline=Case(When(paused_at=None, then=Subquery(next_deadline))),
        )

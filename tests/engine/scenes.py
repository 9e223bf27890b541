"""Situations that several tests begin with, and what they look at afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from syncgroups import testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    get_participant_model,
)

A_DAY = Now() + timedelta(days=1)


def make_groups(n: int, *, size: int = 2, group_type: str = "rps", cohort: str = "", **fields: Any) -> list[SyncGroup]:
    """So many groups, formed by a grouper that is declared only meanwhile, with these fields set afterwards."""
    people = testing.make_participants(n * size, cohort=cohort)
    grouper = SimpleGrouper(group_type, initial_group_size=size)
    with testing.declared(grouper):
        testing.arrive_all(people, grouper.id)
        testing.process(grouper.id, cohort)
    formed = SyncGroup.objects.filter(participant_links__participant__in=people).distinct().order_by("pk")
    if fields:
        formed.model.objects.filter(pk__in=[group.pk for group in formed]).update(**fields)
    assert formed.count() == n
    return list(formed.all())


def make_group(size: int = 2, **kwargs: Any) -> SyncGroup:
    """One group, formed by a grouper that is declared only meanwhile."""
    return make_groups(1, size=size, **kwargs)[0]


def members(*groups: SyncGroup) -> list[Any]:
    """The active members of these groups, as they are stored."""
    return [member for group in groups for member in SyncGroup.objects.get(pk=group.pk).active_participants]


def fresh(row: Any) -> Any:
    """The row as it is stored now."""
    return type(row)._default_manager.get(pk=row.pk)


def states(links: Any) -> list[str]:
    """The states of these visits, as they are stored, in the order given."""
    return [fresh(link).state for link in links]


def visits(barrier_id: str, *people: Any) -> list[ParticipantLinkBarrier]:
    """The visits of these people to the barrier, in order of arrival; of everybody when nobody is named."""
    links = ParticipantLinkBarrier.objects.at(barrier_id).in_order_of_arrival()
    return list(links.filter(participant__in=people) if people else links)


def groups_of(participant: Any) -> list[SyncGroup]:
    """The active groups of a participant."""
    links = ParticipantLinkSyncGroup.objects.active().of([participant])
    return list(SyncGroup.objects.filter(pk__in=links.values("sync_group")))


@contextmanager
def counted() -> Iterator[CaptureQueriesContext]:
    """Capture what is asked of the database."""
    with CaptureQueriesContext(connection) as queries:
        yield queries


def number_of_queries(act: Any, *args: Any, **kwargs: Any) -> int:
    """How many statements a call takes."""
    with counted() as queries:
        act(*args, **kwargs)
    return len(queries)


def same_for_few_and_many(prepare: Callable[[int], Callable[[], Any]]) -> None:
    """`prepare` is given a number and returns what to do; that must take equally many statements, and some."""
    few, many = (number_of_queries(_alive(prepare(n))) for n in (2, 40))
    assert few == many > 0


def _alive(act: Callable[[], Any]) -> Callable[[], Any]:
    """It is noted that every barrier is alive: so it is once a second, and many take longer to prepare than few."""
    BarrierRecord.objects.update(last_processed=Now())
    return act


def crowd(n: int, barrier_id: str, **fields: Any) -> list[ParticipantLinkBarrier]:
    """So many people who wait at a barrier, stored at once and with nothing due."""
    model = get_participant_model()
    people = model._default_manager.bulk_create(model() for _ in range(n))
    return ParticipantLinkBarrier.objects.bulk_create(
        ParticipantLinkBarrier(participant=person, barrier_id=barrier_id, **{"deadline": A_DAY, **fields})
        for person in people
    )

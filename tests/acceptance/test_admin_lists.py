"""Lists of ten thousand rows: as many queries as lists of two, and none that reads all of them one by one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from syncgroups import testing
from syncgroups.models import (
    AuditEntry,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
    get_participant_model,
)
from syncgroups.states import Verb

from . import researchers
from .researchers import list_url, queries, signed_in, staff

# Rows of ten thousand take their time to store: once is enough.
pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

MANY = 10_000
Participant = get_participant_model()
LISTS = [
    Participant,
    SyncGroup,
    ParticipantLinkSyncGroup,
    ParticipantLinkBarrier,
    BarrierRecord,
    WakeUp,
    AuditEntry,
]


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


def stored(n, start=0):
    """So many rows of every kind, each participant in a group of their own, waiting at a barrier."""
    deadline = timezone.now() + timedelta(hours=1)
    people = Participant.objects.bulk_create(Participant(cohort="c0") for _ in range(n))
    groups = SyncGroup.objects.bulk_create(SyncGroup(group_type="rps", cohort="c0", leader=p) for p in people)
    pairs = list(zip(people, groups, strict=True))
    ParticipantLinkSyncGroup.objects.bulk_create(
        ParticipantLinkSyncGroup(participant=person, sync_group=group, group_type="rps") for person, group in pairs
    )
    ParticipantLinkBarrier.objects.bulk_create(
        ParticipantLinkBarrier(
            participant=person, sync_group=group, barrier_id="choice_made", cohort="c0", deadline=deadline
        )
        for person, group in pairs
    )
    BarrierRecord.objects.bulk_create(
        BarrierRecord(barrier_id="choice_made", cohort=f"c{start + number}") for number in range(n)
    )
    WakeUp.objects.bulk_create(WakeUp(barrier_id="choice_made", cohort="c0", sync_group=group) for group in groups)
    AuditEntry.objects.bulk_create(
        AuditEntry(by="ada", verb=Verb.PAUSE, reason="x", cohort="c0", participant=person, sync_group=group)
        for person, group in pairs
    )


def test_lists_of_ten_thousand_rows_cost_as_many_queries_as_lists_of_two():
    """Catches: a column that asks about each row, and a total that is counted with a query of its own."""
    ada = signed_in(staff("ada", is_superuser=True))
    stored(2)
    few = {model: queries(lambda model=model: ada.get(list_url(model))) for model in LISTS}
    stored(MANY - 2, start=2)
    assert all(model._default_manager.count() == MANY for model in LISTS)
    assert {model: queries(lambda model=model: ada.get(list_url(model))) for model in LISTS} == few
    page = ada.get(list_url(ParticipantLinkBarrier), {"q": str(Participant.objects.latest("pk"))})
    assert page.context["cl"].result_count == 1

"""What Prometheus asks every few seconds reads the newest visits, however many there have ever been.

Catches: a count of the whole table at each scrape.
"""

import pytest
from prometheus_client import generate_latest

from syncgroups import testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.metrics import site_registry
from syncgroups.models import ParticipantLinkBarrier
from tests.speed.plans import scans_of

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.usefixtures("long_history")]

VISITS = "syncgroups_participantlinkbarrier"
#: Of open visits, and by which a range of the newest is found.
SMALL = {
    "syncgroups_waiting_in_order",
    "syncgroups_waiting_by_group",
    "syncgroups_waiting_deadline",
    f"{VISITS}_pkey",
}


def test_a_scrape_after_the_first_one_reads_no_table_whole():
    ParticipantLinkBarrier.objects.exclude(state="waiting").update(arrival_time="2020-01-01T00:00Z")
    newest = ParticipantLinkBarrier.objects.latest("pk").pk
    ParticipantLinkBarrier.objects.filter(pk__lt=newest - 1000).waiting().delete()
    with testing.declared(SimpleGrouper("pairs", initial_group_size=2)):
        registry = site_registry()
        generate_latest(registry)
        scans = [scan for scan in scans_of(lambda: generate_latest(registry)) if scan.table == VISITS]
    assert scans
    assert {scan.index for scan in scans} <= SMALL, [scan.statement for scan in scans if scan.index not in SMALL]

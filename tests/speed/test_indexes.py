"""No query that participants, workers or the clock cause reads a whole table, and each uses the index made for it.

Every test catches: an index whose condition no longer fits the query's, or a query that has lost its index.
"""

from collections.abc import Callable

import pytest
from django.db import connection

from bench import seeds
from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.estimates import estimate_of
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, SyncGroup, get_participant_model
from syncgroups.monitoring import timeline_of
from syncgroups.standing import standing_of
from tests.speed.plans import Scan, scans_of

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.usefixtures("long_history", "site")]

VISITS = "syncgroups_participantlinkbarrier"
#: Tables that grow with the experiment; the others stay small or are emptied again and again.
GROWING = {VISITS, "syncgroups_participantlinksyncgroup", "syncgroups_participant", "syncgroups_syncgroup"}
#: Indexes of open visits only, however many have ended.
OF_OPEN_VISITS = {"syncgroups_waiting_in_order", "syncgroups_waiting_by_group", "syncgroups_waiting_deadline"}


@pytest.fixture
def site():
    """The barriers at which the history happened."""
    barriers = [
        SimpleGrouper("pairs", initial_group_size=2),
        SimpleGrouper("hall", initial_group_size=2),
        SimpleGrouper("open", initial_group_size=2, max_group_size=3, join_existing_groups=True),
        GroupBarrier("meet", "pairs"),
        GroupCloser("pairs"),
    ]
    with testing.declared(*barriers):
        yield


def indexes_of(act: Callable[[], object]) -> set[str | None]:
    """The indexes that the act uses, none of whose statements may read all of a growing table."""
    scans = scans_of(act)
    assert scans, "nothing was asked"
    whole = [scan for scan in scans if scan.index is None and scan.table in GROWING]
    assert not whole, "\n".join(describe(scan) for scan in whole)
    return {scan.index for scan in scans}


def describe(scan: Scan) -> str:
    return f"reads all of {scan.table}: {scan.statement[:2000]}"


def participant(pk: int):
    return get_participant_model()._default_manager.get(pk=pk)


def test_an_arrival_looks_by_its_own_participant():
    person = participant(2)
    used = indexes_of(lambda: arrivals.arrive(person, "meet", visit="now"))
    assert "syncgroups_one_active_group_per_type" in used
    assert "syncgroups_participant_pkey" in used


def test_an_arrival_that_has_been_is_found_by_its_own_participant():
    person = participant(2)
    indexes_of(lambda: arrivals.arrive(person, "meet", visit="3"))


def test_a_pass_over_a_grouper_finds_those_who_wait_in_order_of_arrival():
    arrivals.arrive(testing.make_participants(1)[0], "pairs_grouper")
    used = indexes_of(lambda: processing.process_barrier("pairs_grouper"))
    assert "syncgroups_wakeup_unit" in used
    assert used & OF_OPEN_VISITS


def test_a_pass_over_a_grouper_looks_at_nobody_who_waits_elsewhere():
    everybody = {
        "participant_id": "p.id",
        "barrier_id": "'elsewhere'",
        "state": "'waiting'",
        "deadline": "now() + interval '1 hour'",
    }
    with connection.cursor() as cursor:
        cursor.execute(seeds.inserting(cursor, "participantlinkbarrier", everybody, "syncgroups_participant AS p"))
        cursor.execute(f"ANALYZE {VISITS}")
    testing.arrive_all(testing.make_participants(2), "hall_grouper")
    used = indexes_of(lambda: processing.process_barrier("hall_grouper"))
    assert used & OF_OPEN_VISITS == {"syncgroups_waiting_in_order"}
    assert SyncGroup.objects.filter(group_type="hall").count() == 1


def test_an_idle_pass_over_a_grouper_finds_whose_time_is_up():
    used = indexes_of(lambda: processing.process_barrier("pairs_grouper"))
    assert used & OF_OPEN_VISITS


def test_a_pass_over_a_group_finds_its_members_and_who_of_them_waits():
    arrivals.arrive(participant(2), "meet")
    used = indexes_of(lambda: processing.process_barrier("meet", "", 1))
    assert used & OF_OPEN_VISITS
    assert "syncgroups_syncgroup_pkey" in used
    assert "syncgroups_wakeup_unit" in used
    assert ParticipantLinkBarrier.objects.filter(sync_group=1).waiting().count() == 0


def test_an_idle_pass_over_a_group_finds_whose_time_is_up():
    used = indexes_of(lambda: processing.process_barrier("meet", "", 1))
    assert used & OF_OPEN_VISITS


def test_a_pass_over_all_groups_finds_those_of_which_somebody_waits():
    used = indexes_of(lambda: processing.groups_at("meet", ""))
    assert used <= OF_OPEN_VISITS


def test_the_sweep_finds_who_called_and_whose_time_is_up():
    used = indexes_of(processing.due_units)
    assert "syncgroups_waiting_deadline" in used
    assert used & {"syncgroups_wakeup_due", "syncgroups_wakeup_unit"}


def test_a_recount_takes_a_window_of_the_active_groups():
    indexes_of(lambda: processing.recount(limit=5))


def test_newcomers_find_the_groups_with_room():
    SyncGroup.objects.filter(join_existing_groups=True).update(group_type="open")
    arrivals.arrive(testing.make_participants(1)[0], "open_grouper")
    used = indexes_of(lambda: processing.process_barrier("open_grouper"))
    assert "syncgroups_group_with_room" in used


def test_a_poll_counts_those_who_wait_along():
    used = indexes_of(lambda: standing_of(participant(1)))
    assert used & OF_OPEN_VISITS


def test_a_poll_at_a_grouper_counts_those_who_wait_there():
    person = ParticipantLinkBarrier.objects.at("pairs_grouper").waiting().earliest("pk").participant
    used = indexes_of(lambda: standing_of(person))
    assert used & OF_OPEN_VISITS


@pytest.mark.parametrize("barrier_id", ["pairs_grouper", "meet", "hall_grouper"])
def test_an_estimate_reads_the_newest_visits_only(barrier_id):
    """Catches a window by time, which no index serves."""
    testing.arrive_all(testing.make_participants(1), "hall_grouper")
    person = ParticipantLinkBarrier.objects.at(barrier_id).waiting().earliest("pk").participant
    [wait] = standing_of(person).waits
    used = indexes_of(lambda: estimate_of(person, wait))
    assert used == {"syncgroups_participantlinkbarrier_pkey"}


def test_the_end_of_a_participation_finds_what_it_concerns():
    person = participant(1)
    indexes_of(lambda: person.fail("gone"))


def test_a_group_that_closes_finds_its_memberships_and_waits():
    group = SyncGroup.objects.get(pk=1)
    indexes_of(lambda: group.close())


def test_the_overview_counts_those_who_wait():
    counted = BarrierRecord.objects.with_counts(ParticipantLinkBarrier.objects.all())
    used = indexes_of(lambda: list(counted))
    assert used & OF_OPEN_VISITS


def test_the_course_of_a_group_reads_what_its_members_did():
    """Catches: a timeline for which all visits are read that anybody has ever made."""
    group = SyncGroup.objects.get(pk=1)
    used = indexes_of(lambda: timeline_of(group))
    assert "syncgroups_visit_once" in used

"""The second of two researchers is told what has changed, and by whom, of everything that their verb rests on."""

import pytest

from syncgroups import arrivals, operating, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import ChangedMeanwhile
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord
from syncgroups.operating import Cohort, facts_of
from tests.engine.scenes import crowd, fresh, make_group, members, number_of_queries

pytestmark = pytest.mark.django_db

ADA = {"reason": "alarm", "by": "ada"}
GRACE = {"reason": "kind", "by": "grace"}


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


@pytest.fixture(autouse=True)
def _declared():
    grouper = SimpleGrouper("rps", initial_group_size=3, max_wait_time=600)
    with testing.declared(grouper, GroupBarrier("choice", "rps", max_wait_time=600), Held("held", max_wait_time=50)):
        yield


@pytest.fixture
def group():
    return make_group(3)


@pytest.fixture
def visit(group):
    return testing.arrive_all(members(group)[:1], "choice")[0]


@pytest.fixture
def record(visit):
    return BarrierRecord.objects.get_or_create(barrier_id="choice", cohort="")[0]


GIVE = {
    "time": lambda row, **order: operating.put_off(row, seconds=300, **order),
    "a message": lambda row, by, **order: operating.message(row, text=f"I am {by}.", by=by, **order),
}


@pytest.mark.parametrize("what", GIVE)
@pytest.mark.parametrize("row", ["visit", "group", "record", "cohort"])
def test_of_two_who_give_the_same_the_second_is_told(visit, group, record, what, row):
    """Catches: ten minutes where each of two gave five; a message that nobody has read."""
    target = {"visit": visit, "group": group, "record": record, "cohort": Cohort("")}[row]
    seen = facts_of(target)
    GIVE[what](target, **ADA, seen=seen)
    given = facts_of(visit)
    with pytest.raises(ChangedMeanwhile, match=r"That was ada.*alarm"):
        GIVE[what](target, **GRACE, seen=seen)
    assert facts_of(visit) == given


def test_who_comes_or_goes_and_time_that_runs_do_not_hinder_anybody(visit, group, record):
    """Catches: comparing the latest deadline, which every arrival changes."""
    seen = {row: facts_of(target) for row, target in (("group", group), ("record", record))}
    testing.let_time_pass(20)
    arrivals.arrive(members(group)[1], "choice")
    testing.arrive_all(members(make_group(3))[:1], "choice")
    operating.put_off(group, seconds=9, **ADA, seen=seen["group"])
    operating.message(record, text="Hold on.", **ADA, seen=seen["record"])
    operating.pause(record, **GRACE, seen=seen["record"])
    operating.close_group(group, **GRACE, seen=seen["group"])


def test_a_pause_that_is_over_hinders_nobody(visit, group, record):
    """Catches: taking the time that a pause gives back for time that somebody has given."""
    seen = facts_of(record)
    arrivals.pause("choice")
    testing.let_time_pass(20)
    arrivals.resume("choice")
    operating.put_off(record, seconds=9, **ADA, seen=seen)


def test_cohorts_and_groups_by_hand_are_compared_with_what_was_seen(record):
    """Catches: verbs that take no notice of what their page has shown."""
    people = testing.make_participants(2)
    testing.arrive_all(people, "rps_grouper")
    grouper = BarrierRecord.objects.get_or_create(barrier_id="rps_grouper", cohort="")[0]
    of_cohort, of_grouper = facts_of(Cohort("")), facts_of(grouper)
    operating.pause(grouper, **ADA)
    with pytest.raises(ChangedMeanwhile, match="ada"):
        operating.pause_cohort(Cohort(""), **GRACE, seen=of_cohort)
    with pytest.raises(ChangedMeanwhile, match="That was ada"):
        operating.form_group("rps_grouper", "", people, **GRACE, seen=of_grouper)


def test_only_who_has_changed_it_is_named(visit, record):
    """Catches: naming whoever has acted last, whatever they did, and to whom."""
    seen = facts_of(record)
    operating.pause(record, **ADA)
    operating.message(visit, text="Hold on.", reason="asked", by="bob")
    with pytest.raises(ChangedMeanwhile) as told:
        operating.pause(record, **GRACE, seen=seen)
    assert "That was ada" in str(told.value)
    assert "bob" not in str(told.value)


def test_nobody_is_named_for_what_the_engine_has_done(visit, group):
    """Catches: blaming a researcher for a release."""
    seen = facts_of(visit)
    operating.message(visit, text="Hold on.", **ADA)
    testing.arrive_all(members(group)[1:], "choice")
    testing.process("choice")
    with pytest.raises(ChangedMeanwhile, match="state") as told:
        operating.release(visit, **GRACE, seen=seen)
    assert "ada" not in str(told.value)


def test_looking_costs_the_same_whoever_waits(record):
    """Catches: a look at each of those who wait."""
    few = number_of_queries(facts_of, record)
    crowd(40, "choice", message="Hold on.")
    assert number_of_queries(facts_of, record) == few
    assert fresh(record).paused is False

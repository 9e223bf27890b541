"""Law 11: one lock order everywhere. Each verb's own statements are read as the database was told them."""

import re
from collections.abc import Iterator

import pytest
from django.db import transaction

from syncgroups import arrivals, operating, processing, testing
from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkSyncGroup, SyncGroup, get_participant_model
from syncgroups.states import LinkState, TimeoutPolicy
from tests.engine.scenes import counted, make_group, make_groups, members, states

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ORDER = ["syncgroups_barrierrecord", "syncgroups_syncgroup", "syncgroups_participant"]


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


class Open(Barrier):
    """Lets everybody through."""

    def choose_who_to_release(self, waiting_participants):
        return waiting_participants


def transactions(statements: list[str]) -> Iterator[list[str]]:
    """The statements of each transaction. Whatever is outside of one cannot hold a lock while it waits for another."""
    part: list[str] | None = None
    for sql in statements:
        if sql == "BEGIN":
            part = []
        elif sql in {"COMMIT", "ROLLBACK"}:
            yield part or []
            part = None
        elif part is not None:
            part.append(sql)


def assert_in_order(part: list[str]) -> set[str]:
    """Raise unless a transaction locks in the one order, by primary key, before it writes; return what it locked."""
    locked: list[str] = []
    records: list[str] = []
    for sql in part:
        assert not re.search(r"FOR (UPDATE|SHARE|KEY SHARE)", sql), f"arrivals would wait for this lock: {sql}"
        [table] = re.findall(r'(?:FROM|UPDATE|INTO) "(\w+)"', sql)[:1] or [""]
        if "FOR NO KEY UPDATE" in sql:
            assert table in ORDER, f"a lock outside of the order: {sql}"
            if table == ORDER[0] and sql in records:
                # It is held already.
                continue
            if table == ORDER[0] and records and locked[-1] == table:
                assert records[-1] < sql, f"after {records[-1]}: {sql}"
                locked.pop()
            records += [sql] * (table == ORDER[0])
            assert not locked or ORDER.index(locked[-1]) < ORDER.index(table), f"after {locked}: {sql}"
            assert table == ORDER[0] or re.search(r'ORDER BY ("\w+"\.)?"id" ASC|ORDER BY 1 ASC|LIMIT 1', sql), sql
            locked.append(table)
        elif sql.startswith("UPDATE") and table in ORDER:
            assert table in locked, f"written without a lock: {sql}"
    return set(locked)


def locks(act) -> set[str]:
    """Which tables a verb locks, if it does so in the one order."""
    with counted() as queries:
        act()
    statements = [query["sql"] for query in queries.captured_queries]
    return {table for part in transactions(statements) for table in assert_in_order(part)}


RECORD, GROUP, PERSON = ORDER


@pytest.mark.parametrize("verb", ["fail", "leave", "finish"])
def test_ending_a_participation(verb):
    """Catches: locking the participant before their groups."""
    person = members(make_group(3, min_group_size=1))[0]
    with testing.declared(Held("held")):
        testing.arrive_all([person], "held")
        assert locks(getattr(person, verb)) == {GROUP, PERSON}


def test_arriving_locks_nothing():
    """Law 4. Catches: an arrival that locks anything at all."""
    with testing.declared(Open("open"), SimpleGrouper("chat", initial_group_size=2), GroupBarrier("choice", "rps")):
        person = members(make_group())[0]
        for barrier in ("open", "chat_grouper", "choice"):
            assert locks(lambda at=barrier: arrivals.arrive(person, at)) == set()


def test_verbs_of_groups():
    """Catches: adding somebody by locking them first."""
    group, [person] = make_group(max_group_size=5), testing.make_participants(1)
    assert locks(lambda: group.add(person)) == {GROUP, PERSON}
    SyncGroup.objects.update(n_active_participants=9)
    assert locks(group.check_numbers) == {GROUP}
    assert locks(lambda: arrivals.elect_leader(group)) == {GROUP}
    assert locks(lambda: group.close("over")) == {GROUP}


def test_recounting():
    """Catches: a recount outside of the lock."""
    make_groups(2)
    SyncGroup.objects.update(n_active_participants=9)
    assert locks(processing.recount) == {GROUP}


def test_releasing_by_hand_and_signs_of_life():
    """Catches: ending a visit without its participant's lock."""
    with testing.declared(Held("held")):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        assert locks(link.release) == {PERSON}
        assert locks(lambda: arrivals.note_presence(link.participant)) == {PERSON}


def test_releasing_by_hand_where_groups_are_closed():
    """Catches: locking the participant before the group that they leave."""
    with testing.declared(GroupCloser("rps")):
        [link] = testing.arrive_all(members(make_group())[:1], "closer_rps")
        assert locks(link.release) == {GROUP, PERSON}


def test_a_researcher_who_releases_locks_the_group_of_the_visit_first():
    """Catches: locking, once the participant is held, a group in which they are no longer."""
    with testing.declared(GroupCloser("rps")):
        [link] = testing.arrive_all(members(make_group())[:1], "closer_rps")
        ParticipantLinkSyncGroup.objects.of([link.participant]).end("put out behind our back")
        with counted() as queries:
            operating.release(link, reason="go on", by="ann")
    taken = [query["sql"] for query in queries.captured_queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert [re.findall(r'FROM "(\w+)"', sql)[0] for sql in taken][:2] == [GROUP, PERSON]


def test_reading_who_waits_under_lock():
    """Catches: locking in order of arrival instead of the primary key."""
    with testing.declared(Held("held")):
        testing.arrive_all(testing.make_participants(3)[::-1], "held")

        def read():
            with transaction.atomic():
                arrivals.waiting_participants("held", for_update=True)

        assert locks(read) == {PERSON}


@pytest.mark.parametrize("barrier", [GroupBarrier("place", "rps"), Held("place")])
def test_pausing_and_resuming(barrier):
    """Catches: locking groups or participants before the record."""
    with testing.declared(barrier):
        testing.arrive_all(members(make_group()), "place")
        assert RECORD in locks(lambda: arrivals.pause("place"))
        assert locks(lambda: arrivals.resume("place")) == {RECORD, PERSON}


def test_pausing_and_resuming_a_cohort():
    """Catches: locking who waits at one barrier before the record of another one; a look before the locks."""
    with testing.declared(GroupBarrier("two", "rps"), Held("one"), Held("three")):
        people = members(make_group(3))
        testing.arrive_all(people[:1], "one")
        testing.arrive_all(people[1:], "two")
        for verb, taken in ((operating.pause_cohort, {RECORD, GROUP}), (operating.resume_cohort, {RECORD, PERSON})):
            with counted() as queries:
                locked = locks(lambda verb=verb: verb(operating.Cohort(""), reason="lunch", by="ada"))
            assert locked == taken
            [acts] = [
                part
                for part in transactions([query["sql"] for query in queries.captured_queries])
                if any("INSERT" in sql and "auditentry" in sql for sql in part)
            ]
            assert [sql for sql in acts if sql.startswith("SELECT")][2].endswith("FOR NO KEY UPDATE")


def test_a_pass_of_a_grouper_that_forms_groups():
    """Catches: moving people who are not locked."""
    with testing.declared(SimpleGrouper("rps", initial_group_size=2)):
        links = testing.arrive_all(testing.make_participants(4)[::-1], "rps_grouper")
        assert locks(lambda: testing.process("rps_grouper")) == {RECORD, PERSON}
    assert states(links) == [LinkState.RELEASED] * 4


def test_a_pass_of_a_grouper_that_fills_places():
    """Catches: locking those who join before the groups that they join."""
    make_groups(2, join_existing_groups=True, max_group_size=3)
    with testing.declared(SimpleGrouper("rps", initial_group_size=2, max_group_size=3, join_existing_groups=True)):
        links = testing.arrive_all(testing.make_participants(2)[::-1], "rps_grouper")
        assert locks(lambda: testing.process("rps_grouper")) == {RECORD, GROUP, PERSON}
    assert states(links) == [LinkState.RELEASED] * 2


@pytest.mark.parametrize(
    "barrier",
    [GroupBarrier("place", "rps"), GroupBarrier("place", "rps", on_release=lambda: None), GroupCloser("rps", "place")],
)
def test_a_pass_of_a_group_barrier(barrier):
    """Catches: releasing people who are not locked; locking the record, which would part no two workers."""
    with testing.declared(barrier):
        links = testing.arrive_all(members(*make_groups(2))[::-1], "place")
        assert locks(lambda: processing.process_barrier("place")) == {GROUP, PERSON}
    assert states(links) == [LinkState.RELEASED] * 4


@pytest.mark.parametrize("policy", TimeoutPolicy.values)
@pytest.mark.parametrize("kind", [Held, GroupBarrier])
def test_a_pass_that_ends_waits_of_people_in_several_groups(kind, policy):
    """Catches: failing people whose other groups are locked after them, or not at all."""
    groups = make_groups(2, min_group_size=1)
    people = members(*groups)
    with testing.declared(SimpleGrouper("chat", initial_group_size=4)):
        testing.arrive_all(people, "chat_grouper")
        testing.process("chat_grouper")
    arguments = ["place", "rps"] if kind is GroupBarrier else ["place"]
    with testing.declared(kind(*arguments, max_wait_time=10, on_timeout=policy)):
        links = testing.arrive_all([people[0], people[2]], "place")
        testing.let_time_pass(11)
        taken = locks(testing.sweep)
    assert PERSON in taken
    assert (GROUP in taken) is (kind is GroupBarrier or policy != TimeoutPolicy.RELEASE)
    assert not any(state == LinkState.WAITING for state in states(links))


def test_a_pass_that_fails_members_of_a_group_below_its_minimum():
    """Catches: failing mates who are elsewhere without locking them in order."""
    group = make_group(3, min_group_size=3)
    one, two, three = members(group)
    one.leave()
    with testing.declared(GroupBarrier("place", "rps"), Held("held")):
        testing.arrive_all([three], "held")
        testing.arrive_all([two], "place")
        assert locks(lambda: processing.process_barrier("place")) == {GROUP, PERSON}
    assert get_participant_model()._default_manager.filter(failed=True).count() == 2


def test_the_reader_of_statements_sees_what_is_wrong():
    """The proof of the proof: an order that is wrong, a missing order and an unlocked write are all seen."""
    lock = 'SELECT "x" FROM "{}" ORDER BY "{}"."id" ASC FOR NO KEY UPDATE'
    record, group, person = (lock.format(table, table) for table in ORDER)
    assert assert_in_order([record, group, person]) == set(ORDER)
    for wrong in (
        [person, group],
        [group, record],
        [group, group],
        [record + " -- b", record + " -- a"],
        ['SELECT "x" FROM "syncgroups_syncgroup" FOR NO KEY UPDATE'],
        [group.replace("NO KEY ", "")],
        ['UPDATE "syncgroups_participant" SET "failed" = true'],
    ):
        with pytest.raises(AssertionError):
            assert_in_order(wrong)

"""What the monitor is told of a cohort and of a group: true, bounded, and in a fixed number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from syncgroups import arrivals, operating, processing, registry, tasks, testing
from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.explaining import Level
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, PresenceInterval, SyncGroup, WakeUp
from syncgroups.monitoring import cohorts, history, overview, overview_of, timeline_of
from syncgroups.monitoring.figures import course, outcomes, waits
from syncgroups.monitoring.history import history_of
from syncgroups.processing import beating
from tests.engine.explained import Never, silent
from tests.engine.scenes import fresh, make_group, make_groups, members, number_of_queries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared():
    barriers = [
        SimpleGrouper("rps", initial_group_size=2, max_wait_time=600),
        GroupBarrier("choice", "rps", max_wait_time=600),
        GroupCloser("rps", max_wait_time=600),
    ]
    with testing.declared(*barriers):
        yield


def pairs_at_choice(n, cohort=""):
    """So many pairs, of which one member waits for the other."""
    pairs = []
    for _ in range(n):
        pair = testing.make_participants(2, cohort=cohort)
        testing.arrive_all(pair, "rps_grouper")
        testing.process("rps_grouper", cohort)
        pairs.append(pair)
    testing.arrive_all([pair[0] for pair in pairs], "choice")
    testing.process("choice", cohort)
    return pairs


def row_of(seen, barrier_id):
    [row] = [row for row in seen.barriers if row.id == barrier_id]
    return row


def test_a_cohort_is_told_with_its_numbers_in_the_order_of_declaration():
    pairs_at_choice(3, "monday")
    pairs_at_choice(1, "tuesday")
    seen = overview_of("monday")
    assert [row.id for row in seen.barriers] == ["rps_grouper", "choice", "closer_rps"]
    choice, grouper = row_of(seen, "choice"), row_of(seen, "rps_grouper")
    assert (choice.numbers.n, grouper.numbers.n, grouper.released, grouper.on_the_way) == (3, 0, 6, 3)
    assert (seen.n_groups, seen.n_waiting, seen.people["working"]) == (3, 3, 6)


def test_who_is_on_the_way_is_between_two_barriers_and_still_takes_part():
    [[one, two], [_, four], [five, _]] = pairs_at_choice(3)
    testing.arrive_all([two], "choice")
    testing.process("choice")
    testing.arrive_all([one], "closer_rps")
    four.fail("too fast")
    with testing.declared(Never("side", max_wait_time=600)):
        [visit] = testing.arrive_all([five], "side")
        visit.release()
    seen = overview_of("")
    assert [(row.id, row.on_the_way) for row in seen.barriers] == [
        ("rps_grouper", 1),
        ("choice", 1),
        ("closer_rps", 0),
        ("side", 0),
    ]


def test_all_visits_are_counted_however_few_are_looked_at(monkeypatch):
    """Catches: numbers that fall, and barriers that vanish, once a cohort has made more visits than plots rest on."""
    monkeypatch.setattr(history, "VISITS", 2)
    with testing.declared(*registry.all_barriers(), Never("side", max_wait_time=600)):
        [visit] = testing.arrive_all(testing.make_participants(1), "side")
        visit.release()
        BarrierRecord.objects.all().delete()
        pairs_at_choice(3)
        seen = overview_of("")
    told = {row.id: (row.released, row.on_the_way) for row in seen.barriers}
    assert told == {"rps_grouper": (6, 3), "choice": (0, 0), "closer_rps": (0, 0), "side": (1, 1)}
    assert [barrier_id for barrier_id, _values in seen.outcomes.rows] == ["choice"], "plots are of the newest"


def test_the_chain_shows_where_groups_go_next_and_no_way_into_another_experiment():
    """Catches: barriers that nobody has reached left out, so that people seem to be on the way to others' groups."""
    trios = [SimpleGrouper("trio", initial_group_size=3), GroupBarrier("vote", "trio", max_wait_time=600)]
    with testing.declared(*registry.all_barriers(), *trios):
        testing.arrive_all(testing.make_participants(2), "rps_grouper")
        testing.process("rps_grouper")
        alone = [(row.id, row.leads_on) for row in overview_of("").barriers]
        testing.arrive_all(testing.make_participants(1), "trio_grouper")
        both = [(row.id, row.leads_on) for row in overview_of("").barriers]
        figure = overview_of("").outcomes
    rps = [("rps_grouper", True), ("choice", True)]
    assert alone == [*rps, ("closer_rps", None)]
    assert both == [*rps, ("closer_rps", False), ("trio_grouper", True), ("vote", None)]
    assert [barrier_id for barrier_id, _values in figure.rows] == ["rps_grouper", "trio_grouper"]


def test_a_barrier_for_everybody_is_on_the_way_of_all_groups():
    others = [Never("intro", max_wait_time=600), SimpleGrouper("trio", initial_group_size=3)]
    with testing.declared(*registry.all_barriers(), *others):
        testing.arrive_all(testing.make_participants(1), "intro")
        testing.arrive_all(testing.make_participants(1), "trio_grouper")
        testing.arrive_all(testing.make_participants(1), "rps_grouper")
        told = {row.id: row.leads_on for row in overview_of("").barriers}
    assert told == {"rps_grouper": True, "choice": True, "closer_rps": True, "intro": True, "trio_grouper": None}


def test_people_are_counted_by_what_has_become_of_them():
    for end, person in zip(("fail", "leave", "finish"), testing.make_participants(3), strict=True):
        getattr(person, end)()
    testing.make_participants(2)
    assert overview_of("").people == {"working": 2, "finished": 1, "left": 1, "failed": 1}


def test_before_anything_has_happened_every_declared_barrier_is_told():
    assert [row.id for row in overview_of("").barriers] == ["rps_grouper", "choice", "closer_rps"]


def test_a_barrier_that_is_no_longer_declared_is_told_last():
    with testing.declared(Never("attic", max_wait_time=600)):
        testing.arrive_all(testing.make_participants(1), "attic")
    pairs_at_choice(1)
    seen = overview_of("")
    assert [(row.id, row.declared) for row in seen.barriers][-1] == ("attic", False)
    assert [fact.code for row, fact in seen.problems] == ["undeclared"]


def test_a_group_is_told_with_its_members_and_where_they_are():
    [[here, away]] = pairs_at_choice(1)
    assert not any(member.is_late for row in overview_of("").groups for member in row.members)
    silent(away, "gone", 200)
    [row] = overview_of("").groups
    told = {member.person.pk: member for member in row.members}
    assert [link.barrier_id for link in told[here.pk].visits] == ["choice"]
    assert (told[away.pk].last, told[away.pk].is_late, told[here.pk].is_late) == ("rps_grouper", True, False)
    assert sum(member.leads for member in row.members) == 1
    assert row.level == Level.WARNING


def test_groups_are_chosen_by_need_and_not_by_age(monkeypatch):
    """Catches: a group that is stuck, and missing, because many older ones are not."""
    monkeypatch.setattr(overview, "GROUPS", 2)
    _old, _older, held, late = make_groups(4)
    testing.arrive_all(members(late)[:1], "choice")
    assert overview_of("").groups[0].group == late
    processing.pause_group(held, by="ada")
    assert {row.group for row in overview_of("").groups} == {held, late}


def test_groups_in_trouble_come_first_and_the_longest_wait_next():
    pairs = pairs_at_choice(4)
    testing.arrive_all([pairs[3][1]], "choice")
    testing.process("choice")
    silent(pairs[2][1], "gone", 200)
    earlier = Now() - timedelta(seconds=60)
    ParticipantLinkBarrier.objects.waiting().filter(participant=pairs[1][0]).update(arrival_time=earlier)
    order = [row.group.pk for row in overview_of("").groups]
    assert order == [pairs[n][0].sync_group.pk for n in (2, 1, 0, 3)]


def test_who_waits_without_a_group_is_told_by_name_the_longest_wait_first(monkeypatch):
    """Catches: somebody without a group who is a number only; a member of a waiting group who is told twice."""
    monkeypatch.setattr(overview, "ALONE", 2)
    pairs_at_choice(1)
    people = testing.make_participants(3)
    visits = testing.arrive_all(people, "rps_grouper")
    earlier = Now() - timedelta(seconds=60)
    ParticipantLinkBarrier.objects.filter(pk=visits[2].pk).update(arrival_time=earlier)
    ParticipantLinkBarrier.objects.filter(pk=visits[1].pk).update(place_since=earlier - timedelta(seconds=60))
    seen = overview_of("")
    choice, grouper = row_of(seen, "choice"), row_of(seen, "rps_grouper")
    assert [link.participant for link in grouper.alone] == [people[2], people[0]]
    assert (grouper.numbers.alone, grouper.n_more_alone) == (3, 1)
    assert (choice.numbers.alone, choice.alone, choice.n_more_alone) == (0, [], 0)


def test_more_groups_than_are_shown_are_counted(monkeypatch):
    monkeypatch.setattr(overview, "GROUPS", 2)
    make_groups(5)
    SyncGroup.objects.filter(pk=SyncGroup.objects.latest("pk").pk).update(error_count=1, last_error="KeyError: x")
    seen = overview_of("")
    assert (seen.n_groups, len(seen.groups)) == (5, 2)
    assert SyncGroup.objects.latest("pk") in [row.group for row in seen.groups]


def test_cohorts_come_by_their_latest_activity():
    for cohort in ("old", "new"):
        testing.let_time_pass(1)  # SQLite's clock tells milliseconds, in which both may happen
        pairs_at_choice(1, cohort)
    assert cohorts()[0] == "new"
    testing.let_time_pass(1)
    testing.arrive_all(testing.make_participants(1, cohort="unserved"), "rps_grouper")
    assert cohorts()[0] == "unserved"


def test_a_cohort_counts_from_its_first_arrival_and_not_only_once_it_is_processed():
    """Catches: a cohort in which people have just arrived, below all older ones; one that is first by a later try."""
    pairs_at_choice(1, "old")
    testing.let_time_pass(1)
    [person] = testing.make_participants(1, cohort="new")
    WakeUp.objects.create(barrier_id="choice", cohort="old", due_at=Now() + timedelta(seconds=60))
    testing.arrive_all([person], "rps_grouper")
    WakeUp.objects.filter(cohort="new").delete()
    assert cohorts() == ["new", "old"]


# The engine


def test_an_engine_that_is_behind_is_told_unless_a_pause_holds_what_is_due():
    testing.arrive_all(testing.make_participants(1), "rps_grouper")
    assert not overview_of("").health.late
    testing.let_time_pass(60)
    health = overview_of("").health
    assert health.late
    assert health.lag > 59
    arrivals.pause("rps_grouper")
    assert not overview_of("").health.late


def test_a_deadline_that_nobody_serves_counts_as_lag():
    pairs_at_choice(1)
    testing.let_time_pass(700)
    WakeUp.objects.all().delete()
    assert overview_of("").health.lag > 99


def test_a_sweep_leaves_a_sign_every_few_seconds_and_its_absence_is_told(monkeypatch):
    """Catches: a beat that has stopped unnoticed because doorbells are answered; a sign that every sweep writes."""
    monkeypatch.setattr(beating, "_beaten_at", {})
    monkeypatch.setattr(beating, "BEAT", 1000)
    assert overview_of("").health.last_sweep is None
    testing.sweep()
    first = overview_of("").health.last_sweep
    testing.sweep()
    assert overview_of("").health.last_sweep == first
    assert not overview_of("").health.unswept
    testing.let_time_pass(61)
    health = overview_of("").health
    assert health.unswept
    assert health.late
    monkeypatch.setattr(beating, "_beaten_at", {})
    testing.sweep()
    assert not overview_of("").health.late


def test_a_worker_is_seen_by_doorbells_and_sweeps_and_not_by_what_is_done_by_hand(monkeypatch):
    """Catches: *Process now* in a web process that is taken for a worker; a worker that only sweeps are told of."""
    monkeypatch.setattr(beating, "_beaten_at", {})
    monkeypatch.setattr(beating, "BEAT", 1000)
    testing.arrive_all(testing.make_participants(2), "rps_grouper")
    before = overview_of("").version
    arrivals.process_now("rps_grouper")
    health = overview_of("").health
    assert health.last_pass is not None
    assert (health.last_worker, health.unmanned) == (None, True)
    tasks.process_barrier("rps_grouper")
    health = overview_of("").health
    assert (health.last_worker is None, health.unmanned, health.last_sweep) == (False, False, None)
    assert overview_of("").version != before
    first = health.last_worker
    tasks.process_barrier("rps_grouper")
    assert overview_of("").health.last_worker == first, "not for each doorbell"
    testing.let_time_pass(61)
    assert overview_of("").health.unmanned
    testing.sweep()
    assert not overview_of("").health.unmanned


def test_the_page_is_new_when_a_sign_is(monkeypatch):
    """Catches: a time of the last sweep that stands still on the page while sweeps go on."""
    monkeypatch.setattr(beating, "_beaten_at", {})
    versions = [overview_of("").version]
    for act in (testing.sweep, lambda: tasks.process_barrier("choice")):
        act()
        versions.append(overview_of("").version)
    assert len(set(versions)) == 3


def test_failed_releases_and_the_last_pass_are_told():
    pairs_at_choice(1)
    SyncGroup.objects.update(error_count=2, last_error="KeyError: x")
    health = overview_of("").health
    assert health.failing == 1
    assert health.last_pass == BarrierRecord.objects.latest("last_processed").last_processed


# What the plots show


def test_figures_say_what_happened():
    [pair, *_] = pairs_at_choice(2)
    testing.let_time_pass(20)
    testing.arrive_all([pair[1]], "choice")
    testing.process("choice")
    pair[0].fail("too fast")
    visits, places = history_of(""), ["rps_grouper", "choice"]
    assert [sum(column) for column in zip(*(values for _, values in course(visits).rows), strict=True)] == [7, 6]
    assert dict(waits(visits, places).rows)["15-30 s"] == [0, 1]
    assert dict(waits(visits, places).rows)["0-5 s"] == [4, 1]
    assert dict(outcomes(visits, places).rows) == {"rps_grouper": [4, 0, 0, 0, 0], "choice": [2, 0, 0, 0, 0]}


def test_a_long_session_has_no_more_columns_than_fit():
    for hours in (30, 5, 1, 0):
        testing.let_time_pass(hours * 3600)
        pairs_at_choice(1)
    figure = course(history_of(""))
    assert 1 < len(figure.rows) <= 30
    assert sum(values[0] for _, values in figure.rows) == 12


def test_nothing_has_been_so_far():
    assert not course([])
    assert not outcomes([], ["choice"])


# A version


def test_the_version_is_the_same_until_something_happens():
    pairs = pairs_at_choice(2)
    testing.arrive_all([pair[1] for pair in pairs], "choice")
    testing.process("choice")
    versions = [overview_of("").version, overview_of("").version]
    silent(pairs[0][0], "quiet", 30)
    versions.append(overview_of("").version)
    testing.arrive_all(pairs[0][:1], "closer_rps")
    versions.append(overview_of("").version)
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3


def test_the_version_says_how_each_of_those_is_who_wait_without_a_group():
    """Catches: a row that stands for somebody who is back, because somebody else has fallen silent meanwhile."""
    people = testing.make_participants(2)
    testing.arrive_all(people, "rps_grouper")
    versions = set()
    for quiet in people:
        for person in people:
            state = "quiet" if person == quiet else "present"
            type(person).objects.filter(pk=person.pk).update(presence=state, last_seen_at=person.creation_time)
        versions.add(overview_of("").version)
    assert len(versions) == 2


# The course of a group


def test_a_timeline_tells_who_was_where_when():
    [[one, two]] = pairs_at_choice(1)
    testing.let_time_pass(30)
    PresenceInterval.objects.create(participant=two, state="gone", began_at=Now())
    PresenceInterval.objects.create(participant=one, state="present", began_at=Now())
    line = timeline_of(one.sync_group)
    told = [(span.member.pk, span.kind, span.what, span.ended is None) for span in line.spans]
    assert (one.pk, "wait", "choice", True) in told
    assert (two.pk, "wait", "rps_grouper", False) in told
    assert (two.pk, "silent", "gone", True) in told
    assert (two.pk, "member", "", True) in told
    assert len(told) == 6, "presence is the rule, and is not told"
    assert [span.began for span in line.spans] == sorted(span.began for span in line.spans)


def test_a_timeline_leaves_out_what_came_before_and_after_the_group():
    [person, mate] = testing.make_participants(2)
    with testing.declared(Never("before", max_wait_time=600), SimpleGrouper("rps", initial_group_size=2)):
        [visit] = testing.arrive_all([person], "before")
        visit.release()
        testing.let_time_pass(60)
        testing.arrive_all([person, mate], "rps_grouper")
        testing.process("rps_grouper")
        group = person.sync_group
        group.close()
        testing.let_time_pass(60)
        testing.arrive_all([person], "before", visit="later")
    assert {span.what for span in timeline_of(group).spans} == {"", "rps_grouper"}


# What it costs


def test_a_cohort_costs_as_much_with_2_groups_as_with_200():
    pairs_at_choice(2)
    few = number_of_queries(overview_of, "")
    pairs_at_choice(198)
    assert SyncGroup.objects.count() == 200
    assert number_of_queries(overview_of, "") == few > 0


def test_a_timeline_costs_as_much_with_2_members_as_with_many_and_their_visits():
    class Through(Barrier):
        def choose_who_to_release(self, waiting_participants):
            return waiting_participants

    few = number_of_queries(timeline_of, make_groups(1)[0])
    [group] = make_groups(1, size=6)
    with testing.declared(Through("round")):
        for visit in range(5):
            testing.arrive_all(members(group), "round", visit=str(visit))
            testing.process("round")
    assert number_of_queries(timeline_of, group) == few > 0


def test_a_timeline_tells_nothing_of_members_once_they_are_in_the_group_no_longer():
    """Catches: where somebody was whom a researcher had taken out, as if they had been there with the others."""
    group = make_group(3)
    gone, *others = members(group)
    with testing.declared(SimpleGrouper("duo", initial_group_size=9), SimpleGrouper("trio", initial_group_size=9)):
        testing.arrive_all([gone], "duo_grouper")
        operating.remove_member(group, gone, reason="too loud", by="ada")
        testing.arrive_all([gone, others[0]], "trio_grouper")
    line = timeline_of(fresh(group))
    waits = {(span.member, span.what) for span in line.spans if span.kind == "wait"}
    assert {what for member, what in waits if member == gone} == {"rps_grouper", "duo_grouper"}
    assert (others[0], "trio_grouper") in waits


def test_a_timeline_is_told_while_somebody_joins():
    """Catches: a page that fails for a moment because a member is new to it, whose visits are read after all."""
    group = make_group(2, max_group_size=3)
    [newcomer] = testing.make_participants(1)
    testing.arrive_all([newcomer], "rps_grouper")
    line, joins = timeline_of(group), iter([True])

    def join_once(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if next(joins, False):
            group.add(newcomer)
        return answer

    with connection.execute_wrapper(join_once):
        assert timeline_of(group).members == line.members
    assert newcomer in timeline_of(group).members

"""What happens to those whose time is up is what the barrier declares; where code of the site fails, it is no fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncgroups import processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.decisions import GroupProposal
from syncgroups.groupers import Grouper, SimpleGrouper
from syncgroups.models import BarrierRecord, SyncGroup
from syncgroups.states import LinkState, ParticipantStatus, PassOutcome
from tests.engine.scenes import fresh, groups_of, make_group, members, same_for_few_and_many, states

pytestmark = pytest.mark.django_db

FATES = {
    "fail": (LinkState.TIMED_OUT, ParticipantStatus.WORKING, True),
    "leave": (LinkState.TIMED_OUT, ParticipantStatus.LEFT, False),
    "release": (LinkState.RELEASED, ParticipantStatus.WORKING, False),
}


class Picky(Barrier):
    """Lets through whose details say so."""

    def choose_who_to_release(self, waiting_participants):
        return [person for person in waiting_participants if person.details.get("ready")]


def fate(link):
    """How a visit and the participation of who made it stand."""
    link = fresh(link)
    return link.state, link.participant.status, link.participant.failed


def as_details_say(participant, link):
    """A policy of the site's own."""
    return participant.details.get("policy", link.barrier_id)


def policy_of(**details):
    return {"details": details}


@pytest.mark.parametrize("policy", FATES)
@pytest.mark.parametrize(
    "barrier", [Picky, lambda id_, **more: GroupBarrier(id_, "rps", **more)], ids=["pool", "group"]
)
def test_a_function_decides_about_each(policy, barrier):
    [first, _] = members(make_group(details={}))
    type(first).objects.update(**policy_of(policy=policy))
    with testing.declared(barrier("b", max_wait_time=10, on_timeout=as_details_say)):
        [link] = testing.arrive_all([first], "b")
        testing.let_time_pass(11)
        testing.sweep()
    assert fate(link) == FATES[policy]


def test_a_function_may_decide_differently_about_two():
    people = [testing.make_participants(1, **policy_of(policy=policy))[0] for policy in FATES]
    with testing.declared(Picky("b", max_wait_time=10, on_timeout=as_details_say)):
        links = testing.arrive_all(people, "b")
        testing.let_time_pass(11)
        testing.sweep()
    assert [fate(link) for link in links] == list(FATES.values())


def test_a_function_is_shown_people_with_their_groups_and_how_long_they_have_waited():
    seen = []

    def look(participant, link):
        seen.append((participant.active_sync_groups["rps"].n_active_participants, round(link.time_waited)))
        return "leave"

    with testing.declared(Picky("b", max_wait_time=10, on_timeout=look)):
        testing.arrive_all(members(make_group())[:1], "b")
        testing.let_time_pass(12)
        testing.sweep()
    assert set(seen) <= {(2, 12), (2, 13)}
    assert seen


def raising(participant, link):
    raise ZeroDivisionError("of the site's own")


def querying(participant, link):
    return "leave" if SyncGroup.objects.exists() else "fail"


def nonsense(participant, link):
    return ["fail"]


FAULTY = pytest.mark.parametrize(
    ("function", "told"),
    [
        (raising, "ZeroDivisionError: of the site's own"),
        (querying, "ImpureRule"),
        (nonsense, "on_timeout() must return one of fail, release, leave, not ['fail']"),
        (as_details_say, "must return one of fail, release, leave, not 'b'"),
    ],
    ids=["raises", "queries", "nonsense", "no policy"],
)


@FAULTY
def test_where_the_function_is_at_fault_nobody_else_is_and_the_error_is_told(function, told):
    with testing.declared(Picky("b", max_wait_time=10, on_timeout=function)):
        [link] = testing.arrive_all(testing.make_participants(1), "b")
        testing.let_time_pass(11)
        assert processing.process_barrier("b").outcome == PassOutcome.FAILED
    assert fate(link) == FATES["leave"]
    record = BarrierRecord.objects.get()
    assert told in record.last_error
    assert record.error_count == 1


@FAULTY
def test_a_faulty_function_holds_back_nobody_whom_the_rule_lets_through(function, told):
    """Release beats time-out. Catches: an error about one, for which all others have to wait."""
    late = testing.make_participants(1)
    ready = testing.make_participants(1, details={"ready": True})
    with testing.declared(Picky("b", max_wait_time=10, on_timeout=function)):
        links = testing.arrive_all(late, "b")
        testing.let_time_pass(11)
        links += testing.arrive_all(ready, "b")
        testing.sweep()
    assert [fate(link) for link in links] == [FATES["leave"], FATES["release"]]


def test_a_faulty_function_changes_nothing_about_those_whom_it_was_right_about():
    def half(participant, link):
        return participant.details["policy"]

    people = [testing.make_participants(1, **details)[0] for details in (policy_of(), policy_of(policy="fail"))]
    with testing.declared(Picky("b", max_wait_time=10, on_timeout=half)):
        links = testing.arrive_all(people, "b")
        testing.let_time_pass(11)
        testing.sweep()
    assert [fate(link) for link in links] == [FATES["leave"], FATES["fail"]]


@pytest.mark.parametrize("barrier", [Picky("b", on_timeout=raising), GroupBarrier("b", "rps", on_timeout=raising)])
def test_ending_waits_by_a_function_costs_the_same_however_many_end(barrier, quiet_sweeps):
    def prepare(n):
        testing.arrive_all(members(make_group(n + 1))[:n], "b")
        testing.process("b")
        testing.let_time_pass(21)
        return lambda: testing.process("b")

    with testing.declared(barrier):
        prepare(1)()
        same_for_few_and_many(prepare)


# Going on alone, at a grouper


SOLO = {"initial_group_size": 3, "min_group_size": 1, "max_wait_time": 10}


def test_at_a_grouper_one_goes_on_in_a_group_of_one_where_that_is_large_enough():
    with testing.declared(SimpleGrouper("rps", **SOLO, on_timeout="release")):
        links = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        testing.let_time_pass(11)
        testing.sweep()
        assert states(links) == [LinkState.RELEASED] * 2
        groups = [groups_of(link.participant) for link in links]
    for link, [group] in zip(links, groups, strict=True):
        assert (group.n_active_participants, group.leader) == (1, link.participant)
        assert (group.min_group_size, group.initial_group_size, group.max_group_size) == (1, 3, 3)
        assert group.type == "SimpleSyncGroup"


def test_whoever_is_not_late_waits_on_for_a_larger_group():
    with testing.declared(SimpleGrouper("rps", **SOLO, on_timeout="release")):
        [early] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.let_time_pass(11)
        [late] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.sweep()
    assert states([early, late]) == [LinkState.RELEASED, LinkState.WAITING]


def test_a_group_that_can_be_formed_beats_groups_of_one():
    with testing.declared(SimpleGrouper("rps", **SOLO, on_timeout="release")):
        links = testing.arrive_all(testing.make_participants(3), "rps_grouper")
        testing.let_time_pass(11)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 3
    assert SyncGroup.objects.get().n_active_participants == 3


def test_a_group_of_one_takes_newcomers_like_any_other():
    grouper = SimpleGrouper("rps", **SOLO, max_group_size=3, join_existing_groups=True, on_timeout="release")
    with testing.declared(grouper):
        testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.let_time_pass(11)
        testing.sweep()
        testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.sweep()
    assert SyncGroup.objects.get().n_active_participants == 2


def test_somebody_who_is_quiet_goes_on_alone_too():
    """Catches: letting only those go on, at their deadline, who could have been matched."""
    with testing.declared(SimpleGrouper("rps", **SOLO, on_timeout="release")):
        [link] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        type(link.participant).objects.update(presence="quiet")
        testing.let_time_pass(11)
        testing.sweep()
    assert states([link]) == [LinkState.RELEASED]


def test_a_group_of_one_that_is_quiet_is_offered_to_who_waits_already_too():
    """Catches: taking who was away, and goes on alone, for the one who is here and stays behind."""
    grouper = SimpleGrouper("rps", **SOLO, max_group_size=3, join_existing_groups=True, on_timeout="release")
    with testing.declared(grouper):
        [early] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        type(early.participant).objects.update(presence="quiet")
        testing.let_time_pass(11)
        [late] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.sweep()
    assert states([early, late]) == [LinkState.RELEASED] * 2
    assert SyncGroup.objects.get().n_active_participants == 2


class Slow(Grouper):
    """Makes groups of one of those who have waited for a while."""

    allows_one = True

    def ready_to_group(self, participants):
        return participants[0].active_barriers[self.id].time_waited >= 5

    def group(self, participants):
        return [GroupProposal(members=[participant]) for participant in participants]


def test_who_stays_behind_is_looked_at_again_also_where_somebody_quiet_goes_on_alone():
    """Catches: a rule that depends on time, and is not asked again while somebody waits."""
    with testing.declared(Slow("rps", max_wait_time=10, on_timeout="release", recheck_interval=2)):
        [early] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        type(early.participant).objects.update(presence="quiet")
        testing.let_time_pass(9)
        [late] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.sweep()
        testing.let_time_pass(2)
        testing.sweep()
        assert states([early, late]) == [LinkState.RELEASED, LinkState.WAITING]
        for _ in range(2):
            testing.let_time_pass(2)
            testing.sweep()
    assert states([late]) == [LinkState.RELEASED]


def test_a_function_may_send_nobody_on_alone_where_one_is_too_few():
    """Nobody is at fault, the others are grouped, and the researcher reads why."""

    def alone(participant, link):
        return "release"

    with testing.declared(SimpleGrouper("rps", initial_group_size=2, max_wait_time=10, on_timeout=alone)):
        [early] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        type(early.participant).objects.update(presence="quiet")
        testing.let_time_pass(11)
        others = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        processing.process_barrier("rps_grouper")
        assert fate(early) == FATES["leave"]
        assert states(others) == [LinkState.RELEASED] * 2
        assert "too few" in BarrierRecord.objects.get(barrier_id="rps_grouper").last_error


class Generous(Grouper):
    """Sends people on twice."""

    allows_one = True

    def ready_to_group(self, participants):
        return False

    def group_of_one(self, participant):
        proposal = super().group_of_one(participant)
        return replace(proposal, members=[participant, participant])


def test_a_group_of_one_is_checked_like_any_other_proposal():
    with testing.declared(Generous("rps", max_wait_time=10, on_timeout="release")):
        [link] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.let_time_pass(11)
        processing.process_barrier("rps_grouper")
        assert fate(link) == FATES["leave"]
        assert "was chosen 2 times" in BarrierRecord.objects.get().last_error


def test_somebody_who_has_come_into_a_group_while_quiet_is_let_go_and_not_failed():
    """Catches: looking at the present only, of whom some have what they wait for."""
    with testing.declared(SimpleGrouper("rps", initial_group_size=2, max_wait_time=10)):
        [link] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        type(link.participant).objects.update(presence="gone")
        group = SyncGroup.objects.create(group_type="rps")
        group.participant_links.create(participant=link.participant, group_type="rps")
        testing.let_time_pass(11)
        testing.sweep()
    assert fate(link) == FATES["release"]


def test_going_on_alone_costs_the_same_however_many_do(quiet_sweeps):
    def prepare(n):
        testing.arrive_all(testing.make_participants(n), "rps_grouper")
        testing.let_time_pass(11)
        return lambda: testing.process("rps_grouper")

    with testing.declared(SimpleGrouper("rps", **{**SOLO, "initial_group_size": 99}, on_timeout="release")):
        testing.process("rps_grouper")
        same_for_few_and_many(prepare)

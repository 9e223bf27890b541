"""The clock runs against those who are absent; the present get what the barrier declares."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from syncgroups import arrivals, processing, signals, testing
from syncgroups.barriers import INCOMPLETE, KEPT_WAITING, Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier
from syncgroups.states import LinkState, ParticipantStatus, PassOutcome
from tests.engine.scenes import (
    fresh,
    make_group,
    make_groups,
    members,
    number_of_queries,
    same_for_few_and_many,
    states,
)

pytestmark = pytest.mark.django_db

GROUPER = SimpleGrouper("rps", initial_group_size=3, max_wait_time=600)


def barrier(policy, **parameters):
    return GroupBarrier("choice", "rps", max_wait_time=30, on_member_timeout=policy, **parameters)


def standing(*people):
    """Status, failure and its reason, of each."""
    return [(person.status, person.failed_reason) for person in map(fresh, people)]


KEPT = (ParticipantStatus.WORKING, "")
LEFT = (ParticipantStatus.LEFT, "")


def failed(reason):
    return (ParticipantStatus.WORKING, reason)


def keep_waiting(group, *, late=2):
    """The first so many of the group wait until their time is up, and are told what is declared."""
    links = testing.arrive_all(members(group)[:late], "choice", visit="")
    testing.let_time_pass(31)
    testing.sweep()
    return links


@pytest.fixture
def trio():
    return make_group(3, min_group_size=2)


@pytest.mark.parametrize(
    ("policy", "state", "present"),
    [
        ("go_on", LinkState.RELEASED, KEPT),
        ("regroup", LinkState.REGROUPED, KEPT),
        ("leave", LinkState.WITHDRAWN, LEFT),
        ("fail", LinkState.FAILED, failed(INCOMPLETE)),
    ],
)
def test_the_absent_fails_and_the_present_get_what_is_declared(trio, policy, state, present):
    everybody = members(trio)
    with testing.declared(GROUPER, barrier(policy)):
        links = keep_waiting(trio)
    assert states(links) == [state] * 2
    blamed = failed(INCOMPLETE if policy == "fail" else KEPT_WAITING)
    assert standing(*everybody) == [present, present, blamed]
    assert all(29 < fresh(link).time_credit <= 31 for link in links), "credit is kept, whatever follows"
    assert all(29 < fresh(person).time_credit <= 31 for person in everybody[:2])


@pytest.mark.parametrize(
    ("policy", "closed", "failing"),
    [("go_on", False, False), ("regroup", True, False), ("leave", True, True), ("fail", True, True)],
)
def test_a_group_that_nobody_stays_in_is_closed_and_has_failed_unless_its_members_go_on(trio, policy, closed, failing):
    with testing.declared(GROUPER, barrier(policy)):
        keep_waiting(trio)
    group = fresh(trio)
    assert (not group.active, group.failed) == (closed, failing)
    assert closed or group.n_active_participants == 2


def test_who_goes_on_goes_with_the_group_as_it_is_then(trio):
    """Catches: an ``on_release`` that is given, or led by, somebody who has just been failed."""
    seen = []

    def note(group, participants, leader):
        seen.append((group.n_active_participants, [person.pk for person in participants], leader.pk))

    *present, absent = members(trio)
    arrivals.elect_leader(trio, absent)
    with testing.declared(barrier("go_on", on_release=note)):
        keep_waiting(trio)
    assert seen == [(2, [person.pk for person in present], present[0].pk)]


def test_a_closer_closes_the_group_of_those_who_go_on(trio):
    with testing.declared(GroupCloser("rps", "choice", max_wait_time=30, on_member_timeout="go_on")):
        links = keep_waiting(trio)
    assert states(links) == [LinkState.RELEASED] * 2
    assert not fresh(trio).active


@pytest.mark.parametrize(
    ("on_below_minimum", "state"),
    [(None, LinkState.WITHDRAWN), ("leave", LinkState.WITHDRAWN), ("regroup", LinkState.REGROUPED)],
)
def test_too_few_to_go_on_leave_or_get_what_is_declared_for_that(on_below_minimum, state):
    with testing.declared(GROUPER, barrier("go_on", on_below_minimum=on_below_minimum)):
        links = keep_waiting(make_group(3))
    assert states(links) == [state] * 2


def test_who_is_here_and_gone_is_at_fault_and_who_is_quiet_is_not(trio):
    first, second, _ = members(trio)
    with testing.declared(barrier("go_on")):
        links = testing.arrive_all([first, second], "choice")
        type(first).objects.filter(pk=second.pk).update(presence="quiet")
        testing.let_time_pass(31)
        testing.sweep()
        assert states(links) == [LinkState.RELEASED] * 2
        links = testing.arrive_all([first, second], "choice")
        assert states(links) == [LinkState.WAITING] * 2
        other = make_group(3, min_group_size=1)
        here = testing.arrive_all(members(other)[:2], "choice")
        type(first).objects.filter(pk=here[1].participant_id).update(presence="gone")
        testing.let_time_pass(31)
        testing.sweep()
    assert states(here) == [LinkState.RELEASED, LinkState.FAILED]


def test_a_group_of_which_all_are_gone_is_left_to_on_timeout(trio):
    """Nobody is present to be given anything, and every wait ends."""
    with testing.declared(barrier("go_on", on_timeout="leave")):
        links = testing.arrive_all(members(trio)[:2], "choice")
        type(links[0].participant).objects.update(presence="gone")
        testing.let_time_pass(31)
        testing.sweep()
    assert states(links) == [LinkState.TIMED_OUT] * 2
    assert standing(*members_ever(trio)) == [LEFT, LEFT, KEPT]


def members_ever(group):
    """Everybody who has been in the group, in order of joining."""
    return [link.participant for link in group.participant_links.order_by("pk")]


class Held(Barrier):
    def choose_who_to_release(self, waiting_participants):
        return []


@pytest.mark.parametrize("policy", ["go_on", "regroup", "leave", "fail"])
def test_who_is_held_at_another_barrier_is_not_blamed(trio, policy):
    """Catches: failing somebody for waiting where the experiment lets them wait."""
    *_, absent = members(trio)
    with testing.declared(GROUPER, barrier(policy), Held("elsewhere", max_wait_time=600)):
        [held] = testing.arrive_all([absent], "elsewhere")
        keep_waiting(trio)
    assert standing(absent) == [LEFT]
    assert states([held]) == [LinkState.WITHDRAWN]
    assert fresh(held).reason == INCOMPLETE
    assert 29 < fresh(absent).time_credit < 33


def test_only_the_group_whose_time_is_up_is_touched():
    early, late = make_groups(2, size=3, min_group_size=2)
    with testing.declared(barrier("go_on")):
        before = testing.arrive_all(members(early)[:2], "choice")
        testing.let_time_pass(20)
        after = testing.arrive_all(members(late)[:2], "choice")
        testing.let_time_pass(11)
        testing.sweep()
    assert states(before) == [LinkState.RELEASED] * 2
    assert states(after) == [LinkState.WAITING] * 2
    assert fresh(late).n_active_participants == 3


def test_the_first_whose_time_is_up_decides_for_all_who_are_here(trio):
    first, second, _ = members(trio)
    with testing.declared(barrier("go_on")):
        links = testing.arrive_all([first], "choice")
        testing.let_time_pass(25)
        links += testing.arrive_all([second], "choice")
        testing.let_time_pass(6)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_who_comes_in_the_last_moment_is_not_absent(trio):
    """Release beats time-out."""
    with testing.declared(barrier("fail")):
        links = testing.arrive_all(members(trio)[:2], "choice")
        testing.let_time_pass(31)
        links += testing.arrive_all(members(trio)[2:], "choice")
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 3


def test_who_comes_although_they_were_gone_is_not_absent(trio):
    """Catches: taking somebody for gone who has just come, because their page has not asked twice yet."""
    first, second, _ = members(trio)
    arrivals.note_presence(second)
    testing.let_time_pass(100)
    testing.sweep()
    second.refresh_from_db()
    assert second.presence == "gone"
    with testing.declared(barrier("go_on")):
        links = testing.arrive_all([first], "choice")
        testing.let_time_pass(31)
        links += testing.arrive_all([second], "choice")
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_where_newcomers_do_not_come_those_who_wait_for_them_get_what_is_declared():
    group = make_group(3, join_existing_groups=True)
    left = members(group)[2]
    left.leave()
    with testing.declared(GROUPER, barrier("regroup")):
        links = keep_waiting(group)
    assert states(links) == [LinkState.REGROUPED] * 2


def test_while_the_barrier_is_paused_nobody_is_blamed(trio):
    with testing.declared(barrier("go_on")):
        links = testing.arrive_all(members(trio)[:2], "choice")
        testing.process("choice")
        arrivals.pause("choice")
        testing.let_time_pass(100)
        testing.sweep()
        arrivals.resume("choice")
        testing.sweep()
        assert states(links) == [LinkState.WAITING] * 2
        testing.let_time_pass(31)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_where_nothing_is_declared_the_waiter_fails_and_the_absent_stays(trio):
    """PsyNet's rule, and the default."""
    everybody = members(trio)
    with testing.declared(barrier(None)):
        links = keep_waiting(trio)
    assert states(links) == [LinkState.TIMED_OUT] * 2
    assert [failed for _, failed in standing(*everybody)] == ["waited too long at barrier 'choice'"] * 2 + [""]


def test_an_on_release_that_raises_blames_nobody(trio):
    """Nobody is failed for the site's error: not the absent either, of whom the same transaction says so."""

    def broken():
        raise ZeroDivisionError

    everybody = members(trio)
    with testing.declared(barrier("go_on", on_release=broken)):
        links = testing.arrive_all(everybody[:2], "choice")
        testing.let_time_pass(31)
        assert processing.process_barrier("choice").outcome == PassOutcome.FAILED
        assert states(links) == [LinkState.TIMED_OUT] * 2
    assert standing(*everybody) == [LEFT, LEFT, KEPT]
    assert "ZeroDivisionError" in fresh(trio).last_error


def test_their_ends_are_announced_after_commit(trio, django_capture_on_commit_callbacks):
    heard = []

    def note(sender, **facts):
        heard.append((facts["barrier_id"], len(facts["participants"]), facts["group"]))

    signals.regrouped.connect(note)
    try:
        with testing.declared(GROUPER, barrier("regroup")), django_capture_on_commit_callbacks(execute=True):
            keep_waiting(trio)
            assert heard == []
    finally:
        signals.regrouped.disconnect(note)
    assert heard == [("choice", 2, trio.pk)]


# What it costs


@pytest.mark.parametrize("policy", ["go_on", "regroup", "leave", "fail"])
@pytest.mark.usefixtures("quiet_sweeps")
def test_a_member_timeout_costs_the_same_however_many_groups_have_one(policy):
    """Catches: one statement for each group, or for each member."""

    def prepare(n):
        groups = make_groups(n, min_group_size=1, cohort=str(n))
        testing.arrive_all([members(group)[0] for group in groups], "choice")
        testing.process("choice", str(n))
        testing.let_time_pass(31)
        return lambda: processing.process_barrier("choice", str(n))

    with testing.declared(GROUPER, barrier(policy)):
        prepare(1)()
        same_for_few_and_many(prepare)
    assert not ParticipantLinkBarrier.objects.at("choice").waiting().exists()


def test_a_barrier_that_blames_nobody_does_not_ask_where_else_members_wait(trio):
    """Catches: queries for policies that are not declared."""
    taken = []
    for policy in ("go_on", None, "go_on"):
        with testing.declared(barrier(policy)):
            group = make_group(3)
            testing.arrive_all(members(group)[:1], "choice")
            # It is noted once a second that a barrier is alive; by now a second may be over or not.
            BarrierRecord.objects.update(last_processed=Now())
            taken.append(number_of_queries(processing.process_barrier, "choice", "", group.pk))
    assert taken[1] + 1 == taken[2]

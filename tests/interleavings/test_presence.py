"""Signs of life, and their absence, while passes and endings are under way. Neither waits for the other."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from syncgroups import processing, testing
from syncgroups.barriers import KEPT_WAITING, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import PresenceInterval, all_participants
from syncgroups.processing.presence import let_lapse
from syncgroups.states import LinkState, Presence
from tests.engine.scenes import fresh, groups_of, make_group, members, states

from .gated import GatedGroupBarrier, GatedGrouper
from .settling import settle

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

QUIET, GONE = 20, 90


def sign(person):
    """The person's page asks. Returns whether that has woken a place where they wait."""
    return bool(processing.mark_seen(person, hidden=False, quiet_after=QUIET, gone_after=GONE))


def lapse():
    let_lapse(limit=100)


def be_silent(person, seconds):
    """There was a sign, and since then so many seconds have passed, which a sweep has noticed."""
    sign(person)
    testing.let_time_pass(seconds)
    lapse()


def told(person):
    """What is stored of the presence of somebody, the earliest first; the last one with whether it goes on."""
    intervals = PresenceInterval.objects.filter(participant=person).order_by("pk")
    states_, open_ = [interval.state for interval in intervals], [interval.ended_at is None for interval in intervals]
    assert not any(open_[:-1]), "one at a time"
    return [*states_, open_[-1]] if states_ else []


# Passes


@pytest.mark.parametrize("policy", ["go_on", "regroup", "leave"])
def test_who_was_gone_and_is_back_before_the_pass_acts_is_not_blamed(elsewhere, gate, policy):
    """Law 2. Catches: failing somebody for a silence that was over before."""
    first, back, absent = members(group := make_group(3, min_group_size=2))
    barrier = GatedGroupBarrier("choice", "rps", gate, max_wait_time=60, on_member_timeout=policy)
    with testing.declared(SimpleGrouper("rps", initial_group_size=3, max_wait_time=600), barrier):
        links = testing.arrive_all([first, back], "choice")
        be_silent(back, GONE + 1)
        assert fresh(back).presence == Presence.GONE
        running = elsewhere(processing.process_barrier, "choice", "", group.pk)
        gate.until_reached()
        elsewhere(sign, back).result()
        gate.open()
        assert running.result().error is None
        settle()
    assert len(set(states(links))) == 1, "both get the same"
    assert [fresh(person).failed_reason for person in (first, back, absent)] == ["", "", KEPT_WAITING]


def test_of_a_group_of_which_all_were_gone_nobody_fails_once_one_is_back(elsewhere, gate):
    """Law 2. Catches: the fault of those who are gone, found with somebody who is back."""
    one, back, left = members(group := make_group(3, join_existing_groups=True))
    left.leave()
    barrier = GatedGroupBarrier("choice", "rps", gate, max_wait_time=60, on_member_timeout="regroup")
    with testing.declared(SimpleGrouper("rps", initial_group_size=3, max_wait_time=600), barrier):
        links = testing.arrive_all([one, back], "choice")
        for person in (one, back):
            sign(person)
        testing.let_time_pass(GONE + 1)
        lapse()
        running = elsewhere(processing.process_barrier, "choice", "", group.pk)
        gate.until_reached()
        elsewhere(sign, back).result()
        gate.open()
        assert running.result().error is None
    assert states(links) == [LinkState.FAILED, LinkState.REGROUPED]
    assert not fresh(back).failed


def test_who_falls_silent_while_a_grouper_decides_is_not_matched_and_is_once_they_are_back(elsewhere, gate):
    """Law 2. Catches: matching whoever was present at the look. Nobody is lost: the return wakes the grouper."""
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2, max_wait_time=600)):
        stays, falls_silent = testing.make_participants(2)
        links = testing.arrive_all([stays, falls_silent], "rps_grouper")
        sign(falls_silent)
        running = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        last = {"last_seen_at": Now() - timedelta(seconds=QUIET + 1), "quiet_at": Now() - timedelta(seconds=1)}
        all_participants().filter(pk=falls_silent.pk).update(**last)
        elsewhere(lapse).result()
        gate.open()
        assert running.result().error is None
        assert states(links) == [LinkState.WAITING] * 2
        sign(falls_silent)
        sign(falls_silent)
        settle()
    assert states(links) == [LinkState.RELEASED] * 2
    assert groups_of(stays) == groups_of(falls_silent) != []


def test_who_comes_back_while_a_grouper_decides_without_them_is_not_overlooked(elsewhere, gate):
    """Law 3. Catches: a return that wakes nobody, or whose wake-up the pass under way deletes."""
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2, max_wait_time=600)):
        stays, back = testing.make_participants(2)
        links = testing.arrive_all([back, stays], "rps_grouper")
        be_silent(back, QUIET + 1)
        running = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        sign(back)
        assert sign(back)
        gate.open()
        assert running.result().error is None
        assert states(links) == [LinkState.WAITING] * 2
        settle()
    assert states(links) == [LinkState.RELEASED] * 2


def test_a_sign_does_not_wait_for_a_pass_that_holds_the_participant(elsewhere, gate):
    """Catches: a page that hangs behind somebody else's slow ``on_release``."""
    one, two = members(make_group())
    with testing.declared(GroupBarrier("choice", "rps", on_release=gate.pass_by)):
        testing.arrive_all([one, two], "choice")
        running = elsewhere(processing.process_barrier, "choice")
        gate.until_reached()
        elsewhere(sign, one).result()
        assert told(one) == []
        gate.open()
        running.result()
        sign(one)
    assert told(one) == [Presence.PRESENT, True]


# A sign of life, and a sweep that finds somebody silent


def test_a_sweep_passes_over_who_is_just_giving_a_sign(elsewhere):
    """Law 3. Catches: a sweep that waits; one that ends the presence that has just been confirmed."""
    [person] = testing.make_participants(1)
    sign(person)
    testing.let_time_pass(QUIET + 1)
    with transaction.atomic():
        sign(person)
        elsewhere(processing.sweep).result()
    assert told(person) == [Presence.PRESENT, True]
    settle()


def test_a_sign_does_not_wait_for_a_sweep_that_finds_one_silent(elsewhere):
    """Catches: a page that hangs behind a sweep. The next two signs make up for it."""
    [person] = testing.make_participants(1)
    sign(person)
    testing.let_time_pass(QUIET + 1)
    with transaction.atomic():
        lapse()
        elsewhere(sign, person).result()
    assert told(person) == [Presence.PRESENT, Presence.QUIET, True]
    sign(person)
    sign(person)
    assert told(person) == [Presence.PRESENT, Presence.QUIET, Presence.PRESENT, True]
    settle()


@pytest.mark.parametrize(("column", "silence"), [("quiet_at", QUIET), ("gone_at", GONE)])
def test_who_gives_a_sign_between_the_list_of_the_silent_and_their_locks_is_not_silent(
    elsewhere, gate, column, silence
):
    """Law 2. Catches: believing the list."""
    [person] = testing.make_participants(1)
    if column == "gone_at":
        be_silent(person, QUIET + 1)
    else:
        sign(person)
    testing.let_time_pass(silence)
    before = told(person)

    def stop(execute, sql, *rest):
        if "SKIP LOCKED" in sql and column in sql:
            gate.pass_by()
        return execute(sql, *rest)

    def lapse_with_a_stop():
        with connection.execute_wrapper(stop):
            lapse()

    lapsing = elsewhere(lapse_with_a_stop)
    gate.until_reached()
    sign(person)
    gate.open()
    lapsing.result()
    assert told(person) == before
    settle()


def test_two_first_signs_at_once_are_one(elsewhere):
    """Law 13. Catches: two intervals that go on, or a second window whose page fails or hangs."""
    [person] = testing.make_participants(1)
    with transaction.atomic():
        sign(person)
        elsewhere(sign, person).result()
    assert told(person) == [Presence.PRESENT, True]


# A participation that ends


@pytest.mark.parametrize("verb", ["fail", "leave", "finish"])
def test_a_sign_and_a_lapse_while_a_participation_ends_leave_nothing_open(elsewhere, verb):
    """Law 2. Catches: an interval that is begun after the end, and goes on for ever."""
    [person] = testing.make_participants(1)
    sign(person)
    testing.let_time_pass(QUIET + 1)
    with transaction.atomic():
        getattr(person, verb)("by themselves")
        elsewhere(sign, person).result()
        elsewhere(lapse).result()
    lapse()
    sign(person)
    assert told(person) == [Presence.PRESENT, False]
    assert all_participants().filter(pk=person.pk, quiet_at=None, gone_at=None).exists()


@pytest.mark.parametrize("act", ["sign", "lapse"])
def test_an_end_while_a_sign_or_a_lapse_is_under_way_comes_after_it(elsewhere, act):
    """Law 11. Catches: ending a presence without the participant's lock: another one has begun by then."""
    [person] = testing.make_participants(1)
    be_silent(person, QUIET + 1)
    sign(person)
    if act == "lapse":
        testing.let_time_pass(GONE + 1)
    with transaction.atomic():
        sign(person) if act == "sign" else lapse()
        ending = elsewhere(person.fail, "closed the tab").until_held()
    assert ending.result() is True
    after = Presence.PRESENT if act == "sign" else Presence.GONE
    assert told(person) == [Presence.PRESENT, Presence.QUIET, after, False]
    settle()

"""Time credit: what a wait earns, in seconds."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.waiting import WaitPage

from .journeys import form_group, reloaded

PAGE = WaitPage(wait_time=2.0)


class Anybody(Barrier):
    def choose_who_to_release(self, waiting_participants):
        return waiting_participants


class Nobody(Barrier):
    def choose_who_to_release(self, waiting_participants):
        return []


def wait_at(barrier, seconds):
    with testing.declared(barrier):
        (person,) = testing.make_participants(1)
        (link,) = testing.arrive_all([person], barrier.id)
        testing.let_time_pass(seconds)
        testing.process(barrier.id)
        return reloaded(link), reloaded(person)


def test_the_expected_wait_is_the_logic_times_its_repetitions():
    assert Barrier("b", PAGE, 5).expected_wait == 10.0
    assert Barrier("b", PAGE).expected_wait == 6.0
    assert Barrier("b", lambda participant, link: PAGE).expected_wait == 0.0


def test_fix_time_credit_fixes_the_credit_to_the_expected_wait():
    assert Barrier("b", PAGE, 5, fix_time_credit=True).fixed_credit == 10.0
    assert Barrier("b", PAGE, 5).fixed_credit is None


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [1, 15])
def test_with_fix_time_credit_a_visit_earns_the_expected_wait_however_long_it_took(seconds):
    link, person = wait_at(Anybody("b", PAGE, 5, fix_time_credit=True), seconds)
    assert link.time_credit == person.time_credit == 10.0


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["leave", "fail", "finish"])
@pytest.mark.parametrize(("seconds", "earned"), [(1, 1), (15, 10)])
def test_with_fix_time_credit_who_does_not_go_on_earns_the_time_waited_up_to_the_expected_wait(end, seconds, earned):
    """Catches: minutes that are paid to who leaves after a second, and more than is expected to who fails late."""
    with testing.declared(Nobody("b", PAGE, 5, max_wait_time=60, fix_time_credit=True)):
        (person,) = testing.make_participants(1)
        (link,) = testing.arrive_all([person], "b")
        testing.let_time_pass(seconds)
        getattr(person, end)()
    assert reloaded(link).time_credit == pytest.approx(earned, abs=0.9)
    assert reloaded(person).time_credit == reloaded(link).time_credit


@pytest.mark.django_db
@pytest.mark.parametrize(("policy", "earned"), [("release", 10), ("leave", 8), ("fail", 8)])
def test_with_fix_time_credit_who_is_let_go_alone_earns_the_expected_wait_and_who_times_out_what_was_waited(
    policy, earned
):
    with testing.declared(Nobody("b", PAGE, 5, max_wait_time=8, on_timeout=policy, fix_time_credit=True)):
        (person,) = testing.make_participants(1)
        testing.arrive_all([person], "b")
        testing.let_time_pass(9)
        testing.sweep()
    assert reloaded(person).time_credit == pytest.approx(earned, abs=0.1)


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [1, 15])
def test_without_fix_time_credit_a_visit_earns_the_time_waited(seconds):
    link, person = wait_at(Anybody("b", PAGE, 5), seconds)
    assert link.time_credit == pytest.approx(seconds, abs=0.9)
    assert person.time_credit == link.time_credit


@pytest.mark.django_db
def test_the_credit_of_visits_adds_up():
    barrier = Anybody("b", PAGE, 1, fix_time_credit=True)
    with testing.declared(barrier):
        (person,) = testing.make_participants(1)
        for _ in range(3):
            testing.arrive_all([person], "b")
            testing.process("b")
        assert reloaded(person).time_credit == 6.0


@pytest.mark.django_db
def test_who_is_timed_out_earns_the_time_up_to_the_limit():
    with testing.declared(Nobody("b", max_wait_time=30)):
        (person,) = testing.make_participants(1)
        testing.arrive_all([person], "b")
        testing.let_time_pass(1000)
        testing.sweep()
        assert reloaded(person).time_credit == pytest.approx(30, abs=0.1)


@pytest.mark.django_db
def test_group_barriers_fix_the_credit_of_every_member():
    barrier = GroupBarrier("ready", "pair", PAGE, 5, fix_time_credit=True)
    with testing.declared(SimpleGrouper("pair", initial_group_size=2), barrier):
        _, members = form_group()
        before = [reloaded(member).time_credit for member in members]
        testing.arrive_all(members, "ready")
        testing.process("ready")
        after = [reloaded(member).time_credit for member in members]
        assert [late - early for early, late in zip(before, after, strict=True)] == pytest.approx([10.0, 10.0])

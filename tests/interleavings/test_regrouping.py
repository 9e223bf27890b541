"""Somebody whose group cannot go on is sent back to the grouper, while something else happens to them or to others.

One person waits, and the other one has not come. A pass has seen the time to be up, and is about to act.
"""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import KEPT_WAITING, Barrier, GroupBarrier
from syncgroups.exceptions import GroupNotActive, NotWaiting
from syncgroups.groupers import SimpleGrouper
from syncgroups.states import LinkState, ParticipantStatus, PassOutcome
from tests.engine.scenes import fresh, groups_of, make_group, make_groups, members, states

from .gated import GatedDoor, GatedGroupBarrier, GatedGrouper
from .settling import ends_of, settle, waiting_at

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

POOL, CHOICE = "rps_grouper", "choice"
LONGEST = 60


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


class Situation:
    """A pair of which one waits for the other, until the time is up; and a pass that stands at the gate."""

    def __init__(self, elsewhere, gate):
        self.gate = gate
        self.group = make_group()
        self.here, self.absent = members(self.group)
        [self.link] = testing.arrive_all([self.here], CHOICE, visit="1")
        testing.let_time_pass(LONGEST + 1)
        self.running = elsewhere(processing.process_barrier, CHOICE)
        gate.until_reached()

    def go_on(self):
        """Let the pass act."""
        self.gate.open()
        result = self.running.result()
        assert result.error is None
        return result

    @property
    def is_sent_back(self):
        """Whether the one who waited was, once, and the other one failed."""
        once = ends_of(self.here, CHOICE) == [LinkState.REGROUPED] and waiting_at(POOL).count(self.here.pk) == 1
        return once and fresh(self.absent).failed_reason == KEPT_WAITING and not fresh(self.here).failed


@pytest.fixture
def situation(elsewhere, gate):
    grouper = SimpleGrouper("rps", initial_group_size=2, max_wait_time=600)
    barrier = GatedGroupBarrier(CHOICE, "rps", gate, max_wait_time=LONGEST, on_member_timeout="regroup")
    with testing.declared(grouper, barrier, Held("held", max_wait_time=600)):
        yield Situation(elsewhere, gate)


# Members who end


@pytest.mark.parametrize("verb", ["fail", "leave"])
def test_the_absent_who_ends_meanwhile_has_one_end(situation, elsewhere, verb):
    """Law 10. Catches: ending somebody without looking, under the locks, whether they have ended by now."""
    ending = elsewhere(getattr(situation.absent, verb), "closed the tab").until_held()
    situation.go_on()
    assert ending.result() is False
    assert situation.is_sent_back
    settle()


@pytest.mark.parametrize(("verb", "end"), [("fail", LinkState.FAILED), ("leave", LinkState.WITHDRAWN)])
def test_who_is_sent_back_and_ends_meanwhile_waits_nowhere(situation, elsewhere, verb, end):
    """Law 2. Catches: ending the visits that were open before the locks were there, and not those that are."""
    ending = elsewhere(getattr(situation.here, verb), "closed the tab").until_held()
    situation.go_on()
    assert ending.result() is True
    assert ends_of(situation.here, CHOICE) == [LinkState.REGROUPED]
    assert ends_of(situation.here, POOL)[-1] == end
    settle()


def test_whom_the_site_fails_behind_our_back_is_not_sent_back_and_nobody_is_blamed(situation):
    """Law 2. Catches: sending back whoever was active at the look."""
    type(situation.here)._default_manager.filter(pk=situation.here.pk).update(failed=True)
    situation.go_on()
    assert states([situation.link]) == [LinkState.FAILED]
    assert not fresh(situation.absent).failed
    assert waiting_at(POOL) == []


# The group


def test_a_group_that_is_closed_meanwhile_is_closed_after_it(situation, elsewhere):
    """Law 11. Catches: closing a group without its lock."""
    closing = elsewhere(situation.group.close, "over").until_held()
    situation.go_on()
    assert closing.result() is False, "nobody is left in it"
    assert situation.is_sent_back
    settle()


def test_nobody_comes_into_the_group_while_it_is_given_up(situation, elsewhere):
    """Law 11. Catches: adding somebody to a group without its lock, who is left behind in it."""
    [newcomer] = testing.make_participants(1)
    testing.arrive_all([newcomer], POOL)
    adding = elsewhere(situation.group.add, newcomer).until_held()
    situation.go_on()
    with pytest.raises(GroupNotActive):
        adding.result()
    settle()
    assert groups_of(newcomer) == groups_of(situation.here) != []


def test_a_group_that_is_closed_before_the_pass_has_its_turn_blames_nobody(situation, elsewhere):
    """Law 2. Catches: looking before locking."""
    situation.go_on()
    group = make_group()
    [link] = testing.arrive_all(members(group)[:1], CHOICE)
    absent = members(group)[1]
    testing.let_time_pass(LONGEST + 1)
    with transaction.atomic():
        group.close("over")
        passing = elsewhere(processing.process_barrier, CHOICE, "", group.pk).until_held()
    passing.result()
    assert states([link]) == [LinkState.RELEASED]
    assert not fresh(absent).failed


# Other passes


def test_a_sweep_passes_over_the_group_and_sends_nobody_back_twice(situation, elsewhere):
    """Laws 3 and 7. Catches: a sweep that waits; a pass that looks before it locks."""
    sweeping = elsewhere(processing.sweep)
    assert sweeping.result().error is None
    following = elsewhere(processing.process_barrier, CHOICE).until_held()
    situation.go_on()
    assert following.result().error is None
    assert situation.is_sent_back
    settle()


def test_of_two_groups_that_are_given_up_at_once_the_survivors_meet(elsewhere, gate):
    """Catches: a grouper that is not woken by the second, because the first has called it already."""
    grouper = SimpleGrouper("rps", initial_group_size=2, max_wait_time=600)
    barrier = GatedGroupBarrier(CHOICE, "rps", gate, max_wait_time=LONGEST, on_member_timeout="regroup")
    slow, quick = make_groups(2)
    (one, _), (other, _) = members(slow), members(quick)
    with testing.declared(grouper, barrier):
        testing.arrive_all([one, other], CHOICE)
        testing.let_time_pass(LONGEST + 1)
        running = elsewhere(processing.process_barrier, CHOICE, "", slow.pk)
        gate.until_reached()
        elsewhere(processing.process_barrier, CHOICE, "", quick.pk).result()
        elsewhere(processing.process_barrier, POOL).result()
        assert waiting_at(POOL) == [other.pk]
        gate.open()
        running.result()
        settle()
    assert groups_of(one) == groups_of(other) != []


def test_who_is_sent_back_while_the_grouper_decides_is_not_overlooked(elsewhere, gate):
    """Laws 3 and 12. Catches: not waking the grouper; wake-ups that are deleted without having been looked after."""
    barrier = GroupBarrier(CHOICE, "rps", max_wait_time=LONGEST, on_member_timeout="regroup")
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2, max_wait_time=600), barrier):
        here = members(make_group())[0]
        testing.arrive_all([here], CHOICE)
        testing.let_time_pass(LONGEST + 1)
        newcomers = testing.make_participants(3)
        testing.arrive_all(newcomers, POOL)
        grouping = elsewhere(processing.process_barrier, POOL)
        gate.until_reached()
        elsewhere(processing.process_barrier, CHOICE).result()
        gate.open()
        grouping.result()
        settle()
    assert len(groups_of(here)) == 1
    assert waiting_at(POOL) == []


# Arrivals


def test_who_comes_in_the_last_moment_is_not_failed_and_the_group_goes_on(situation, elsewhere):
    """Law 6. Catches: blaming those who had not come at the look, and have by now. The arrival waits for nobody."""
    link = elsewhere(arrivals.arrive, situation.absent, CHOICE, visit="1").result()
    situation.go_on()
    assert states([situation.link, link]) == [LinkState.RELEASED] * 2
    assert not fresh(situation.absent).failed
    settle()


def test_who_comes_to_wait_at_another_barrier_in_the_last_moment_is_not_failed(situation, elsewhere):
    """Law 2. Catches: blaming somebody for waiting where the experiment lets them wait."""
    elsewhere(arrivals.arrive, situation.absent, "held").result()
    situation.go_on()
    absent = fresh(situation.absent)
    assert (absent.failed, absent.status) == (False, ParticipantStatus.LEFT)
    assert ends_of(situation.here, CHOICE) == [LinkState.REGROUPED]
    settle()


def test_another_page_of_who_is_sent_back_that_comes_late_leads_on(elsewhere, gate):
    """Promise 1. Catches: a visit with a group that was given up, which nobody looks at again."""
    grouper = SimpleGrouper("rps", initial_group_size=2, max_wait_time=600)
    with testing.declared(grouper, GatedDoor(CHOICE, "rps", gate, max_wait_time=LONGEST, on_member_timeout="regroup")):
        here = members(make_group())[0]
        second_tab = elsewhere(arrivals.arrive, fresh(here), CHOICE, visit="2")
        gate.until_reached()
        testing.arrive_all([here], CHOICE, visit="1")
        testing.let_time_pass(LONGEST + 1)
        testing.process(CHOICE)
        gate.open()
        second_tab.result()
        assert waiting_at(CHOICE) == waiting_at(POOL) == [here.pk]
        settle()
        assert waiting_at(CHOICE) == []
        assert waiting_at(POOL) == [here.pk]


def test_who_has_come_to_the_grouper_with_an_old_page_waits_there_once_with_the_place_of_before(situation, elsewhere):
    """Laws 8 and 13. Catches: a second open visit, whose refusal costs somebody their participation."""
    old = store_a_visit_to_the_grouper(situation.here)
    situation.go_on()
    assert situation.is_sent_back
    assert states([old]) == [LinkState.WAITING]
    assert fresh(old).place_since < old.arrival_time
    [newcomer] = testing.make_participants(1)
    testing.arrive_all([newcomer], POOL)
    settle()
    assert groups_of(newcomer) == groups_of(situation.here) != []


def test_who_is_just_coming_to_the_grouper_with_an_old_page_waits_there_once(situation):
    """Laws 8 and 13. Catches: a pass that fails, or leaves somebody out, because a second tab was faster."""
    with transaction.atomic():
        old = store_a_visit_to_the_grouper(situation.here)
        situation.gate.open()
        situation.running.until_held()
    assert situation.go_on().outcome == PassOutcome.DONE
    assert situation.is_sent_back
    assert states([old]) == [LinkState.WAITING]
    settle()


def store_a_visit_to_the_grouper(person):
    """What an arrival stores that looked before the person was grouped, and has come to it only now."""
    deadline = Now() + timedelta(seconds=600)
    return fresh(person.barrier_links.create(barrier_id=POOL, visit="old page", deadline=deadline))


# Researchers, and those who ask for more time


def test_who_is_let_through_by_hand_meanwhile_goes_on_and_nobody_is_blamed(situation, elsewhere):
    """Law 10. Catches: sending back somebody whose visit has ended; blaming for a wait that is over."""
    elsewhere(situation.link.release, "waited enough", by="ann").result()
    situation.go_on()
    assert states([situation.link]) == [LinkState.RELEASED]
    assert not fresh(situation.absent).failed
    assert groups_of(situation.here) == [situation.group]
    settle()


def test_another_member_who_is_let_through_by_hand_meanwhile_is_not_sent_back_nor_blamed(elsewhere, gate):
    """Laws 2 and 10. Catches: an outcome that is changed; failing somebody for having gone on as they were told."""
    barrier = GatedGroupBarrier(CHOICE, "rps", gate, max_wait_time=LONGEST, on_member_timeout="regroup")
    here, let_through, absent = members(make_group(3, min_group_size=1))
    with testing.declared(SimpleGrouper("rps", initial_group_size=3, max_wait_time=600), barrier):
        testing.arrive_all([here], CHOICE)
        testing.let_time_pass(LONGEST + 1)
        [link] = testing.arrive_all([let_through], CHOICE)
        running = elsewhere(processing.process_barrier, CHOICE)
        gate.until_reached()
        elsewhere(link.release, "go on", by="ann").result()
        gate.open()
        assert running.result().error is None
        settle()
    assert states([link]) == [LinkState.RELEASED]
    assert ends_of(here, CHOICE) == [LinkState.REGROUPED]
    assert [fresh(person).failed_reason for person in (let_through, absent)] == ["", KEPT_WAITING]


def test_who_has_been_sent_back_is_not_let_through_by_hand_afterwards(situation, elsewhere):
    """Law 10. Catches: releasing without looking again under the lock."""
    situation.go_on()
    with pytest.raises(NotWaiting):
        elsewhere(situation.link.release, "waited enough", by="ann").result()
    assert situation.is_sent_back
    settle()


def test_a_pause_of_the_barrier_waits_for_the_pass(situation, elsewhere):
    """Catches: a pause that returns while somebody is about to be failed."""
    pausing = elsewhere(arrivals.pause, CHOICE).until_held()
    situation.go_on()
    assert pausing.result() is True
    assert situation.is_sent_back
    settle()


def test_a_grouper_that_is_paused_meanwhile_takes_in_who_is_sent_back_and_holds_them(situation, elsewhere):
    """Catches: matching while paused; losing whoever came during a pause."""
    elsewhere(arrivals.pause, POOL).result()
    situation.go_on()
    [newcomer] = testing.make_participants(1)
    testing.arrive_all([newcomer], POOL)
    testing.process(POOL)
    settle()
    assert waiting_at(POOL) == [situation.here.pk, newcomer.pk]
    arrivals.resume(POOL)
    settle()
    assert groups_of(newcomer) == groups_of(situation.here) != []

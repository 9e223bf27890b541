"""Faults that waits, their ends and what they earn had elsewhere."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from syncgroups import registry, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import BarrierAlreadyRegistered
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, SyncGroup
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import (
    A_DAY,
    crowd,
    fresh,
    groups_of,
    make_group,
    members,
    number_of_queries,
    states,
)

pytestmark = pytest.mark.django_db


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


def test_two_people_who_can_be_grouped_at_their_deadline_are_grouped():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2, max_wait_time=10)):
        links = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        testing.let_time_pass(11)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2
    assert not any(fresh(link.participant).failed for link in links)


def test_one_id_cannot_be_declared_twice_differently():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2)):
        with pytest.raises(BarrierAlreadyRegistered, match="rps_grouper"):
            registry.register(SimpleGrouper("rps", initial_group_size=3))
        assert registry.get("rps_grouper").initial_group_size == 2, "the first one stands"


def test_one_id_waits_for_each_cohort_on_its_own():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2)):
        early, other, late = (testing.make_participants(1, cohort=name)[0] for name in ("am", "pm", "am"))
        testing.arrive_all([early, other], "rps_grouper")
        testing.sweep()
        assert groups_of(early) == groups_of(other) == []
        testing.arrive_all([late], "rps_grouper")
        testing.sweep()
    assert groups_of(early) == groups_of(late) != []
    assert groups_of(other) == []


def test_an_idle_pass_costs_a_handful_of_statements_however_many_wait():
    crowd(100, "held")
    with testing.declared(Held("held")):
        testing.process("held")
        assert testing.process("held") == PassOutcome.IDLE
        assert number_of_queries(testing.process, "held") <= 8


def test_the_database_refuses_a_second_open_visit():
    with testing.declared(Held("held")):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
    with pytest.raises(IntegrityError), transaction.atomic():
        ParticipantLinkBarrier.objects.create(participant=link.participant, barrier_id="held", deadline=A_DAY)


def test_a_closed_tab_is_no_longer_grouped_once_its_time_is_up():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2, max_wait_time=10)):
        [absent] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.let_time_pass(11)
        testing.sweep()
        [present] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.sweep()
    assert states([absent, present]) == [LinkState.TIMED_OUT, LinkState.WAITING]


def test_a_timed_out_visit_has_an_outcome_a_departure_and_a_reason():
    with testing.declared(Held("held", max_wait_time=10)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        testing.let_time_pass(11)
        testing.sweep()
    link = fresh(link)
    assert link.state == LinkState.TIMED_OUT
    assert not link.released
    assert link.departure_time >= link.deadline
    assert "held" in link.reason
    assert link.participant.failed_reason == link.reason


class Patient(Barrier):
    """Lets through who has waited for a minute, whoever else is here."""

    def choose_who_to_release(self, waiting_participants):
        return [person for person in waiting_participants if person.active_barriers[self.id].time_waited >= 60]


def test_a_rule_may_let_through_whoever_waited_long_instead_of_failing_them():
    with testing.declared(Patient("patient", max_wait_time=60)):
        [link] = testing.arrive_all(testing.make_participants(1), "patient")
        testing.let_time_pass(40)
        testing.sweep()
        assert states([link]) == [LinkState.WAITING]
        testing.let_time_pass(21)
        testing.sweep()
    assert states([link]) == [LinkState.RELEASED]
    assert not fresh(link.participant).failed


def test_declarations_are_code_and_a_deploy_changes_them_at_once():
    group, called = make_group(), []
    with testing.declared(GroupBarrier("choice", "rps", on_release=lambda: called.append("old"))):
        testing.arrive_all(members(group), "choice")
    with testing.declared(GroupBarrier("choice", "rps", on_release=lambda: called.append("new"))):
        testing.process("choice")
    assert called == ["new"]
    stored = [column for model in (BarrierRecord, ParticipantLinkBarrier) for column in model._meta.fields]
    assert not [column for column in stored if column.get_internal_type() == "BinaryField"]


def test_time_waited_counts_fractions_of_seconds_and_does_not_wrap_after_a_day():
    with testing.declared(Held("held", max_wait_time=7 * 86400)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        testing.let_time_pass(90000.5)
        assert 90000.5 <= fresh(link).time_waited < 90060
        link.release()
    assert 90000.5 <= fresh(link).time_waited < 90060


def test_time_credit_is_the_time_waited_not_the_number_of_pages_shown():
    with testing.declared(Held("held", max_wait_time=100)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        testing.let_time_pass(33.25)
        link.release()
    assert 33.25 <= fresh(link).time_credit < 60
    assert fresh(link.participant).time_credit == fresh(link).time_credit


def test_the_stored_count_is_counted_anew_by_whoever_changes_the_group():
    group = make_group(3)
    one, two, three = members(group)
    SyncGroup.objects.update(n_active_participants=F("n_active_participants") + 5)
    one.fail("closed the tab")
    assert fresh(group).n_active_participants == 2
    two.leave()
    assert fresh(group).n_active_participants == len(members(group)) == 1
    assert groups_of(three) == [group]

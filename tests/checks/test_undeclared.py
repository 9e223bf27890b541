"""A barrier that the database knows and the site declares no longer: told to everybody, in nobody's way."""

from __future__ import annotations

import logging

import pytest
from django.core import checks

from syncgroups import processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier
from syncgroups.processing import sweeping
from syncgroups.states import LinkState, PassOutcome

pytestmark = pytest.mark.django_db

PAIRS = SimpleGrouper("pair", initial_group_size=2)


class Nobody(Barrier):
    def choose_who_to_release(self, waiting_participants):
        return []


@pytest.fixture
def old_visit():
    """Somebody waits at a barrier that has been processed and is then declared no longer."""
    with testing.declared(Nobody("old", max_wait_time=30)):
        (link,) = testing.arrive_all(testing.make_participants(1), "old")
        testing.process("old")
    return link


@pytest.fixture
def old_group_visit():
    """The same at a barrier of groups."""
    with testing.declared(PAIRS, GroupBarrier("old", "pair", max_wait_time=30)):
        pair = testing.make_participants(2)
        testing.arrive_all(pair, "pair_grouper")
        testing.process("pair_grouper")
        (link,) = testing.arrive_all(pair[:1], "old")
        testing.process("old")
    return link


@pytest.fixture(params=["old_visit", "old_group_visit"])
def visit(request):
    """Either of them."""
    return request.getfixturevalue(request.param)


def warnings():
    return [message for message in checks.run_checks(databases=["default"]) if message.id == "syncgroups.W002"]


def test_w002_an_undeclared_barrier_is_reported_once_however_many_cohorts_know_it(old_visit):
    BarrierRecord.objects.create(barrier_id="old", cohort="tuesday")
    with testing.declared():
        (message,) = warnings()
    assert message.level == checks.WARNING
    assert message.msg == "Barrier 'old' is known to the database and no longer declared."
    assert "declare it again" in message.hint


def test_w002_declared_barriers_are_not_reported(old_visit):
    with testing.declared(Nobody("old")):
        assert warnings() == []


def test_w002_is_asked_of_databases_only_when_they_are_checked(old_visit):
    with testing.declared():
        assert [message.id for message in checks.run_checks()] == []


def test_one_sweep_in_sixty_logs_an_undeclared_barrier(old_visit, caplog):
    with testing.declared(), caplog.at_level(logging.WARNING, logger=sweeping.__name__):
        for _ in range(60):
            processing.sweep()
    (told,) = [record.getMessage() for record in caplog.records if "'old'" in record.getMessage()]
    assert "no longer declared" in told


def test_a_pass_over_an_undeclared_barrier_lets_nobody_through(visit):
    with testing.declared():
        assert testing.process("old") == PassOutcome.IDLE
        visit.refresh_from_db()
        assert visit.state == LinkState.WAITING


def test_waits_at_an_undeclared_barrier_end_a_minute_after_their_deadline(visit):
    with testing.declared():
        testing.let_time_pass(89)
        testing.sweep()
        visit.refresh_from_db()
        assert visit.state == LinkState.WAITING
        testing.let_time_pass(2)
        testing.sweep()
        visit.refresh_from_db()
        assert visit.state == LinkState.TIMED_OUT
        assert "old" in visit.reason


def test_an_undeclared_barrier_holds_back_no_other(visit):
    with testing.declared(SimpleGrouper("trio", initial_group_size=3)):
        testing.let_time_pass(91)
        trio = testing.make_participants(3)
        testing.arrive_all(trio, "trio_grouper")
        testing.sweep()
        links = ParticipantLinkBarrier.objects.at("trio_grouper")
        assert {link.state for link in links} == {LinkState.RELEASED}


def test_the_sweep_comes_to_rest_with_an_undeclared_barrier_in_the_database(visit):
    with testing.declared():
        assert not list(processing.sweep().rerun)
        assert processing.due_units() == set()


def test_who_waits_at_an_undeclared_barrier_can_fail_leave_and_be_released(visit):
    with testing.declared():
        visit.release("let go by hand", by="ana")
        visit.refresh_from_db()
        assert (visit.state, visit.reason, visit.ended_by) == (LinkState.RELEASED, "let go by hand", "ana")
        assert visit.participant.fail("went away")


def test_a_barrier_that_is_declared_again_goes_on_where_it_was(old_visit):
    class Everybody(Barrier):
        def choose_who_to_release(self, waiting_participants):
            return waiting_participants

    with testing.declared():
        testing.sweep()
    with testing.declared(Everybody("old")):
        Everybody("old").process_potential_releases()
        old_visit.refresh_from_db()
        assert old_visit.released

"""What is on its way is no fault; what is one, the command says in sentences, and to programs."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from syncgroups import arrivals, operating, processing, testing, verifying
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, WakeUp, all_participants
from tests.acceptance import researchers
from tests.engine.scenes import members, number_of_queries

from .promised import A_SECOND, ENDED, GROUPS, LATE, VISITS, be_late, call

pytestmark = pytest.mark.django_db


# What is no fault


def test_what_a_researcher_holds_is_no_fault(kept):
    arrivals.pause("choice", "monday")
    be_late(LATE)
    call("choice")
    assert verifying.findings() == []


def test_what_a_group_is_held_for_is_no_fault(kept):
    """Catches: an alarm for each group that a researcher has paused."""
    operating.pause_group(GROUPS.get(), reason="a fire alarm", by="ada")
    be_late(LATE)
    assert verifying.findings() == []


def test_what_is_due_is_no_fault_yet(kept):
    """Catches: complaining about what the next sweep will do."""
    be_late(A_SECOND)
    for barrier_id in ("choice", "gone"):
        call(barrier_id, ago=A_SECOND)
    all_participants().update(quiet_at=Now() - A_SECOND)
    assert verifying.findings() == []
    assert len(verifying.findings(allowance=timedelta())) == 5


def test_visits_from_before_there_was_a_ledger_are_no_fault(kept):
    ENDED.update(waited_for_match=0, waited_for_others=0, paused_for=0)
    assert verifying.findings() == []


def test_what_the_sweep_puts_right_meanwhile_is_no_fault(kept):
    """Catches: an alarm after each participant whom the site has ended by itself."""
    GROUPS.update(n_active_participants=7)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        processing.sweep()

    assert verifying.verify(sleep=sleep) == []
    assert slept == [pytest.approx(verifying.patience())]


def test_what_the_sweep_leaves_as_it_is_is_one(kept):
    """Catches: findings that are taken to be passing, for ever."""
    GROUPS.update(n_active_participants=7)
    [finding] = verifying.verify(sleep=lambda seconds: None)
    assert finding.promise.name == "groups_are_counted_right"


def test_nobody_waits_for_what_no_sweep_puts_right(kept):
    be_late(LATE)
    [finding] = verifying.verify(sleep=pytest.fail)
    assert finding.promise.name == "waits_end_in_time"


def test_the_whole_journey_of_many_keeps_every_promise():
    """Catches: a check that complains about what the engine does."""
    with testing.declared(*researchers.declarations()):
        scene = researchers.pairs_waiting(4)
        for act, pair in zip((arrivals.fail, arrivals.leave, arrivals.finish), scene.pairs, strict=False):
            arrivals.note_presence(pair[0])
            arrivals.note_presence(pair[1])
            act(pair[0])
        testing.arrive_all(scene.pairs[3][1:], "choice_made")
        testing.let_time_pass(30)
        testing.sweep()
        testing.let_time_pass(700)
        testing.sweep()
        assert [str(finding) for finding in verifying.findings()] == []
        assert BarrierRecord.objects.exists()


# The command


def test_the_command_is_content(kept, capsys):
    call_command("syncgroups_check")
    assert f"All of {len(verifying.PROMISES)} promises are kept." in capsys.readouterr().out


def test_the_command_says_what_is_wrong_and_what_to_do_and_fails(kept, capsys):
    be_late(LATE)
    with pytest.raises(CommandError) as told:
        call_command("syncgroups_check")
    assert told.value.returncode == 1
    said = capsys.readouterr().out
    assert f"Participant {kept[0].public_id} should have been let go from 'choice'" in said
    assert "→ Look whether a worker and a beat are running" in said


def test_the_command_names_so_many_rows_and_says_that_there_are_more(kept, capsys, monkeypatch):
    monkeypatch.setattr("syncgroups.verifying.promises.NAMED", 1)
    monkeypatch.setattr("syncgroups.verifying.NAMED", 1)
    VISITS.update(time_credit=-1)
    with pytest.raises(CommandError):
        call_command("syncgroups_check", "--wait", "0")
    said = capsys.readouterr().out
    assert said.count("has a credit of -1.0 s") == 1
    assert "And there are more of this kind." in said


def test_the_command_speaks_to_programs(kept, capsys):
    GROUPS.update(leader=None)
    with pytest.raises(CommandError):
        call_command("syncgroups_check", "--json", "--wait", "0", "--cohort", "monday")
    answer = json.loads(capsys.readouterr().out)
    [finding] = answer["findings"]
    assert answer["ok"] is False
    assert finding["promise"] == "groups_are_led_by_a_member"
    assert finding["facts"]["group"] == str(GROUPS.get().public_id)
    call_command("syncgroups_check", "--json", "--wait", "0", "--cohort", "tuesday")
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_a_check_costs_a_query_for_each_promise_however_many_there_are():
    with testing.declared(*researchers.declarations()):
        researchers.pairs_waiting(2)
        few = number_of_queries(verifying.findings)
        researchers.pairs_waiting(18, start=2)
        assert number_of_queries(verifying.findings) == few == len(verifying.PROMISES)


def test_who_waited_with_a_group_that_is_closed_is_no_fault(kept):
    GROUPS.get().close()
    assert verifying.findings() == []


class Picky(GroupBarrier):
    """Lets nobody go, whoever is here."""

    def choose_who_to_release(self, waiting_participants):
        return []


def complete_a_group(barrier_id="choice"):
    """All are here for longer than a call may be due, and nobody calls."""
    [group] = GROUPS.all()
    testing.arrive_all(members(group), barrier_id)
    ParticipantLinkBarrier.objects.waiting().update(arrival_time=Now() - LATE)
    WakeUp.objects.all().delete()
    return group


def untold(why):
    assert "nobody_is_forgotten" not in {finding.promise.name for finding in verifying.findings()}, why


def test_a_complete_group_is_forgotten_only_if_nothing_holds_or_calls_it(kept):
    """Catches: an alarm for each group that is about to go, or that somebody holds."""
    complete_a_group()
    assert {finding.promise.name for finding in verifying.findings()} == {"nobody_is_forgotten"}
    call("choice")
    untold("somebody has called")
    WakeUp.objects.all().delete()
    record = BarrierRecord.objects.filter(barrier_id="choice")
    record.update(paused_at=Now())
    untold("the barrier is paused")
    record.update(paused_at=None)
    GROUPS.update(paused_at=Now())
    untold("the group is paused")
    GROUPS.update(paused_at=None, min_group_size=2)
    visit = ParticipantLinkBarrier.objects.waiting().latest("pk")
    ParticipantLinkBarrier.objects.filter(pk=visit.pk).update(arrival_time=Now())
    untold("it has only just been completed")
    visit.delete()
    untold("one is missing")


def test_a_rule_of_the_sites_own_may_hold_whom_it_will():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), Picky("choice", "rps")):
        testing.arrive_all(testing.make_participants(2), "rps_grouper")
        testing.sweep()
        complete_a_group()
        untold("its rule decides")

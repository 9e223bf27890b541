"""System checks about barriers: E001 for a barrier's own fault, E002 for groups that nobody forms."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper

PAIRS = SimpleGrouper("pair", initial_group_size=2)


def found(*barriers: Any) -> list[Any]:
    with testing.declared(*barriers):
        return checks.run_checks(tags=["syncgroups"])


def scores(group, round):
    """What a dotted path leads to, below."""


def test_good_declarations_raise_no_message():
    assert found(PAIRS, GroupBarrier("ready", "pair"), GroupCloser("pair"), Barrier("b")) == []


@pytest.mark.parametrize(
    ("path", "fault", "cure"),
    [
        ("nowhere.at_all", "on_release 'nowhere.at_all' cannot be imported", "dotted path"),
        (f"{__name__}.scores", "on_release asks for 'round', which the engine cannot give", "group, participants"),
    ],
)
def test_e001_a_fault_of_a_barrier_is_an_error_with_its_cure(path, fault, cure):
    (message,) = found(PAIRS, GroupBarrier("ready", "pair", on_release=path))
    assert message.id == "syncgroups.E001"
    assert message.level == checks.ERROR
    assert message.msg.startswith("Barrier 'ready': ")
    assert fault in message.msg
    assert cure in message.hint


def test_e001_a_barrier_of_the_sites_own_reports_faults_of_its_own():
    class Fussy(Barrier):
        def problems(self):
            yield "the moon is full", "Wait for two weeks."
            yield "the tide is high", "Wait for six hours."

    messages = found(Fussy("b"))
    assert [(message.msg, message.hint, message.id) for message in messages] == [
        ("Barrier 'b': the moon is full.", "Wait for two weeks.", "syncgroups.E001"),
        ("Barrier 'b': the tide is high.", "Wait for six hours.", "syncgroups.E001"),
    ]


@pytest.mark.parametrize("barrier", [GroupBarrier("ready", "trio"), GroupCloser("trio")], ids=repr)
def test_e002_a_barrier_for_groups_that_nobody_forms_is_an_error(barrier):
    (message,) = found(PAIRS, barrier)
    assert message.id == "syncgroups.E002"
    assert message.level == checks.ERROR
    assert f"Barrier '{barrier.id}'" in message.msg
    assert "'trio'" in message.msg
    assert "group_type='trio'" in message.hint


def test_e002_a_grouper_needs_no_other_grouper():
    assert found(PAIRS) == []


def test_one_fault_hides_no_other():
    messages = found(GroupBarrier("ready", "pair", on_release="nowhere.at_all"), GroupCloser("trio"))
    assert sorted(message.id for message in messages) == ["syncgroups.E001", *["syncgroups.E002"] * 2]


@pytest.mark.django_db  # Django's own checks ask SQLite whether it knows JSON.
def test_manage_check_fails_on_a_faulty_declaration():
    with testing.declared(GroupBarrier("ready", "pair")), pytest.raises(SystemCheckError, match=r"syncgroups\.E002"):
        call_command("check")

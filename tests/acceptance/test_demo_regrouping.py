"""Regrouping: groups of three, and then pairs, with somebody new wherever that is possible."""

import pytest

from project.regrouping.experiment import NewPartners
from syncgroups import registry, testing
from syncgroups.models import SyncGroup

from .demo_windows import open_all
from .regrouping_windows import answered_in_trio, in_queue, pairs_among, wait_for_so_long

pytestmark = pytest.mark.django_db


# The whole way


def test_six_people_work_in_threes_and_then_in_pairs_and_are_thanked():
    windows = answered_in_trio(100, 200, 300) + answered_in_trio(400, 500, 600)
    open_all(windows)
    testing.process("pair_grouper")
    pages = [window.open() for window in windows]
    assert [window.page for window in windows] == ["pair/"] * 6
    assert [page.context["before"] for page in pages] == [200] * 3 + [500] * 3
    for window in windows:
        window.estimate(206)
    testing.process("closer_pair")
    pages = [window.open() for window in windows]
    assert [window.page for window in windows] == ["thanks/"] * 6
    assert [page.context["before"] for page in pages] == [206] * 6
    assert [window.participant.status for window in windows] == ["finished"] * 6
    assert not SyncGroup.objects.active().exists()


# Who meets whom


@pytest.mark.parametrize(
    ("letters", "pairs"),
    [
        ("AB", ["AB"]),
        ("AAB", ["AB"]),
        ("AABB", ["AB", "AB"]),
        ("AAABBB", ["AB", "AB", "AB"]),
        ("AABBCC", ["AB", "AC", "BC"]),
        # Whoever takes the first that is new here leaves two former partners to each other.
        ("ABCC", ["AC", "BC"]),
        ("ABBC", ["AB", "BC"]),
        ("ABCCC", ["AC", "BC"]),
        ("ABBCCC", ["AC", "BC", "BC"]),
    ],
)
def test_as_many_as_possible_meet_somebody_new_and_nobody_a_former_partner(letters, pairs):
    windows = in_queue(letters)
    testing.process("pair_grouper")
    assert sorted(pairs_among(letters, windows)) == pairs


def test_who_came_first_is_served_first():
    first, *_, last = windows = in_queue("ABB")
    testing.process("pair_grouper")
    open_all(windows)
    assert first.page == "pair/"
    assert last.page == "pair/wait/"


def test_former_partners_meet_again_only_after_a_while_of_which_nobody_new_came():
    """Catches people who are stuck where only former partners are left; and a rule that nobody asks again in time."""
    first, second, third = windows = in_queue("AAA")
    testing.process("pair_grouper")
    wait_for_so_long(NewPartners.patience - 5, windows)
    assert {window.page for window in windows} == {"pair/wait/"}
    wait_for_so_long(6, windows)
    assert [window.page for window in windows] == ["pair/", "pair/", "pair/wait/"]
    assert first.participant.sync_group == second.participant.sync_group
    assert third.participant.is_active


def test_who_has_waited_for_long_takes_somebody_new_if_there_is_one():
    letters = "AAB"
    windows = in_queue("AA")
    testing.let_time_pass(NewPartners.patience + 1)
    [newcomer, *_] = answered_in_trio()
    for window in (*windows, newcomer):
        window.open()
        window.poll()
    testing.process("pair_grouper")
    assert pairs_among(letters, [*windows, newcomer]) == ["AB"]


def test_who_is_left_over_leaves_with_credit_and_without_fault():
    *_, third = windows = in_queue("AAA")
    wait_for_so_long(NewPartners.patience + 1, windows)
    wait_for_so_long(registry.get("pair_grouper").max_wait_time - NewPartners.patience, [third])
    assert third.page == "end/"
    page = third.open().content.decode()
    assert "Not enough people came" in page
    assert "You are paid for 180 seconds" in page
    assert (third.participant.status, third.participant.failed) == ("left", False)


def test_whose_window_is_closed_is_nobodys_partner():
    """Catches a pair of which one is not there."""
    gone, first, second = in_queue("ABC")
    testing.let_time_pass(60)
    for window in (first, second):
        window.poll()
    testing.sweep()
    open_all([first, second])
    assert {first.page, second.page} == {"pair/"}
    assert first.participant.sync_group == second.participant.sync_group
    assert not gone.participant.active_sync_groups


def test_sessions_are_not_mixed():
    monday, tuesday = answered_in_trio(cohort="monday"), answered_in_trio(cohort="tuesday")
    open_all([*monday, *tuesday])
    testing.sweep()
    open_all([*monday, *tuesday])
    assert {window.page for window in (*monday, *tuesday)} == {"pair/wait/"}
    wait_for_so_long(NewPartners.patience + 1, [*monday, *tuesday])
    for group in SyncGroup.objects.filter(group_type="pair"):
        assert len({member.cohort for member in group.participants.all()} | {group.cohort}) == 1
    assert SyncGroup.objects.filter(group_type="pair").count() == 2

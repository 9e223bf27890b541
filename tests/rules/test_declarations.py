"""Declarations that can never work are refused where they are written, in a sentence that names the barrier."""

from __future__ import annotations

from typing import Any

import pytest

from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.exceptions import ImpossibleDeclaration, SyncGroupsError
from syncgroups.groupers import Grouper, SimpleGrouper
from syncgroups.waiting import Activity, WaitPage

PAIR = {"initial_group_size": 2}
OPEN = {**PAIR, "join_existing_groups": True}


def refused(declare, *arguments: Any, **parameters: Any) -> str:
    with pytest.raises(ImpossibleDeclaration) as caught:
        declare(*arguments, **parameters)
    sentence = str(caught.value)
    assert sentence.startswith(f"{declare.__name__} '")
    assert sentence.endswith(".")
    return sentence


def test_an_impossible_declaration_is_a_value_error_of_this_app():
    assert issubclass(ImpossibleDeclaration, ValueError)
    assert issubclass(ImpossibleDeclaration, SyncGroupsError)


@pytest.mark.parametrize("id_", ["", None, 5, "x" * 101], ids=["empty", "None", "number", "too long"])
def test_an_id_is_a_text_of_1_to_100_characters(id_):
    assert "the id must be a text of 1 to 100 characters" in refused(Barrier, id_)


def test_an_id_of_100_characters_is_good():
    assert Barrier("x" * 100).id == "x" * 100


@pytest.mark.parametrize("limit", [0, -1, None, "20", float("nan")], ids=repr)
def test_every_wait_ends_after_a_positive_number_of_seconds(limit):
    assert "Barrier 'lobby': max_wait_time must be" in refused(Barrier, "lobby", max_wait_time=limit)


@pytest.mark.parametrize("interval", [0, -1, "1"], ids=repr)
def test_a_recheck_interval_is_a_positive_number_of_seconds(interval):
    sentence = refused(Barrier, "lobby", recheck_interval=interval)
    assert "Barrier 'lobby': recheck_interval must be" in sentence


@pytest.mark.parametrize("logic", ["please wait", 5, [], [[]], [WaitPage(), "please wait"], [None]], ids=repr)
def test_waiting_logic_is_something_to_show(logic):
    assert "Barrier 'lobby': waiting_logic must be" in refused(Barrier, "lobby", waiting_logic=logic)


@pytest.mark.parametrize("time", [-1, float("nan"), "10", None], ids=repr)
def test_what_is_shown_takes_a_number_of_seconds(time):
    sentence = "Barrier 'lobby': what waiting_logic shows must be expected to take a number of seconds"
    assert sentence in refused(Barrier, "lobby", waiting_logic=WaitPage(wait_time=time))
    assert sentence in refused(Barrier, "lobby", waiting_logic=[WaitPage(), Activity(refused, time_estimate=time)])


def test_repetitions_are_not_negative():
    sentence = refused(Barrier, "lobby", waiting_logic_expected_repetitions=-1)
    assert "Barrier 'lobby': waiting_logic_expected_repetitions must be a number, and not negative" in sentence


@pytest.mark.parametrize("policy", ["punish", None, ""], ids=repr)
def test_on_timeout_is_one_of_the_policies(policy):
    assert "Barrier 'lobby': on_timeout must be one of" in refused(Barrier, "lobby", on_timeout=policy)


def test_a_grouper_releases_nobody_without_a_group():
    sentence = refused(SimpleGrouper, "pair", **PAIR, on_timeout="release")
    assert "SimpleGrouper 'pair_grouper': on_timeout='release' would send people on without a group" in sentence
    assert "on_timeout='release' would send people on" in refused(Grouper, "pair", on_timeout="release")


def test_a_grouper_of_groups_of_one_may_release():
    assert SimpleGrouper("pair", **PAIR, min_group_size=1, on_timeout="release").allows_one


def test_on_timeout_may_be_a_function():
    def decide(participant, link):
        """Says leave, or release."""

    assert Barrier("lobby", on_timeout=decide).on_timeout is decide


@pytest.mark.parametrize("times", [-1, 1.5, True, "2", None], ids=repr)
def test_more_time_may_be_asked_for_a_whole_number_of_times(times):
    assert "Barrier 'lobby': extensions must be" in refused(Barrier, "lobby", extensions=times)


@pytest.mark.parametrize("seconds", [0, -1, "60", float("inf")], ids=repr)
def test_more_time_is_a_positive_number_of_seconds(seconds):
    assert "'lobby': extension_time must be" in refused(Barrier, "lobby", extensions=1, extension_time=seconds)


def test_more_time_is_as_much_as_the_first_unless_it_is_said():
    assert Barrier("lobby", max_wait_time=77, extensions=1).extension_time == 77
    assert Barrier("lobby", max_wait_time=77, extensions=1, extension_time=5).extension_time == 5


@pytest.mark.parametrize("name", ["quiet_after", "gone_after"])
@pytest.mark.parametrize("seconds", [0, -1, "60", float("nan")], ids=repr)
def test_thresholds_of_presence_are_positive_numbers_of_seconds(name, seconds):
    assert f"Barrier 'lobby': {name} must be a number of seconds" in refused(Barrier, "lobby", **{name: seconds})


def test_nobody_is_gone_before_they_are_quiet():
    sentence = refused(Barrier, "lobby", quiet_after=60, gone_after=59)
    assert "quiet_after must not exceed gone_after" in sentence
    assert Barrier("lobby", quiet_after=60, gone_after=60).gone_after == 60


@pytest.mark.parametrize("name", ["on_member_timeout", "on_below_minimum"])
@pytest.mark.parametrize("policy", ["punish", "", 5, ["regroup"]], ids=repr)
def test_what_the_present_and_the_too_few_get_is_one_of_the_policies(name, policy):
    sentence = refused(GroupBarrier, "ready", "pair", **{name: policy})
    assert f"GroupBarrier 'ready': {name} must be one of" in sentence


@pytest.mark.parametrize("policy", ["go_on", "fail"])
def test_a_group_that_is_too_small_can_neither_go_on_nor_fail_by_that_name(policy):
    assert "on_below_minimum must be one of" in refused(GroupBarrier, "ready", "pair", on_below_minimum=policy)


@pytest.mark.parametrize("group_type", ["", None, "x" * 101], ids=["empty", "None", "too long"])
def test_a_group_type_is_a_text_of_1_to_100_characters(group_type):
    sentence = "group_type must be a text of 1 to 100 characters"
    assert sentence in refused(GroupBarrier, "ready", group_type)
    assert sentence in refused(GroupCloser, group_type, id_="the_end")
    assert sentence in refused(Grouper, group_type, id_="lobby")


@pytest.mark.parametrize("function", [5, ["score"]], ids=repr)
def test_on_release_is_a_function_or_its_dotted_path(function):
    sentence = refused(GroupBarrier, "ready", "pair", on_release=function)
    assert "GroupBarrier 'ready': on_release must be a function or its dotted path" in sentence


def test_the_initial_size_must_be_given():
    assert "'pair_grouper': initial_group_size must be given" in refused(SimpleGrouper, "pair")


def test_the_old_name_of_the_size_is_pointed_out():
    assert "group_size is called initial_group_size" in refused(SimpleGrouper, "pair", group_size=2)


@pytest.mark.parametrize("name", ["initial_group_size", "min_group_size", "batch_size"])
@pytest.mark.parametrize("size", [0, -1, 2.5, "two"], ids=repr)
def test_sizes_are_whole_numbers_from_1(name, size):
    assert "sizes must be whole numbers from 1" in refused(SimpleGrouper, "pair", **{**PAIR, name: size})


def test_the_minimum_does_not_exceed_the_initial_size():
    sentence = refused(SimpleGrouper, "pair", **PAIR, min_group_size=3)
    assert "'pair_grouper': min_group_size exceeds initial_group_size" in sentence


def test_the_maximum_is_not_below_the_initial_size():
    sentence = refused(SimpleGrouper, "pair", **OPEN, max_group_size=1)
    assert "'pair_grouper': max_group_size is below initial_group_size" in sentence


def test_a_batch_below_the_initial_size_would_never_be_grouped():
    sentence = refused(SimpleGrouper, "pair", **PAIR, batch_size=1)
    assert "'pair_grouper': batch_size is below initial_group_size" in sentence


@pytest.mark.parametrize("maximum", [2, 3, None])
def test_a_maximum_of_its_own_needs_newcomers(maximum):
    sentence = refused(SimpleGrouper, "pair", **PAIR, max_group_size=maximum)
    assert "'pair_grouper': a max_group_size of its own makes sense with join_existing_groups=True only" in sentence


def test_a_join_criterion_needs_newcomers():
    sentence = refused(SimpleGrouper, "pair", **PAIR, join_criterion=lambda group, participant: True)
    assert "'pair_grouper': a join_criterion needs join_existing_groups=True" in sentence


@pytest.mark.parametrize("declare", [Barrier, Grouper])
def test_unknown_parameters_are_refused_by_name(declare):
    with pytest.raises(TypeError, match="colour"):
        declare("pair", colour="red")


@pytest.mark.parametrize("value", [1, "yes", None])
def test_a_barrier_is_open_to_the_api_or_not(value):
    assert "'lobby': open_to_api must be" in refused(Barrier, "lobby", open_to_api=value)
    assert Barrier("lobby").open_to_api is False

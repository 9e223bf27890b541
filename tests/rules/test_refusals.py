"""Declarations that can never work are refused where they are written, with a sentence."""

import functools
import math
import sys

import pytest
from django.core import checks
from django.db.models import Prefetch
from django.test import override_settings

from syncgroups import registry, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import ImpossibleDeclaration
from syncgroups.groupers import SimpleGrouper


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Barrier("b", max_wait_time=math.inf),
        lambda: Barrier("b", max_wait_time=1e15),
        lambda: Barrier("b", recheck_interval=math.inf),
        lambda: Barrier("b", waiting_logic_expected_repetitions="3"),
        lambda: Barrier("b", waiting_logic_expected_repetitions=None),
        lambda: Barrier("b", prefetch="barrier_links"),
        lambda: GroupBarrier("b", 5),
        lambda: SimpleGrouper("p", initial_group_size=2, max_group_size="3", join_existing_groups=True),
        lambda: SimpleGrouper("p", initial_group_size=2, max_group_size=2.5, join_existing_groups=True),
        lambda: SimpleGrouper("p", initial_group_size=2, join_existing_groups=True, join_criterion="rule"),
        lambda: SimpleGrouper("p", initial_group_size=True),
        lambda: SimpleGrouper("p", initial_group_size=2, max_group_size=sys.maxsize, join_existing_groups=True),
        lambda: Barrier("b", extensions=sys.maxsize),
        lambda: GroupBarrier("b", "p", on_release=""),
    ],
)
def test_impossible_declarations_are_refused(declare):
    with pytest.raises(ImpossibleDeclaration):
        declare()


@pytest.mark.parametrize("path", ["django.VERSION", "builtins.max"])
def test_a_path_to_no_function_is_a_problem_and_no_crash(path):
    ((problem, _),) = GroupBarrier("b", "p", on_release=path).problems()
    assert problem


@pytest.mark.parametrize("value", [None, lambda request: None, "django.VERSION"])
def test_a_resolver_that_is_no_dotted_path_is_an_error_and_no_crash(value):
    with override_settings(SYNCGROUPS_PARTICIPANT_RESOLVER=value):
        assert "syncgroups.E003" in {message.id for message in checks.run_checks(tags=["syncgroups"])}


def declare_partial():
    def score(group):
        pass

    return GroupBarrier("b", "p", on_release=functools.partial(score))


@pytest.mark.parametrize("declare", [declare_partial, lambda: Barrier("b", prefetch=[Prefetch("barrier_links")])])
def test_repeating_any_declaration_is_harmless(declare):
    with testing.declared():
        first = registry.register(declare())
        assert registry.register(declare()) is first


def test_the_default_wait_is_expected_to_take_one_and_a_half_seconds():
    assert Barrier("b").expected_wait == 1.5

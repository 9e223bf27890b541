"""Registration permits repetition and refuses ambiguity."""

from __future__ import annotations

import pytest
from django.views import View
from django.views.generic import TemplateView

from syncgroups import registry
from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.exceptions import BarrierAlreadyRegistered, BarrierNotRegistered
from syncgroups.groupers import SimpleGrouper
from syncgroups.waiting import Activity, WaitPage


@pytest.fixture(autouse=True)
def _empty_registry():
    with registry.only():
        yield


def test_registering_returns_the_barrier():
    barrier = Barrier("b")
    assert registry.register(barrier) is barrier
    assert registry.get("b") is barrier


def test_barriers_are_listed_in_the_order_of_declaration():
    second, first = Barrier("b"), Barrier("a")
    registry.register(second)
    registry.register(first)
    assert registry.all_barriers() == [second, first]


def test_repeating_a_declaration_is_harmless_and_keeps_the_first():
    first = registry.register(SimpleGrouper("pair", initial_group_size=2))
    assert registry.register(SimpleGrouper("pair", initial_group_size=2)) is first
    assert registry.all_barriers() == [first]


def declared_with_a_lambda():
    return GroupBarrier("ready", "pair", on_release=lambda group: group.close())


def declared_with_a_function():
    def score(group):
        """Stands for a function that is made anew by each import of its module."""

    return GroupBarrier("ready", "pair", on_release=score)


def declared_with_things_to_do():
    class Survey(View):
        """Stands for a view that is made anew by each import of its module."""

    def rate(request):
        """Likewise."""

    things = [WaitPage(content="Soon."), Survey, Survey.as_view(), rate, [Activity(rate, time_estimate=5)]]
    return Barrier("b", things, on_timeout=lambda participant, link: "leave")


@pytest.mark.parametrize("declare", [declared_with_a_lambda, declared_with_a_function, declared_with_things_to_do])
def test_a_declaration_with_a_function_is_the_same_after_a_second_import(declare):
    first = registry.register(declare())
    assert registry.register(declare()) is first


@pytest.mark.parametrize(
    "other",
    [
        Barrier("b", max_wait_time=30),
        Barrier("b", waiting_logic=WaitPage(content="Soon.")),
        Barrier("b", fix_time_credit=True),
        Barrier("b", on_timeout="leave"),
        Barrier("b", recheck_interval=5),
        Barrier("b", extensions=1),
        Barrier("b", quiet_after=30),
        Barrier("b", [WaitPage(), WaitPage()]),
        Barrier("b", Activity(declared_with_a_lambda)),
        Barrier("b", on_timeout=lambda participant, link: "leave"),
        GroupBarrier("b", "pair", on_member_timeout="regroup"),
        GroupBarrier("b", "pair"),
        SimpleGrouper("pair", initial_group_size=2, id_="b"),
    ],
    ids=repr,
)
def test_two_different_declarations_of_one_id_are_an_error_that_names_both(other):
    first = registry.register(Barrier("b"))
    with pytest.raises(BarrierAlreadyRegistered, match="'b' is declared twice, differently") as caught:
        registry.register(other)
    assert repr(first) in str(caught.value)
    assert repr(other) in str(caught.value)
    assert registry.get("b") is first


@pytest.mark.parametrize("other", [View.as_view(), TemplateView.as_view(template_name="b.html")])
def test_two_class_based_views_are_two_things_to_do(other):
    """Catches: taking them for one because ``as_view()`` calls both by one name."""
    registry.register(Barrier("b", TemplateView.as_view(template_name="a.html")))
    with pytest.raises(BarrierAlreadyRegistered):
        registry.register(Barrier("b", other))


def test_two_lambdas_are_two_declarations():
    """Catches: taking one for the other because both are called by one name, and dropping it without a word."""
    registry.register(GroupBarrier("b", "pair", on_release=lambda group: None))
    with pytest.raises(BarrierAlreadyRegistered):
        registry.register(GroupBarrier("b", "pair", on_release=lambda group, leader: None))


def test_two_subclasses_of_one_name_are_two_declarations():
    def declare(answer):
        class Mine(Barrier):
            def choose_who_to_release(self, waiting_participants):
                return waiting_participants[:answer]

        Mine.__qualname__ = f"Mine{answer}"
        return Mine("b")

    registry.register(declare(1))
    with pytest.raises(BarrierAlreadyRegistered):
        registry.register(declare(2))


def test_an_id_that_nobody_registered_is_a_lookup_error_that_lists_the_others():
    registry.register(Barrier("b"))
    registry.register(Barrier("a"))
    with pytest.raises(BarrierNotRegistered, match=r"No barrier 'c' is registered \(registered: a, b\)"):
        registry.get("c")
    assert issubclass(BarrierNotRegistered, LookupError)


def test_an_empty_registry_says_so():
    with pytest.raises(BarrierNotRegistered, match=r"registered: none"):
        registry.get("c")


def test_find_answers_none_instead():
    assert registry.find("c") is None


def test_groupers_of_a_type_exclude_its_other_barriers():
    grouper = registry.register(SimpleGrouper("pair", initial_group_size=2))
    for barrier in (SimpleGrouper("trio", initial_group_size=3), GroupBarrier("ready", "pair"), GroupCloser("pair")):
        registry.register(barrier)
    assert registry.groupers_of("pair") == [grouper]


def test_only_restores_what_was_declared_before_also_after_an_error():
    kept = registry.register(Barrier("kept"))
    other = Barrier("other")
    with pytest.raises(ZeroDivisionError), registry.only(other):
        1 / (registry.all_barriers() != [other])
    assert registry.all_barriers() == [kept]

"""What the waiting logic comes to: pages that are shown in turn, and the time that they are expected to take."""

from __future__ import annotations

from functools import partial, wraps

import pytest
from django.http import HttpRequest, HttpResponse
from django.views import View
from django.views.generic import FormView, TemplateView

from syncgroups.barriers import Barrier
from syncgroups.waiting import Activity, WaitPage, pages_of

PAGE = WaitPage(wait_time=10)


class Survey(TemplateView):
    time_estimate = 30


def survey(request, link):
    """A view: that is what the name of its first parameter says."""


survey.time_estimate = 20


def choose(participant, link):
    """No view."""


class Rater:
    def rate(self, request):
        """A view, once it is bound."""

    def choose(self, participant, link):
        """No view."""

    def __call__(self, participant, link):
        """No view."""


def decorated(view):
    @wraps(view)
    def guarded(*args, **kwargs):
        return view(*args, **kwargs)

    return guarded


# What is a page, and what is something to do


CALLABLES = {
    "page": PAGE,
    "function": choose,
    "method": Rater().choose,
    "object": Rater(),
    "partial": partial(choose, link=None),
}


@pytest.mark.parametrize("logic", CALLABLES.values(), ids=CALLABLES)
def test_pages_and_functions_of_a_participant_are_taken_as_they_are(logic):
    assert pages_of(logic) == [logic]


@pytest.mark.parametrize("view", [survey, Rater().rate, decorated(survey)], ids=["function", "method", "decorated"])
def test_a_function_of_a_request_is_an_activity(view):
    [activity] = pages_of(view)
    assert isinstance(activity, Activity)
    assert activity.view == view


@pytest.mark.parametrize(
    "view", [Survey, Survey.as_view(), decorated(Survey.as_view())], ids=["class", "as_view", "decorated"]
)
def test_a_class_based_view_is_an_activity_that_knows_how_long_it_takes(view):
    [activity] = pages_of(view)
    assert isinstance(activity, Activity)
    assert activity.view.view_class is Survey
    assert activity.time_estimate == 30


def test_an_activity_may_say_otherwise_how_long_it_takes():
    assert Activity(survey, time_estimate=99).time_estimate == 99
    assert [page.time_estimate for page in pages_of([survey, Survey, TemplateView])] == [20, 30, 0]


def test_lists_are_flattened_in_order():
    nested = [PAGE, [survey, (choose,)], Activity(survey)]
    assert [type(page).__name__ for page in pages_of(nested)] == ["WaitPage", "Activity", "function", "Activity"]


def test_nothing_is_the_apps_page():
    assert Barrier("lobby").waiting_pages == [WaitPage()]


# How long it takes


@pytest.mark.parametrize(
    ("logic", "repetitions", "expected"),
    [
        (None, 3, 1.5),
        (PAGE, 3, 30),
        ([PAGE, survey], 2, 60),
        ([PAGE, [survey, Survey]], 1, 60),
        (choose, 3, 0),
        (PAGE, 0, 0),
    ],
)
def test_a_visit_is_expected_to_take_as_long_as_its_pages_as_often_as_they_are_shown(logic, repetitions, expected):
    barrier = Barrier("lobby", logic, waiting_logic_expected_repetitions=repetitions)
    assert barrier.expected_wait == expected
    assert barrier.fixed_credit is None
    fixed = Barrier("lobby", logic, waiting_logic_expected_repetitions=repetitions, fix_time_credit=True)
    assert fixed.fixed_credit == expected


@pytest.mark.parametrize(
    ("logic", "silence"),
    [(None, 1.5), (choose, 0), (PAGE, 30), (Activity(survey, time_estimate=300), 600), ([PAGE, Survey], 60)],
)
def test_the_longest_silence_is_that_of_the_page_that_is_silent_longest(logic, silence):
    assert Barrier("lobby", logic).longest_silence == silence


# What a view is given


def asked(method="GET"):
    request = HttpRequest()
    request.method = method
    return request


def told(view, method="GET"):
    return Activity(view).answer(asked(method), participant="ann", link="her visit").content.decode()


def answer(*facts):
    return HttpResponse(" and ".join(facts))


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (lambda request: answer("nothing"), "nothing"),
        (lambda request, link: answer(link), "her visit"),
        (lambda request, participant, link: answer(participant, link), "ann and her visit"),
        (lambda request, **facts: answer(*sorted(facts)), "link and participant"),
    ],
    ids=["nothing", "one", "both", "any"],
)
def test_a_view_is_given_what_it_takes(view, expected):
    assert told(view) == expected


def test_a_class_based_view_is_given_what_the_method_takes_that_answers():
    class Form(View):
        def get(self, request):
            return answer("nothing")

        def post(self, request, participant):
            return answer(participant)

    assert told(Form.as_view()) == "nothing"
    assert told(Form.as_view(), "POST") == "ann"


def test_a_generic_view_is_given_both():
    class Form(FormView):
        def get(self, request, *args, **kwargs):
            return answer(*sorted(self.kwargs))

    assert told(Form.as_view()) == "link and participant"


def test_an_asynchronous_view_is_waited_for():
    async def view(request, participant):
        return answer(participant)

    class Form(View):
        async def get(self, request, link):
            return answer(link)

    assert told(view) == "ann"
    assert told(Form.as_view()) == "her visit"

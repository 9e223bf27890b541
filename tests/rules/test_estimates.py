"""How long a wait may still take: what is said follows from what happened of late, and not more than that."""

from datetime import UTC, datetime, timedelta

import pytest

from syncgroups.estimates import Estimate, Visit, by_arrivals, by_waits, coarse
from syncgroups.standing import Wait
from syncgroups.wording import clock, duration, hope, more_time

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def waiting(*, since=5, here=1, needed=3):
    return Wait("b", "v", ago(since), ago(-600), here, needed, paused=False, extensions_left=0, message="")


def arrivals(*seconds):
    return [Visit(n, "waiting", ago(second), None, NOW) for n, second in enumerate(seconds)]


def waits(*lengths, ended=10, state="released"):
    return [Visit(n, state, ago(length + ended), ago(ended), NOW) for n, length in enumerate(lengths)]


def test_few_arrivals_say_nothing():
    assert by_arrivals(waiting(), arrivals(10, 20)) == Estimate()


def test_it_takes_as_many_intervals_as_people_are_missing():
    steady = arrivals(*range(10, 110, 10))
    assert by_arrivals(waiting(here=1, needed=3), steady).seconds == 20
    assert by_arrivals(waiting(here=2, needed=3), steady).seconds == 10
    assert by_arrivals(waiting(here=2, needed=3), steady).certain


def test_some_arrivals_are_a_rough_guess():
    estimate = by_arrivals(waiting(needed=2), arrivals(10, 20, 30))
    assert (estimate.seconds, estimate.basis, estimate.certain) == (20, "arrivals", False)


def test_silence_since_the_last_arrival_counts_and_makes_uncertain():
    """Fails when the interval is taken between arrivals only: a crowd that came and went would promise seconds."""
    burst = arrivals(*range(600, 609))
    estimate = by_arrivals(waiting(needed=2), burst)
    assert estimate.seconds >= 60
    assert not estimate.certain


def test_arrivals_of_long_ago_say_nothing():
    assert by_arrivals(waiting(), arrivals(10, 20, 3000, 3001)) == Estimate()


def test_nothing_is_promised_where_enough_are_here():
    """Fails when nought seconds are promised while something else holds the barrier."""
    assert by_arrivals(waiting(here=3, needed=3), arrivals(*range(10, 110, 10))) == Estimate()


def test_few_waits_say_nothing():
    assert by_waits(waiting(), waits(30, 40)) == Estimate()


def test_it_takes_as_long_as_usual_less_what_has_been_waited():
    estimate = by_waits(waiting(since=5), waits(*[40, 45, 50] * 3))
    assert (estimate.seconds, estimate.basis, estimate.certain) == (40, "waits", True)


def test_those_who_waited_for_less_are_no_guide():
    """Fails with the plain median, which promises a minute's wait to be over since 50 seconds."""
    assert by_waits(waiting(since=60), waits(5, 5, 5, 5, 5, 100, 100, 100)).seconds == 40


def test_a_wait_that_has_just_begun_is_not_called_long():
    """Catches: taking those for whom all others had waited for people who waited as long as is usual."""
    assert by_waits(waiting(since=0), waits(*[0.3] * 10)) == Estimate()


def test_a_wait_that_is_longer_than_most_is_called_so():
    estimate = by_waits(waiting(since=200), waits(30, 40, 50, 60))
    assert (estimate.seconds, estimate.basis) == (None, "waits")
    assert hope(estimate) == "This is taking longer than usual."


def test_waits_that_differ_much_are_a_rough_guess():
    assert not by_waits(waiting(), waits(10, 10, 10, 20, 100, 300, 400, 500)).certain


def test_who_did_not_go_on_says_nothing_about_going_on():
    assert by_waits(waiting(), waits(40, 40, 40, 40, state="timed_out")) == Estimate()
    assert by_waits(waiting(), waits(40, 40, 40, 40, ended=3000)) == Estimate()


def test_who_came_last_and_hardly_waited_does_not_make_it_shorter():
    assert by_waits(waiting(since=0), waits(*[0.05] * 10, *[60] * 9)).seconds == 60


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, 5), (3, 5), (9, 10), (14, 10), (38, 40), (54, 50), (58, 60), (100, 120), (569, 540), (800, 900), (4000, 3900)],
)
def test_estimates_are_coarse(seconds, said):
    assert coarse(seconds) == said


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate(), "We cannot say yet how long it will take."),
        (Estimate(5, "waits", True), "Usually it goes on in a few seconds."),
        (Estimate(40, "waits", True), "Usually it goes on in about 40 seconds."),
        (Estimate(60, "arrivals", True), "Usually it goes on in about 1 minute."),
        (Estimate(180, "arrivals", False), "It probably goes on in a few minutes, but that is a rough guess."),
        (Estimate(40, "arrivals", False), "It probably goes on in less than a minute, but that is a rough guess."),
        (Estimate(900, "arrivals", False), "It probably goes on in about 15 minutes, but that is a rough guess."),
    ],
)
def test_a_poor_estimate_is_called_so(estimate, words):
    assert hope(estimate) == words
    assert hope(estimate, left=estimate.seconds or 1) == words


@pytest.mark.parametrize("certain", [True, False])
def test_one_that_is_longer_than_the_time_that_is_left_says_so(certain):
    estimate = Estimate(40, "arrivals", certain)
    assert hope(estimate, left=39.9) == f"{hope(estimate)} Your time may be up before that."


@pytest.mark.parametrize(("seconds", "shown"), [(-3, "0:00"), (7.9, "0:07"), (750, "12:30"), (3725, "1:02:05")])
def test_time_spans_are_shown_as_clocks_do(seconds, shown):
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "label"), [(300, "Wait 5 more minutes"), (60, "Wait 1 more minute"), (90, "Wait 90 more seconds")]
)
def test_the_button_says_for_how_long(seconds, label):
    assert more_time(seconds) == label


def test_about_a_duration():
    assert duration(40) == "about 40 seconds"

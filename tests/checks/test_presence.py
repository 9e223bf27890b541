"""E007: thresholds of silence that polls cannot keep up with. W004: nor can somebody who has something to do."""

import pytest
from django.core.checks import run_checks

from syncgroups import testing
from syncgroups.barriers import Barrier
from syncgroups.waiting import Activity, WaitPage


def faults(number="E007"):
    """What is said under that number. A warning would refuse nothing: the site would start all the same."""
    found = [message for message in run_checks(tags=["syncgroups"]) if message.id == f"syncgroups.{number}"]
    assert all(message.is_serious() is number.startswith("E") for message in found)
    return [message.msg for message in found]


def test_the_defaults_are_sound():
    assert faults() == []


def test_the_defaults_are_sound_with_push(settings):
    settings.SYNCGROUPS_PUSH = "syncgroups.push.postgresql.Notifier"
    assert faults() == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"QUIET_AFTER": 11}, "QUIET_AFTER is 11 s, and those who are there may be silent for 12.0 s"),
        ({"POLL_INTERVAL": 10.5}, "may be silent for 21.0 s"),
        ({"LAST_SEEN_INTERVAL": 9.5}, "may be silent for 21.0 s"),
        ({"GONE_AFTER": 19}, "GONE_AFTER is less than"),
        ({"HIDDEN_GRACE": 99}, "hidden pages poll once in 60 s"),
    ],
)
def test_a_threshold_that_polls_cannot_keep_up_with_is_refused(settings, changed, named):
    for name, value in changed.items():
        setattr(settings, f"SYNCGROUPS_{name}", value)
    [fault] = faults()
    assert named in fault


@pytest.mark.parametrize("threshold", ["quiet_after", "gone_after"])
def test_so_is_one_of_a_barrier(threshold):
    with testing.declared(Barrier("hasty", **{threshold: 11}), Barrier("patient", **{threshold: 12})):
        [fault] = faults()
    assert fault.startswith(f"Barrier 'hasty': {threshold} is 11 s")


@pytest.mark.parametrize(
    ("wait_time", "least"),
    [(10, 20), (30, 60), (3600, 60)],
)
def test_a_barrier_is_compared_with_what_its_own_pages_need(wait_time, least):
    """Fails when they poll every half minute and are to be quiet after a quarter of one: nobody is ever matched."""
    pages = [WaitPage(), [WaitPage(wait_time=wait_time)]]
    with testing.declared(
        Barrier("hasty", pages, quiet_after=least - 1),
        Barrier("patient", pages, quiet_after=least),
        Barrier("usual", pages),
    ):
        [fault] = faults()
    assert fault.startswith(f"Barrier 'hasty': quiet_after is {least - 1} s")
    assert f"may be silent for {least}.0 s" in fault


def test_hidden_pages_poll_too_seldom_for_some_barriers(settings):
    settings.SYNCGROUPS_HIDDEN_GRACE = 105
    with testing.declared(Barrier("hasty", quiet_after=14), Barrier("patient", quiet_after=15)):
        [fault] = faults()
    assert fault.startswith("Barrier 'hasty': quiet_after and SYNCGROUPS_HIDDEN_GRACE together are less than 120 s")


def test_what_there_is_to_do_may_take_longer_than_silence_is_allowed_to():
    """Only a warning: the page of an activity may ask by itself."""
    video = Activity(lambda request: None, time_estimate=90)
    with testing.declared(
        Barrier("hasty", video, quiet_after=89), Barrier("patient", video, quiet_after=90), Barrier("usual", video)
    ):
        assert faults() == []
        [fault] = faults("W004")
    assert fault == "Barrier 'hasty': quiet_after is 89 s, and an activity is expected to take 90 s."

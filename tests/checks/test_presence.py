"""E007: thresholds of silence that polls cannot keep up with."""

import pytest
from django.core.checks import run_checks

from syncgroups import testing
from syncgroups.barriers import Barrier


def faults():
    return [message.msg for message in run_checks(tags=["syncgroups"]) if message.id == "syncgroups.E007"]


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

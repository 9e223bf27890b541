"""Thresholds of silence, and how often pages ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from .. import registry
from ..conf import settings
from ..waiting import Activity, WaitPage
from .settings import faulty_numbers

#: Seconds between two polls of a page that nobody sees: browsers let its timers go off once a minute.
HIDDEN_POLLS = 60
#: Seconds between two polls of a page at most, however seldom it is to ask.
LONGEST_POLLS = 30


@register("syncgroups")
def check_presence(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E007: people would be taken for absent between two polls of their pages. W004: while they do something."""
    if any(faulty_numbers()):
        return []
    return [
        *(
            Error(f"{fault}.", hint=hint, id="syncgroups.E007")
            for fault, hint in (*_faults_of_thresholds(), *_faults_of_barriers())
        ),
        *(Warning(f"{fault}.", hint=hint, id="syncgroups.W004") for fault, hint in _faults_of_activities()),
    ]


def _least_silence(barrier: Any = None) -> float:
    """Seconds between two signs of life that are stored, if one poll of the page that asks most seldom gets lost."""
    pages = () if barrier is None else barrier.waiting_pages
    slow = max((page.wait_time for page in pages if isinstance(page, WaitPage)), default=0)
    usual = max(settings.POLL_INTERVAL, settings.PUSH_POLL_INTERVAL if settings.PUSH else 0)
    polls = max(usual, min(slow, LONGEST_POLLS))
    return 2 * float(polls if polls > settings.LAST_SEEN_INTERVAL else polls + settings.LAST_SEEN_INTERVAL)


def _faults_of_thresholds() -> Iterator[tuple[str, str]]:
    least = _least_silence()
    if least > settings.QUIET_AFTER:
        yield (
            f"SYNCGROUPS_QUIET_AFTER is {settings.QUIET_AFTER} s, and those who are there may be silent for {least} s",
            "Raise it, or lower SYNCGROUPS_POLL_INTERVAL, …_PUSH_POLL_INTERVAL or …_LAST_SEEN_INTERVAL.",
        )
    if settings.GONE_AFTER < settings.QUIET_AFTER:
        yield "SYNCGROUPS_GONE_AFTER is less than SYNCGROUPS_QUIET_AFTER", "People are quiet before they are gone."
    if settings.QUIET_AFTER + settings.HIDDEN_GRACE < 2 * HIDDEN_POLLS:
        yield (
            "SYNCGROUPS_QUIET_AFTER and SYNCGROUPS_HIDDEN_GRACE together are less than"
            f" {2 * HIDDEN_POLLS} s, and hidden pages poll once in {HIDDEN_POLLS} s",
            "Raise SYNCGROUPS_HIDDEN_GRACE.",
        )


def _thresholds_of_barriers() -> Iterator[tuple[Any, str, float]]:
    for barrier in registry.all_barriers():
        for name in ("quiet_after", "gone_after"):
            value = getattr(barrier, name)
            if value is not None:
                yield barrier, name, value


def _faults_of_barriers() -> Iterator[tuple[str, str]]:
    for barrier, name, value in _thresholds_of_barriers():
        least = _least_silence(barrier)
        if value < least:
            yield (
                f"Barrier '{barrier.id}': {name} is {value} s, and those who are there may be silent for {least} s",
                "Raise it, leave it to the settings, or let its pages ask more often by a shorter wait_time.",
            )
        elif value + settings.HIDDEN_GRACE < 2 * HIDDEN_POLLS:
            yield (
                f"Barrier '{barrier.id}': {name} and SYNCGROUPS_HIDDEN_GRACE together are less than"
                f" {2 * HIDDEN_POLLS} s, and hidden pages poll once in {HIDDEN_POLLS} s",
                "Raise it, or leave it to the settings.",
            )


def _faults_of_activities() -> Iterator[tuple[str, str]]:
    for barrier, name, value in _thresholds_of_barriers():
        silence = max((page.time_estimate for page in barrier.waiting_pages if isinstance(page, Activity)), default=0)
        if value < silence:
            yield (
                f"Barrier '{barrier.id}': {name} is {value} s, and an activity is expected to take {silence} s",
                "Raise it, unless the activity's page includes syncgroups/_watch.html, or asks by itself.",
            )

"""System checks about settings: E003 for a resolver that is not there, W001 for a setting that nobody reads."""

from __future__ import annotations

import pytest
from django.core import checks
from django.test import override_settings

from syncgroups import testing
from syncgroups.barriers import Barrier
from syncgroups.conf import Settings, settings
from syncgroups.waiting import Activity


def found():
    with testing.declared():
        return checks.run_checks(tags=["syncgroups"])


def test_the_defaults_raise_no_message():
    assert found() == []


@override_settings(SYNCGROUPS_PARTICIPANT_RESOLVER="nowhere.at_all")
def test_e003_a_resolver_that_cannot_be_imported_is_an_error():
    (message,) = found()
    assert (message.id, message.level) == ("syncgroups.E003", checks.ERROR)
    assert "SYNCGROUPS_PARTICIPANT_RESOLVER cannot be imported" in message.msg
    assert "nowhere" in message.msg
    assert "dotted path" in message.hint


@override_settings(SYNCGROUPS_COHORTS_OF_USER="nowhere.at_all")
def test_e003_so_is_a_rule_about_cohorts_that_cannot_be_imported():
    """Else researchers would see every cohort, or none, only once they ask."""
    (message,) = found()
    assert (message.id, message.level) == ("syncgroups.E003", checks.ERROR)
    assert "SYNCGROUPS_COHORTS_OF_USER cannot be imported" in message.msg


@pytest.mark.parametrize("rate", ["300", "many/min", "0/min", "300/fortnight", 7, "-1/s"])
@pytest.mark.parametrize("name", ["POLL_RATE", "ARRIVAL_RATE"])
def test_e008_a_rate_that_is_none_is_an_error(name, rate):
    """Else nobody would be counted: the throttle lets everybody go on when it cannot count."""
    with override_settings(**{f"SYNCGROUPS_{name}": rate}):
        (message,) = found()
    assert (message.id, message.level) == ("syncgroups.E008", checks.ERROR)
    assert f"SYNCGROUPS_{name} is {rate!r}" in message.msg


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("POLL_INTERVAL", 0, "a number greater than 0"),
        ("QUIET_AFTER", "20", "a number greater than 0"),
        ("GONE_AFTER", None, "a number greater than 0"),
        ("LAST_SEEN_INTERVAL", -1, "a number, not less than 0"),
        ("SWEEP_LIMIT", 0, "a whole number greater than 0"),
        ("RECOUNT_LIMIT", 1.5, "a whole number, not less than 0"),
    ],
)
def test_e010_what_cannot_be_counted_with_is_an_error_and_no_crash(name, value, wanted):
    """Else sweeps would do nothing, or this command would fail with a traceback."""
    with override_settings(**{f"SYNCGROUPS_{name}": value}):
        (message,) = found()
    assert (message.id, message.level) == ("syncgroups.E010", checks.ERROR)
    assert message.msg == f"SYNCGROUPS_{name} is {value!r}, and must be {wanted}."


@override_settings(SYNCGROUPS_LAST_SEEN_INTERVAL=0, SYNCGROUPS_RECOUNT_LIMIT=0)
def test_e010_some_numbers_may_be_none():
    assert found() == []


@override_settings(USE_TZ=False)
def test_e011_local_clocks_are_an_error():
    (message,) = found()
    assert (message.id, message.level) == ("syncgroups.E011", checks.ERROR)


@override_settings(SYNCGROUPS_POLL_RATE="300/hour")
def test_e008_so_is_one_that_refuses_the_apps_own_pages():
    (message,) = found()
    assert (message.id, message.level) == ("syncgroups.E008", checks.ERROR)
    assert "pages ask every 1.0 s" in message.msg


@override_settings(SYNCGROUPS_POLL_RATE="", SYNCGROUPS_ARRIVAL_RATE="10/hour")
def test_e008_no_limit_and_a_strict_one_for_arrivals_are_none():
    assert found() == []


def test_w005_a_barrier_open_to_programs_that_has_activities_is_a_warning():
    view = Activity(lambda request: None, time_estimate=5)
    with testing.declared(Barrier("lobby", view, open_to_api=True), Barrier("page", view)):
        (message,) = checks.run_checks(tags=["syncgroups"])
    assert (message.id, message.level) == ("syncgroups.W005", checks.WARNING)
    assert "'lobby'" in message.msg


@override_settings(SYNCGROUPS_POLL_INTERVALL=2)
def test_w001_a_setting_that_nobody_reads_is_a_warning_that_lists_the_others():
    (message,) = found()
    assert (message.id, message.level) == ("syncgroups.W001", checks.WARNING)
    assert "SYNCGROUPS_POLL_INTERVALL" in message.msg
    assert "SYNCGROUPS_POLL_INTERVAL," in message.hint


def test_w001_every_setting_that_is_read_is_known():
    names = [name for name in dir(Settings) if name.isupper()]
    with override_settings(**{f"SYNCGROUPS_{name}": getattr(settings, name) for name in names}):
        assert found() == []


def test_settings_are_read_each_time_that_they_are_asked_for():
    """Fails when a setting is cached or read at import."""
    assert settings.POLL_INTERVAL == 1.0
    with override_settings(SYNCGROUPS_POLL_INTERVAL=7.5):
        assert settings.POLL_INTERVAL == 7.5
    assert settings.POLL_INTERVAL == 1.0


@override_settings(POLL_INTERVAL=7.5)
def test_settings_of_others_are_not_ours():
    assert settings.POLL_INTERVAL == 1.0


@override_settings(ROOT_URLCONF="tests.checks.no_urls")
def test_w003_a_site_without_the_apps_urls_is_warned():
    (message,) = found()
    assert (message.id, message.level) == ("syncgroups.W003", checks.WARNING)
    assert "cannot poll" in message.msg
    assert "include" in message.hint

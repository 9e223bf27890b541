"""System checks about settings: E003 for a resolver that is not there, W001 for a setting that nobody reads."""

from __future__ import annotations

from django.core import checks
from django.test import override_settings

from syncgroups import testing
from syncgroups.conf import Settings, settings


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

"""W006, W008, W009: sites that forget a setting, and of which people would notice it first."""

import os
import subprocess
import sys

import pytest

SITE = """
import django
from celery import current_app
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "syncgroups"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": OPTIONS}},
)
current_app.conf.beat_schedule = {"any name": {"task": task, "schedule": 1.0} for task in SCHEDULED}

@current_app.on_after_finalize.connect
def add(sender, **kwargs):
    from syncgroups.tasks import sweep
    if LATER:
        sender.add_periodic_task(1.0, sweep.s(), name="another name")

django.setup()
from django.core.checks import run_checks
print(*(message.id for message in run_checks(tags=["syncgroups"])))
"""


def messages_of_a_site(
    broker="redis://localhost:1/0", mode="IMMEDIATE", scheduled=("syncgroups.tasks.sweep",), later=False
):
    """The checks of a small site, as a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "CELERY_BROKER_URL"}
    if broker:
        environment["CELERY_BROKER_URL"] = broker
    options = {"transaction_mode": mode} if mode else {}
    site = f"OPTIONS, SCHEDULED, LATER = {options!r}, {scheduled!r}, {later!r}{SITE}"
    done = subprocess.run([sys.executable, "-c", site], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_site_that_forgets_nothing_is_told_nothing():
    assert messages_of_a_site() == []


def test_w006_a_site_whose_celery_app_is_not_loaded_is_warned():
    """Else each arrival waits for seconds for a broker that is not there, and nobody knows why."""
    assert messages_of_a_site(broker=None) == ["syncgroups.W006"]


@pytest.mark.parametrize("mode", [None, "DEFERRED"])
def test_w008_a_site_on_sqlite_whose_transactions_begin_without_its_lock_is_warned(mode):
    """Else a few people at once work well, and thirty get errors."""
    assert messages_of_a_site(mode=mode) == ["syncgroups.W008"]


@pytest.mark.parametrize("scheduled", [(), ("syncgroups.tasks.process_barrier",)])
def test_w009_a_site_whose_beat_calls_no_sweep_is_warned(scheduled):
    """Else all is well until the first one waits in vain, and their wait never ends."""
    assert messages_of_a_site(scheduled=scheduled) == ["syncgroups.W009"]


@pytest.mark.parametrize("scheduled", [(), ("of.the.sites.own",)])
def test_w009_a_site_that_schedules_the_sweep_once_its_celery_app_is_finalized_is_told_nothing(scheduled):
    """Catches: a schedule that grows while it is looked at, by which every command fails; or one seen too early."""
    assert messages_of_a_site(scheduled=scheduled, later=True) == []


def test_w009_is_not_said_where_a_database_may_schedule_it(settings, monkeypatch):
    """Nor where there is no broker: then it is `process_barriers` that sweeps, or W006 that comes first."""
    from syncgroups.checks.servers import check_sweep

    monkeypatch.setattr("syncgroups.tasks.is_scheduled", lambda: False)
    assert [message.id for message in check_sweep()] == ["syncgroups.W009"]
    monkeypatch.setattr("django.apps.apps.is_installed", lambda name: name == "django_celery_beat")
    assert check_sweep() == []

"""The database and the broker."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.module_loading import import_string

from .. import tasks


@register("syncgroups")
def check_broker(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W006: each arrival would look for a broker at Celery's default address, for seconds where there is none."""
    if tasks.has_broker():
        return []
    return [
        Warning(
            "Celery knows no broker: each arrival looks for one on this machine, which takes seconds if there is none.",
            hint="Set CELERY_BROKER_URL, and import the site's Celery app in the __init__.py of its package.",
            id="syncgroups.W006",
        )
    ]


@register("syncgroups")
def check_sweep(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W009: doorbells ring as people come, and nothing ends the wait of somebody after whom nobody comes."""
    if not tasks.has_broker() or tasks.is_scheduled() or apps.is_installed("django_celery_beat"):
        return []
    return [
        Warning(
            "Celery's beat does not call the sweep: waits do not end when their time is up.",
            hint='Add {"task": "syncgroups.tasks.sweep", "schedule": 1.0} to CELERY_BEAT_SCHEDULE; or, if manage.py'
            " process_barriers runs or a scheduler of yours calls it, silence this.",
            id="syncgroups.W009",
        )
    ]


@register("syncgroups")
def check_sqlite(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W008: SQLite has no row locks, and whoever writes after a look is refused where another one has written."""
    connection = connections[DEFAULT_DB_ALIAS]
    mode = connection.settings_dict["OPTIONS"].get("transaction_mode") or ""
    if connection.vendor != "sqlite" or mode.upper() in ("IMMEDIATE", "EXCLUSIVE"):
        return []
    return [
        Warning(
            "Transactions of SQLite begin without its lock: under load people get errors (database is locked).",
            hint='Add "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20} to the database.',
            id="syncgroups.W008",
        )
    ]


@register("syncgroups")
def check_isolation(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E004: what a transaction reads under its locks would be what was true before it had them."""
    level = _isolation_level(connections[DEFAULT_DB_ALIAS])
    if level in {"READ COMMITTED", "READ UNCOMMITTED"}:
        return []
    return [
        Error(
            f"Transactions of the default database are isolated at {level}.",
            hint="Take the isolation level out of its OPTIONS: locks are taken first, and what matters is read then.",
            id="syncgroups.E004",
        )
    ]


def _isolation_level(connection: Any) -> str:
    """What the site's settings ask for; PostgreSQL's own default where they do not. Other databases have one only."""
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "postgresql" and "isolation_level" in options:
        levels = import_string("django.db.backends.postgresql.psycopg_any.IsolationLevel")
        return str(levels(options["isolation_level"]).name).replace("_", " ")
    named = re.search(r"default_transaction_isolation\s*=\s*([\w\\ ]+)", options.get("options") or "")
    return " ".join(re.findall(r"[a-z]+", named[1].lower())).upper() if named else "READ COMMITTED"

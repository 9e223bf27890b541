"""System checks: barriers report their own faults, here they are numbered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from . import processing, push, registry
from .conf import Settings, settings


@register("syncgroups")
def check_declarations(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: a barrier's own fault. E002: a group barrier for groups that nobody forms."""
    messages: list[CheckMessage] = []
    for barrier in registry.all_barriers():
        for sentence, hint in barrier.problems():
            messages.append(Error(f"Barrier '{barrier.id}': {sentence}.", hint=hint, id="syncgroups.E001"))
        if barrier.group_type and not barrier.forms_groups and not registry.groupers_of(barrier.group_type):
            messages.append(
                Error(
                    f"Barrier '{barrier.id}' waits for groups of type '{barrier.group_type}', which no grouper forms.",
                    hint=f"Register a grouper with group_type='{barrier.group_type}', or correct the type.",
                    id="syncgroups.E002",
                )
            )
    return messages


@register("syncgroups")
def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003: the resolver cannot be imported. W001: a setting that nobody reads."""
    messages: list[CheckMessage] = []
    fault = _fault_of_resolver(settings.PARTICIPANT_RESOLVER)
    if fault:
        messages.append(
            Error(
                f"SYNCGROUPS_PARTICIPANT_RESOLVER {fault}.",
                hint="Name a callable (request) -> participant or None by its dotted path.",
                id="syncgroups.E003",
            )
        )
    messages.extend(_unknown_settings(dir(django_settings)))
    return messages


@register("syncgroups")
def check_push(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E006: hints would get nowhere."""
    return [Error(f"SYNCGROUPS_PUSH {fault}.", hint=hint, id="syncgroups.E006") for fault, hint in push.faults()]


def _fault_of_resolver(path: Any) -> str:
    if not isinstance(path, str):
        return f"must be a dotted path, not {path!r}"
    try:
        resolver = import_string(path)
    except ImportError as error:
        return f"cannot be imported: {error}"
    return "" if callable(resolver) else f"names {path}, which cannot be called"


def _unknown_settings(names: Iterable[str]) -> Iterator[CheckMessage]:
    known = {f"SYNCGROUPS_{name}" for name in dir(Settings) if name.isupper()}
    for name in names:
        if name.startswith("SYNCGROUPS_") and name not in known:
            yield Warning(
                f"{name} is no setting of syncgroups.",
                hint=f"Known: {', '.join(sorted(known))}.",
                id="syncgroups.W001",
            )


#: Seconds between two polls of a page that nobody sees: browsers let its timers go off once a minute.
HIDDEN_POLLS = 60


@register("syncgroups")
def check_presence(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E007: people would be taken for absent between two polls of their pages."""
    return [
        Error(f"{fault}.", hint=hint, id="syncgroups.E007")
        for fault, hint in (*_faults_of_thresholds(), *_faults_of_barriers())
    ]


def _least_silence() -> float:
    """Seconds between two signs of life that are stored, if one poll gets lost."""
    polls = max(settings.POLL_INTERVAL, settings.PUSH_POLL_INTERVAL if settings.PUSH else 0)
    return 2 * float(polls if polls > settings.LAST_SEEN_INTERVAL else polls + settings.LAST_SEEN_INTERVAL)


def _faults_of_thresholds() -> Iterator[tuple[str, str]]:
    least = _least_silence()
    if least > settings.QUIET_AFTER:
        yield (
            f"SYNCGROUPS_QUIET_AFTER is {settings.QUIET_AFTER} s, and those who are there may be silent for {least} s",
            "Raise it, or lower SYNCGROUPS_POLL_INTERVAL, SYNCGROUPS_PUSH_POLL_INTERVAL or LAST_SEEN_INTERVAL.",
        )
    if settings.GONE_AFTER < settings.QUIET_AFTER:
        yield "SYNCGROUPS_GONE_AFTER is less than SYNCGROUPS_QUIET_AFTER", "People are quiet before they are gone."
    if settings.QUIET_AFTER + settings.HIDDEN_GRACE < 2 * HIDDEN_POLLS:
        yield (
            "SYNCGROUPS_QUIET_AFTER and SYNCGROUPS_HIDDEN_GRACE together are less than"
            f" {2 * HIDDEN_POLLS} s, and hidden pages poll once in {HIDDEN_POLLS} s",
            "Raise SYNCGROUPS_HIDDEN_GRACE.",
        )


def _faults_of_barriers() -> Iterator[tuple[str, str]]:
    least = _least_silence()
    for barrier in registry.all_barriers():
        for name in ("quiet_after", "gone_after"):
            value = getattr(barrier, name)
            if value is not None and value < least:
                yield (
                    f"Barrier '{barrier.id}': {name} is {value} s, and those who are there may be silent for {least} s",
                    "Raise it, or leave it to the settings.",
                )


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


@register("syncgroups")
def check_urls(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W003: waiting pages would have nothing to ask."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return []
    try:
        reverse("syncgroups:standing")
    except NoReverseMatch:
        hint = 'Add path("sync/", include("syncgroups.urls")) to the URLs, under a prefix of your choice.'
        return [Warning("syncgroups.urls is not included: waiting pages cannot poll.", hint=hint, id="syncgroups.W003")]
    return []


@register(Tags.database)
def check_database(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W002: the database knows a barrier that the site does not declare."""
    if not databases:
        return []
    try:
        undeclared = processing.undeclared_barriers()
    except DatabaseError:
        # Before the first migration there is nothing to compare with.
        return []
    return [
        Warning(
            f"Barrier '{barrier_id}' is known to the database and no longer declared.",
            hint="Whoever waits there is let go a minute after the deadline only: declare it again, or end the visits.",
            id="syncgroups.W002",
        )
        for barrier_id in undeclared
    ]

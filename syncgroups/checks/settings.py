"""Settings that name nothing, or do not fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from .. import push, registry
from ..barriers.parameters import is_number
from ..conf import Settings, settings
from ..waiting import Activity

#: Settings that name a callable, and how it is called. Empty means none, where there need not be one.
CALLABLES = {
    "PARTICIPANT_RESOLVER": "(request) -> participant or None",
    "COHORTS_OF_USER": "(user) -> None or a set of cohorts",
}


@register("syncgroups")
def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003: a callable cannot be imported. W001: a setting that nobody reads."""
    messages: list[CheckMessage] = [
        Error(f"SYNCGROUPS_{name} {fault}.", hint=f"Name a callable {call} by its dotted path.", id="syncgroups.E003")
        for name, call in CALLABLES.items()
        if getattr(settings, name) != vars(Settings)[name] and (fault := _fault_of_callable(getattr(settings, name)))
    ]
    messages.extend(_unknown_settings(dir(django_settings)))
    return messages


#: Numbers of which there has to be more than none: else pages would ask without end, or nothing would ever be done.
POSITIVE = ("TOKEN_MAX_AGE", "POLL_INTERVAL", "PUSH_POLL_INTERVAL", "QUIET_AFTER", "GONE_AFTER", "SWEEP_LIMIT")


@register("syncgroups")
def check_numbers(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E010: a number is none, or too small. What comes from the environment is a text until it is converted."""
    hint = "Settings are not converted: what comes from the environment needs float() or int()."
    return [
        Error(
            f"SYNCGROUPS_{name} is {getattr(settings, name)!r}, and must be {wanted}.", hint=hint, id="syncgroups.E010"
        )
        for name, wanted in faulty_numbers()
    ]


def faulty_numbers() -> Iterator[tuple[str, str]]:
    """Settings with which nobody can count, and what they have to be."""
    for name, default in vars(Settings).items():
        if not is_number(default):
            continue
        value, whole, least = getattr(settings, name), name.endswith("_LIMIT"), name in POSITIVE
        if not is_number(value) or value < 0 or (least and not value) or (whole and not isinstance(value, int)):
            yield name, f"a {'whole ' if whole else ''}number{' greater than' if least else ', not less than'} 0"


@register("syncgroups")
def check_time_zone(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E011: moments would be told by local clocks, which are put forward and back, and which SQLite does not know."""
    if django_settings.USE_TZ:
        return []
    hint = "Set USE_TZ = True: pages still show times in TIME_ZONE."
    told = "USE_TZ is False: as clocks are put forward waits end an hour early, and those who wait fail for it."
    return [Error(told, hint=hint, id="syncgroups.E011")]


@register("syncgroups")
def check_push(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E006: hints would get nowhere."""
    return [Error(f"SYNCGROUPS_PUSH {fault}.", hint=hint, id="syncgroups.E006") for fault, hint in push.faults()]


def _fault_of_callable(path: Any) -> str:
    if not isinstance(path, str):
        return f"must be a dotted path, not {path!r}"
    try:
        named = import_string(path)
    except ImportError as error:
        return f"cannot be imported: {error}"
    return "" if callable(named) else f"names {path}, which cannot be called"


def _unknown_settings(names: Iterable[str]) -> Iterator[CheckMessage]:
    known = {f"SYNCGROUPS_{name}" for name in dir(Settings) if name.isupper()}
    for name in names:
        if name.startswith("SYNCGROUPS_") and name not in known:
            yield Warning(
                f"{name} is no setting of syncgroups.",
                hint=f"Known: {', '.join(sorted(known))}.",
                id="syncgroups.W001",
            )


@register("syncgroups")
def check_api(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E008: rates that are none, or that pages exceed. W005: a barrier that asks of programs what only pages can."""
    messages: list[CheckMessage] = [
        Error(f"SYNCGROUPS_{name} {fault}.", hint='For example "300/min"; "" for no limit.', id="syncgroups.E008")
        for name in ("POLL_RATE", "ARRIVAL_RATE")
        if (fault := _fault_of_rate(name))
    ]
    for barrier in registry.all_barriers():
        if barrier.open_to_api and any(isinstance(page, Activity) for page in barrier.waiting_pages):
            messages.append(
                Warning(
                    f"Barrier '{barrier.id}' is open to the API, and has activities, which are on its page only.",
                    hint="Say in the experiment's own program what there is to do, or take open_to_api away.",
                    id="syncgroups.W005",
                )
            )
    return messages


def _fault_of_rate(name: str) -> str:
    rate = getattr(settings, name)
    if not rate:
        return ""
    number, _, period = str(rate).partition("/")
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}.get(period[:1])
    if not number.isdecimal() or int(number) == 0 or seconds is None:
        return f"is {rate!r}, and must be a number, a slash and a period"
    if any(faulty_numbers()):
        return ""
    # Several windows, and polls out of turn when a page is shown or hidden.
    needed = 2 / settings.POLL_INTERVAL
    if name == "POLL_RATE" and int(number) / seconds < needed:
        return f"is {rate!r}, and pages ask every {settings.POLL_INTERVAL} s"
    return ""

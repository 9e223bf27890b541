"""What is declared: the barriers of this site by id, filled from each app's ``barriers.py``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet

from .decisions import Decision, Missing
from .exceptions import BarrierAlreadyRegistered, BarrierNotRegistered
from .states import TimeoutPolicy

_barriers: dict[str, Any] = {}


def came(link: Any) -> tuple[Any, Any]:
    """When, in an order that moments alone do not give where clocks tick slowly."""
    return link.arrival_time, link.pk


class Undeclared:
    """Stands in for a barrier that the database knows and the site no longer declares. Lets nobody through.

    Or, `groupless`, for what one that goes by groups has been before: for those only who wait there with no group.
    """

    per_group = forms_groups = closes_group = join_existing_groups = False
    group_type = on_release = recheck_interval = fixed_credit = None
    on_member_timeout = regroup_at = quiet_after = gone_after = None
    minimum_waiting = extensions = 0
    prefetch = ("barrier_links",)

    def __init__(self, barrier_id: str, *, groupless: bool = False) -> None:
        self.id = barrier_id
        self.groupless = groupless

    def on_timeout(self, participant: Any, link: Any) -> TimeoutPolicy:
        """It is a deploy's doing, and nobody's fault who waits. Whoever waits elsewhere, or has done so since, has gone
        on, e.g. at the barrier under another id, and does so."""
        others = (other for other in participant.barrier_links.all() if other.pk != link.pk)
        gone_on = any(other.departure_time is None or came(other) > came(link) for other in others)
        return TimeoutPolicy.RELEASE if gone_on else TimeoutPolicy.LEAVE

    def decide(self, waiting: Any, joinable: Any = ()) -> Decision:
        return Decision()

    def missing(self, waiting: Any, group: Any = None) -> Missing:
        return Missing()


def register(barrier: Any) -> Any:
    """Declare a barrier and return it. Repeating the same declaration is harmless.

    Raises `BarrierAlreadyRegistered` when a different one has that id.
    """
    present = _barriers.get(barrier.id)
    if present is not None and _signature(present) != _signature(barrier):
        raise BarrierAlreadyRegistered(
            f"Barrier '{barrier.id}' is declared twice, differently: {present!r} and {barrier!r}. Give one of them"
            " another id, or declare it once and use it in several places: barriers with one id share a waiting area."
        )
    return _barriers.setdefault(barrier.id, barrier)


def get(barrier_id: str) -> Any:
    """The barrier of that id. Raises `BarrierNotRegistered`."""
    try:
        return _barriers[barrier_id]
    except KeyError:
        known = ", ".join(sorted(_barriers)) or "none"
        raise BarrierNotRegistered(f"No barrier '{barrier_id}' is registered (registered: {known}).") from None


def find(barrier_id: str) -> Any | None:
    """The barrier of that id, or None."""
    return _barriers.get(barrier_id)


def all_barriers() -> list[Any]:
    """Every declared barrier, in the order of declaration."""
    return list(_barriers.values())


def groupers_of(group_type: str) -> list[Any]:
    """The declared barriers that form groups of this type."""
    return [barrier for barrier in _barriers.values() if barrier.forms_groups and barrier.group_type == group_type]


@contextmanager
def only(*barriers: Any) -> Iterator[None]:
    """For the duration, exactly these barriers are declared. For tests."""
    before = dict(_barriers)
    _barriers.clear()
    try:
        for barrier in barriers:
            register(barrier)
        yield
    finally:
        _barriers.clear()
        _barriers.update(before)


def _signature(barrier: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What two imports of one declaration have in common; functions count by where they are written."""
    parameters = {name: _name(value) for name, value in vars(barrier).items()}
    return _name(type(barrier)), tuple(sorted(parameters.items()))


def _name(value: Any) -> str:
    """A text that is the same for the same parameter, also after its module has been imported again."""
    if isinstance(value, partial):
        return f"partial({_name(value.func)}, {_name(value.args)}, {value.keywords})"
    if hasattr(value, "view_class") and hasattr(value, "view_initkwargs"):
        # What ``as_view()`` gives is the same function for every view.
        return f"{_name(value.view_class)}({_named(value.view_initkwargs)})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_name(item) for item in value)}]"
    if is_dataclass(value) and not isinstance(value, type):
        return f"{_name(type(value))}({_named(vars(value))})"
    if isinstance(value, QuerySet):
        return str(value.query)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        # All lambdas of a place bear one name.
        line = getattr(getattr(value, "__code__", None), "co_firstlineno", "")
        return f"{value.__module__}.{value.__qualname__}:{line}"
    own_text: Any = type(value).__repr__
    if own_text is object.__repr__:
        return f"{_name(type(value))}({_named(vars(value))})"
    return repr(value)


def _named(parts: dict[str, Any]) -> str:
    return ", ".join(f"{name}={_name(part)}" for name, part in parts.items())

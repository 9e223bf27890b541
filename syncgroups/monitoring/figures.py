"""The numbers behind the plots, as tables: what is drawn is read from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from django.utils import timezone
from django.utils.translation import gettext as _

from ..states import LinkState
from .history import Past

#: Seconds that one column of the plot over time may stand for, and how many columns there are at most.
STEPS = (10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)
COLUMNS = 30

#: Seconds at which the waits are parted.
BOUNDS = (0, 5, 15, 30, 60, 120, 300, 600)


@dataclass(frozen=True)
class Figure:
    """A table of numbers: a row for each label, a column for each name."""

    #: What the rows are, for the head of their column.
    of: str
    names: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]

    def __bool__(self) -> bool:
        return any(any(values) for _label, values in self.rows)


def course(history: Sequence[Past]) -> Figure:
    """Arrivals, and how many went on, over time: as far back as fits."""
    arrivals = [visit.arrival for visit in history]
    releases = [visit.departure for visit in history if visit.state == LinkState.RELEASED and visit.departure]
    names = [_("Arrivals"), _("Releases")]
    times = arrivals + releases
    if not times:
        return Figure(_("From"), names, [])
    first, last = min(times).timestamp(), max(times).timestamp()
    step = next((step for step in STEPS if (last // step - first // step) < COLUMNS), STEPS[-1])
    here, gone = (Counter(int(time.timestamp() // step) for time in some) for some in (arrivals, releases))
    until = int(last // step)
    columns = range(max(int(first // step), until - COLUMNS + 1), until + 1)
    return Figure(_("From"), names, [(_clock(column * step, step), [here[column], gone[column]]) for column in columns])


def _clock(seconds: float, step: int) -> str:
    local = timezone.localtime(datetime.fromtimestamp(seconds, UTC))
    if step >= 24 * 3600:
        return local.strftime("%Y-%m-%d")
    return local.strftime("%H:%M:%S" if step < 60 else "%H:%M" if step < 6 * 3600 else "%m-%d %H:%M")


def waits(history: Sequence[Past], barriers: Sequence[str]) -> Figure:
    """How long those who went on had waited, by barrier."""
    counted = Counter((visit.barrier_id, _bin(visit.waited)) for visit in history if visit.state == LinkState.RELEASED)
    return Figure(
        _("Waited"),
        barriers,
        [(label, [counted[barrier_id, place] for barrier_id in barriers]) for place, label in enumerate(_bins())],
    )


def _bin(seconds: float) -> int:
    return sum(seconds >= bound for bound in BOUNDS[1:])


def _bins() -> list[str]:
    seconds, minutes, longer = _("{low}-{high} s"), _("{low}-{high} min"), _("from {low} min")
    between = [
        seconds.format(low=low, high=high) if high <= 60 else minutes.format(low=low // 60, high=high // 60)
        for low, high in pairwise(BOUNDS)
    ]
    return [*between, longer.format(low=BOUNDS[-1] // 60)]


def outcomes(history: Sequence[Past], barriers: Sequence[str]) -> Figure:
    """How visits ended, by barrier."""
    states = [state for state in LinkState if state != LinkState.WAITING]
    counted = Counter((visit.barrier_id, visit.state) for visit in history)
    return Figure(
        _("Barrier"),
        [str(state.label) for state in states],
        [(barrier_id, [counted[barrier_id, state.value] for state in states]) for barrier_id in barriers],
    )

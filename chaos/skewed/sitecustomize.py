"""Imported by Python itself where this folder is in PYTHONPATH: the wall clock of the process is wrong.

CHAOS_CLOCK says by how many seconds. The monotonic clock is as it is.
"""

import datetime
import os
import time
from typing import Any

WRONG_BY = float(os.environ.get("CHAOS_CLOCK", "0"))

_time, _time_ns, _datetime = time.time, time.time_ns, datetime.datetime
_shift = datetime.timedelta(seconds=WRONG_BY)


class _Kind(type):
    """Every real moment counts as one of `Moment`, and every moment that `Moment` gives is a real one."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _datetime)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _datetime)


class Moment(_datetime, metaclass=_Kind):  # type: ignore[misc, valid-type]
    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return _datetime(*args, **kwargs) if cls is Moment else super().__new__(cls, *args, **kwargs)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _datetime.now(tz) + _shift

    @classmethod
    def utcnow(cls) -> Any:
        return _datetime.now(datetime.timezone.utc).replace(tzinfo=None) + _shift  # noqa: UP017

    @classmethod
    def today(cls) -> Any:
        return cls.now()


if WRONG_BY:
    time.time = lambda: _time() + WRONG_BY
    time.time_ns = lambda: _time_ns() + int(WRONG_BY * 1e9)
    datetime.datetime = Moment  # type: ignore[misc]

"""What a declaration's parameters may be."""

from __future__ import annotations

import math
from typing import Any

#: Longest time, in seconds, that anything may be made to last: a year.
LONGEST = 366 * 24 * 60 * 60

#: Largest whole number that columns of every database take.
LARGEST = 2**31 - 1


def is_name(value: Any) -> bool:
    """Whether it can name a barrier or a type of groups."""
    return isinstance(value, str) and 0 < len(value) <= 100 and "\x00" not in value


def is_number(value: Any) -> bool:
    """Whether it is a number that can be counted with, and not a truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_time(value: Any) -> bool:
    """Whether it is a positive number of seconds, of a year at most."""
    return is_number(value) and 0 < value <= LONGEST


def is_duration(value: Any) -> bool:
    """Whether it is a number of seconds, perhaps none, of a year at most."""
    return is_number(value) and 0 <= value <= LONGEST


def is_size(value: Any) -> bool:
    """Whether it can be the size of a group."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST

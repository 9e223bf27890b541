"""What the rules of the machine share: the site, what is known of it, and what is checked after each of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple

from .driver import Driver
from .reference import Reference
from .world import COHORTS, PLACES

people = Bundle("people")
visits = Bundle("visits")
groups = Bundle("groups")

places = st.sampled_from(sorted(PLACES))
cohorts = st.sampled_from(COHORTS)
names = st.sampled_from([None, None, "round 1"])


class Base(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.site = Driver()
        self.known: set[object] = set()

    @property
    def model(self) -> Reference:
        return self.site.model

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.site.end_every_wait()
        finally:
            self.site.close()

    @invariant()
    def nothing_differs(self) -> None:
        self.site.check()

    def new_groups(self) -> Any:
        """Those that have been formed since this was asked."""
        new = [key for key in self.model.groups if key not in self.known]
        self.known.update(new)
        return multiple(*new)

    def one_of(self, data: Any, things: Sequence[Any]) -> list[Any]:
        """One of these things, or none where there are none."""
        return [things[data.draw(st.integers(0, len(things) - 1))]] if things else []

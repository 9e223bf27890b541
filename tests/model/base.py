"""What the rules of the machine share: the site, what is known of it, and what is checked after each of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple

from .driver import Driver
from .places import COHORTS, PLACES
from .reference import Reference
from .world import Group, Person, Visit

#: After how many steps the rows are compared with the model. What differs once mostly does so for good.
COMPARED = 3

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
        self.steps = 0

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
    def all_is_well(self) -> None:
        self.steps += 1
        self.site.everybody_is_rung_for()
        if self.steps % COMPARED == 0:
            self.site.nothing_differs()

    def new_groups(self) -> Any:
        """Those that have been formed since this was asked."""
        new = [key for key in self.model.groups if key not in self.known]
        self.known.update(new)
        return multiple(*new)

    def one_of(self, data: Any, things: Sequence[Any]) -> Any:
        return things[data.draw(st.integers(0, len(things) - 1))]

    # Of whom and of what there is something to be said

    @property
    def waiting(self) -> list[Visit]:
        return list(self.model.waiting())

    @property
    def occupied(self) -> list[tuple[str, str]]:
        """Places, with cohorts, where somebody waits."""
        return sorted({(visit.place, visit.person.cohort) for visit in self.waiting})

    @property
    def extendable(self) -> list[Visit]:
        return [visit for visit in self.waiting if PLACES[visit.place].extensions > visit.extensions]

    @property
    def silent(self) -> list[Person]:
        return [person for person in self.model.people.values() if person.active and not person.present]

    @property
    def active(self) -> list[Group]:
        return [group for group in self.model.groups.values() if group.active]

    @property
    def several(self) -> list[Group]:
        """Groups with more than one member."""
        return [group for group in self.active if len(group.members) > 1]


def places_of(group: Group) -> list[str]:
    """Where groups of that type pass."""
    return sorted(name for name, place in PLACES.items() if place.per_group and place.group_type == group.type)

"""What the model keeps: places, people, visits and groups, in plain Python. Nothing here knows Django or the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: Seconds. Time passes in whole minutes here, so that the milliseconds that a test takes never matter.
MINUTE = 60

COHORTS = ("morning", "evening")


#: More are too many for the grouper of few.
FEW = 3


@dataclass(frozen=True)
class Place:
    """A barrier. `rule` is "form", "together" (groups), "three" or "patient"."""

    rule: str
    #: Minutes that one may wait, and what happens then.
    patience: int
    policy: str = "fail"
    group_type: str | None = None
    #: How many have to wait before groups are formed, and how many may.
    batch: int = 0
    most: int | None = None
    closes: bool = False
    #: Whether code of the site is called as a group goes.
    calls: bool = False
    fixed_credit: int | None = None

    @property
    def per_group(self) -> bool:
        return self.rule == "together"


@dataclass(frozen=True)
class Kind:
    """Sizes of groups of a type."""

    size: int
    minimum: int
    maximum: int
    takes_newcomers: bool = False


KINDS = {"pair": Kind(2, 2, 2), "team": Kind(3, 2, 4, takes_newcomers=True)}

PLACES = {
    "pair_grouper": Place("form", 3, "fail", "pair", batch=2),
    "few_pair_grouper": Place("form", 4, "leave", "pair", batch=2, most=FEW),
    "team_grouper": Place("form", 4, "leave", "team", batch=3),
    "pair_choice": Place("together", 2, "fail", "pair", calls=True),
    "team_choice": Place("together", 2, "leave", "team"),
    "team_result": Place("together", 3, "release", "team"),
    "closer_pair": Place("together", 3, "fail", "pair", closes=True),
    "closer_team": Place("together", 2, "release", "team", closes=True, calls=True),
    "three": Place("three", 3, "fail", fixed_credit=300),
    "patient": Place("patient", 5, "release"),
}

#: Minutes after which the patient are let go.
LONG_ENOUGH = 2


@dataclass
class Person:
    key: Any
    cohort: str
    status: str = "working"
    failed: bool = False
    credit: float = 0
    last_seen: int | None = None

    @property
    def active(self) -> bool:
        return self.status == "working" and not self.failed


@dataclass
class Visit:
    key: Any
    person: Person
    place: str
    name: str | None
    group: Group | None
    arrived: int
    deadline: int
    state: str = "waiting"
    credit: float = 0


@dataclass
class Group:
    key: Any
    type: str
    cohort: str
    #: Everybody who has ever been in it, in the order in which they joined.
    joined: list[Person]
    leader: Person | None
    members: list[Person] = field(default_factory=list)
    active: bool = True
    failed: bool = False
    #: How often code of the site has been called for it.
    calls: int = 0

    @property
    def kind(self) -> Kind:
        return KINDS[self.type]

    @property
    def has_room(self) -> bool:
        return len(self.members) < self.kind.maximum


class World:
    """Everything that is stored, and the few things that are done to it in one piece."""

    def __init__(self) -> None:
        self.now = 0
        self.people: dict[Any, Person] = {}
        # In order of arrival.
        self.visits: dict[Any, Visit] = {}
        self.groups: dict[Any, Group] = {}
        #: Since when a place is held, by place and cohort.
        self.paused: dict[tuple[str, str], int] = {}
        #: Places where code of the site raises.
        self.broken: set[str] = set()

    def waiting(self, place: str | None = None, cohort: str | None = None) -> Iterator[Visit]:
        for visit in self.visits.values():
            here = place in (None, visit.place) and cohort in (None, visit.person.cohort)
            if visit.state == "waiting" and here:
                yield visit

    def group_of(self, person: Person, group_type: str | None) -> Group | None:
        of_type = (group for group in self.groups.values() if group.type == group_type)
        return next((group for group in of_type if person in group.members), None)

    def end_visit(self, visit: Visit, state: str) -> None:
        assert visit.state == "waiting", "a wait ends once"
        fixed = PLACES[visit.place].fixed_credit
        waited = (min(self.now, visit.deadline) - visit.arrived) * MINUTE
        visit.state, visit.credit = state, waited if fixed is None else fixed
        visit.person.credit += visit.credit

    def end_person(self, person: Person, *, status: str = "working", failed: bool = False) -> None:
        person.status, person.failed = status, failed
        for visit in [visit for visit in self.waiting() if visit.person is person]:
            self.end_visit(visit, "failed" if failed else "withdrawn")
        for group in self.groups.values():
            if person in group.members:
                group.members.remove(person)
                self.settle(group)

    def settle(self, group: Group) -> None:
        """The one who joined first leads, unless the leader still can; an empty group is closed."""
        if not group.members:
            group.leader = None
            self.close(group)
        elif group.leader not in group.members:
            group.leader = group.members[0]

    def close(self, group: Group) -> None:
        group.active = False
        group.members.clear()

    def join(self, group: Group, person: Person) -> None:
        group.joined.append(person)
        group.members.append(person)
        self.settle(group)

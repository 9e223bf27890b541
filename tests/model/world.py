"""What the model keeps: people, visits and groups, in plain Python. Nothing here knows Django or the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .places import KINDS, MINUTE, PLACES, Kind, Place


class Interval(NamedTuple):
    """A time of presence, quiet or absence; the last one has no end while the participation goes on."""

    state: str
    began: int
    ended: int | None = None


@dataclass
class Person:
    key: Any
    cohort: str
    status: str = "working"
    failed: bool = False
    credit: float = 0
    last_seen: int | None = None
    hidden: bool = False
    presence: str = "present"
    #: When silence is to have consequences.
    quiet_at: int | None = None
    gone_at: int | None = None
    intervals: list[Interval] = field(default_factory=list)
    #: When they were last let through each place, in the order in which things happen.
    let_through: dict[str, int] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.status == "working" and not self.failed

    @property
    def present(self) -> bool:
        return self.presence == "present"


@dataclass
class Visit:
    key: Any
    person: Person
    place: str
    name: str | None
    group: Group | None
    arrived: int
    deadline: int
    #: When it began: as the engine has it, and in the order in which things happen here.
    instant: Any
    moment: int
    #: Since when the person has their place in the queue, where that is longer.
    place_since: Any = None
    state: str = "waiting"
    credit: float = 0
    extensions: int = 0
    #: Minutes: in which nothing could happen, and what the others were spent on.
    paused: int = 0
    waited: dict[str, int] = field(default_factory=lambda: {"match": 0, "others": 0})

    @property
    def rank(self) -> tuple[Any, Any]:
        """First come, first served; whoever was sent back has kept their place."""
        return self.place_since or self.instant, self.key


@dataclass
class Group:
    key: Any
    type: str
    cohort: str
    #: Everybody who has ever been in it, in the order in which they joined.
    joined: list[Person]
    leader: Person | None
    members: list[Person] = field(default_factory=list)
    #: When the members have joined, in the order in which things happen.
    since: dict[Any, int] = field(default_factory=dict)
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
        self._moment = 0
        self.people: dict[Any, Person] = {}
        self.visits: dict[Any, Visit] = {}
        self.groups: dict[Any, Group] = {}
        #: Since when a place is held, by place and cohort.
        self.paused: dict[tuple[str, str], int] = {}
        #: Places where code of the site raises.
        self.broken: set[str] = set()

    def next_moment(self) -> int:
        self._moment += 1
        return self._moment

    def waiting(self, place: str | None = None, cohort: str | None = None) -> Iterator[Visit]:
        """Open visits, in the order in which those who made them are served."""
        for visit in sorted(self.visits.values(), key=lambda visit: visit.rank):
            here = place in (None, visit.place) and cohort in (None, visit.person.cohort)
            if visit.state == "waiting" and here:
                yield visit

    def visits_of(self, person: Person) -> list[Visit]:
        return [visit for visit in self.waiting() if visit.person is person]

    def group_of(self, person: Person, group_type: str | None) -> Group | None:
        of_type = (group for group in self.groups.values() if group.type == group_type)
        return next((group for group in of_type if person in group.members), None)

    def end_visit(self, visit: Visit, state: str) -> None:
        assert visit.state == "waiting", "a wait ends once"
        place = PLACES[visit.place]
        if (visit.place, visit.person.cohort) in self.paused:
            self.put_off(visit, self.paused[visit.place, visit.person.cohort])
        waited = (min(self.now, visit.deadline) - visit.arrived) * MINUTE
        visit.state, visit.credit = state, waited
        if place.fixed_credit is not None:
            # Who goes on earns all of it.
            visit.credit = place.fixed_credit if state in ("released", "regrouped") else min(waited, place.fixed_credit)
        visit.waited["match" if place.forms else "others"] = self.now - visit.arrived - visit.paused
        visit.person.credit += visit.credit
        if state == "released":
            visit.person.let_through[visit.place] = self.next_moment()

    def put_off(self, visit: Visit, since: int) -> None:
        """Nothing has happened since then: that time does not count."""
        held = self.now - max(since, visit.arrived)
        visit.deadline += held
        visit.paused += held

    def end_person(self, person: Person, *, status: str = "working", failed: bool = False) -> None:
        person.status, person.failed = status, failed
        person.quiet_at = person.gone_at = None
        self.end_interval(person)
        for visit in self.visits_of(person):
            self.end_visit(visit, "failed" if failed else "withdrawn")
        for group in self.groups.values():
            self.part(group, person)

    def end_interval(self, person: Person) -> None:
        if person.intervals and person.intervals[-1].ended is None:
            person.intervals[-1] = person.intervals[-1]._replace(ended=self.now)

    def part(self, group: Group, person: Person) -> None:
        """The person is in the group no longer."""
        if person in group.members:
            group.members.remove(person)
            self.settle(group)

    def go_on_alone(self, visit: Visit) -> None:
        """Who is let through where groups are closed has done with the group; it stays for the others."""
        if PLACES[visit.place].closes and visit.group is not None:
            self.part(visit.group, visit.person)

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
        group.since[person.key] = self.next_moment()
        self.settle(group)

    def policy(self, place: Place, visit: Visit) -> str:
        """What happens to somebody whose time is up."""
        extended = place.policy_for_extended if visit.extensions else None
        return extended or place.policy

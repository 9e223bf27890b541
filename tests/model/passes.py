"""What must happen when a pass looks at a unit: first what is decided, then what follows from it.

A unit is looked at whether or not anything called for it: an engine that has forgotten to call falls behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .world import KINDS, LONG_ENOUGH, PLACES, Group, Person, Visit, World


class Unit(NamedTuple):
    place: str
    cohort: str
    group: Any = None


class Formed(NamedTuple):
    """A group that the engine has formed. It may choose who is with whom, and who leads."""

    key: Any
    type: str
    cohort: str
    members: list[Any]
    leader: Any


@dataclass
class Decided:
    """What one look leads to."""

    go: list[Visit] = field(default_factory=list)
    joins: list[tuple[Visit, Group]] = field(default_factory=list)
    #: Of whom groups are formed.
    grouped: list[Visit] = field(default_factory=list)
    fail: list[Person] = field(default_factory=list)
    #: Visits of people who are no longer in the group with which they came.
    stray: list[Visit] = field(default_factory=list)
    late: list[Visit] = field(default_factory=list)
    policy: str = "fail"
    #: The group that goes on.
    group: Group | None = None

    def __bool__(self) -> bool:
        return any((self.go, self.joins, self.grouped, self.fail, self.stray, self.late))


class Passes(World):
    def __init__(self) -> None:
        super().__init__()
        #: What the engine has chosen, in the order in which it did.
        self.formed: list[Formed] = []

    def sweep(self, units: Iterable[Unit]) -> None:
        """A sweep has found these units. Nobody who could go may have been overlooked."""
        found = list(units)
        missed = [unit for unit in self.due() if not {unit, unit._replace(group=None)} & {*found}]
        assert not missed, f"the sweep overlooks {missed}"
        by_place: dict[tuple[str, str], list[Unit]] = {}
        for unit in found:
            by_place.setdefault((unit.place, unit.cohort), []).append(unit)
        for group in by_place.values():
            for unit in group:
                self.look(unit)

    def due(self) -> list[Unit]:
        """Units at which there is something to do."""
        places = {Unit(v.place, v.person.cohort, v.group.key if v.group else None) for v in self.waiting()}
        return [unit for unit in places if self.decide(unit)]

    def look(self, unit: Unit) -> None:
        if PLACES[unit.place].per_group and unit.group is None:
            waiting = self.waiting(unit.place, unit.cohort)
            for key in {visit.group.key for visit in waiting if visit.group is not None}:
                self.look(unit._replace(group=key))
            return
        decided = self.decide(unit)
        if decided:
            self.carry_out(PLACES[unit.place], unit, decided)

    # Decide

    def decide(self, unit: Unit) -> Decided:
        if (unit.place, unit.cohort) in self.paused:
            return Decided()
        place = PLACES[unit.place]
        here = list(self.waiting(unit.place, unit.cohort))
        if place.per_group:
            here = [visit for visit in here if visit.group and visit.group.key == unit.group]
        decided: Decided = getattr(self, f"_{place.rule}")(place, here, unit)
        decided.policy = place.policy
        asked = decided.go if place.calls else here
        if unit.place in self.broken and asked and (not place.calls or decided.group):
            # Nobody is at fault where code of the site could not let them go.
            decided = Decided(stray=decided.stray, policy="leave")
        moved = [*decided.go, *decided.grouped, *decided.stray, *(visit for visit, _ in decided.joins)]
        decided.late = [v for v in here if v.deadline <= self.now and v not in moved and v.person not in decided.fail]
        return decided

    def _three(self, place: Any, here: list[Visit], unit: Unit) -> Decided:
        return Decided(go=here if len(here) >= 3 else [])

    def _patient(self, place: Any, here: list[Visit], unit: Unit) -> Decided:
        return Decided(go=[visit for visit in here if self.now - visit.arrived >= LONG_ENOUGH])

    def _together(self, place: Any, here: list[Visit], unit: Unit) -> Decided:
        group = self.groups[unit.group]
        stray = [visit for visit in here if visit.person not in group.members]
        here = [visit for visit in here if visit not in stray]
        if not here:
            return Decided(stray=stray)
        if len(group.members) < group.kind.minimum and not place.closes:
            doomed = [] if group.kind.takes_newcomers else group.members
            return Decided(fail=list(doomed), stray=stray)
        if len(here) < len(group.members):
            return Decided(stray=stray)
        return Decided(go=here, stray=stray, group=group)

    def _form(self, place: Any, here: list[Visit], unit: Unit) -> Decided:
        go = [visit for visit in here if self.group_of(visit.person, place.group_type)]
        rest = [visit for visit in here if visit not in go]
        joins = self._joins(rest, place.group_type, unit.cohort) if KINDS[place.group_type].takes_newcomers else []
        rest = rest[len(joins) :]
        ready = place.batch <= len(rest) <= (place.most or len(rest))
        size = KINDS[place.group_type].size
        return Decided(go=go, joins=joins, grouped=rest[: len(rest) // size * size] if ready else [])

    def _joins(self, waiting: list[Visit], group_type: str, cohort: str) -> list[tuple[Visit, Group]]:
        """First come, first served: each takes the group that is smallest by now, and of those the oldest."""
        of_type = [g for g in self.groups.values() if g.active and (g.type, g.cohort) == (group_type, cohort)]
        sizes = {group.key: len(group.members) for group in of_type}
        joins = []
        for visit in waiting:
            fitting = [group for group in of_type if sizes[group.key] < group.kind.maximum]
            if fitting:
                smallest = min(fitting, key=lambda group: (sizes[group.key], group.key))
                sizes[smallest.key] += 1
                joins.append((visit, smallest))
        return joins

    # Act

    def carry_out(self, place: Any, unit: Unit, decided: Decided) -> None:
        self._form_groups(place, unit, [visit.person for visit in decided.grouped])
        for visit, group in decided.joins:
            self.join(group, visit.person)
        going = [*decided.go, *decided.grouped, *decided.stray, *(visit for visit, _ in decided.joins)]
        for visit in going:
            self.end_visit(visit, "released")
        for visit in [*decided.grouped, *(visit for visit, _ in decided.joins)]:
            self.let_through_groupers(visit.person, place.group_type)
        if decided.fail:
            self.groups[unit.group].failed = True
        for person in decided.fail:
            self.end_person(person, failed=True)
        self._time_out(decided)
        if decided.group is not None:
            decided.group.calls += place.calls
            if place.closes:
                self.close(decided.group)

    def _time_out(self, decided: Decided) -> None:
        for visit in decided.late:
            self.end_visit(visit, "released" if decided.policy == "release" else "timed_out")
        for visit in decided.late:
            if decided.policy == "fail":
                self.end_person(visit.person, failed=True)
            elif decided.policy == "leave":
                self.end_person(visit.person, status="left")

    def _form_groups(self, place: Any, unit: Unit, people: list[Person]) -> None:
        """The engine parts them as it likes, and leaves nobody out."""
        chosen: list[Any] = []
        while len(chosen) < len(people):
            assert self.formed, f"{unit}: groups had to be formed of {[person.key for person in people]}"
            formed = self.formed.pop(0)
            assert (formed.type, formed.cohort) == (place.group_type, unit.cohort), f"{formed}: formed at {unit}"
            members = [self.people[key] for key in formed.members]
            group = Group(formed.key, formed.type, formed.cohort, members, self.people[formed.leader], [*members])
            assert len(members) == group.kind.size, f"{formed}: wrong size"
            assert group.leader in members, f"{formed}: the leader is no member"
            self.groups[formed.key] = group
            chosen += formed.members
        assert sorted(chosen) == sorted(person.key for person in people), f"{unit}: {chosen} were grouped"

    def let_through_groupers(self, person: Person, group_type: str | None) -> None:
        """Nobody keeps waiting to be grouped who has been."""
        for visit in list(self.waiting()):
            place = PLACES[visit.place]
            if visit.person is person and place.rule == "form" and place.group_type == group_type:
                self.end_visit(visit, "released")

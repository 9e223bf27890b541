"""What must happen when a pass looks at a unit, and in a sweep.

A unit is looked at whether or not anything called for it: an engine that has forgotten to call falls behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .deciding import Decided, Deciding, Unit
from .places import PLACES, Place
from .world import Group, Person, Visit


class Formed(NamedTuple):
    """A group that the engine has formed. It may choose who is with whom, and who leads."""

    key: Any
    type: str
    cohort: str
    members: list[Any]
    leader: Any


class Returned(NamedTuple):
    """A visit that the engine has begun, of somebody whom it has sent back."""

    key: Any
    person: Any
    place: str
    instant: Any


class Passes(Deciding):
    def __init__(self) -> None:
        super().__init__()
        #: What the engine has chosen, in the order in which it did.
        self.formed: list[Formed] = []
        self.returned: list[Returned] = []

    def sweep(self, units: Iterable[Unit]) -> None:
        """A sweep has found these units. Nobody who could go may have been overlooked."""
        self.lapse()
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
            for key in dict.fromkeys(visit.group.key for visit in waiting if visit.group is not None):
                self.look(unit._replace(group=key))
            return
        decided = self.decide(unit)
        if decided:
            self.carry_out(PLACES[unit.place], unit, decided)

    def carry_out(self, place: Place, unit: Unit, decided: Decided) -> None:
        self._join_groups(place, unit, decided)
        for visit in decided.through:
            self.end_visit(visit, "released")
        if decided.fail and not (decided.go or decided.back):
            self.groups[unit.group].failed = True
        for person in decided.fail:
            self.end_person(person, failed=True)
        for person in decided.leave:
            self.end_person(person, status="left")
        for visit in decided.back:
            self._send_back(place, unit, visit)
        self._end_late(place, decided)
        if decided.group is not None:
            decided.group.calls += place.calls
            if place.closes:
                self.close(decided.group)

    def _end_late(self, place: Place, decided: Decided) -> None:
        policies = {visit.key: self.policy(place, visit) for visit in decided.late}
        if decided.alone_by_now:
            policies = dict.fromkeys(policies, "release")
        if decided.blameless:
            policies = dict.fromkeys(policies, "leave")
        for visit in decided.late:
            self.end_visit(visit, "released" if policies[visit.key] == "release" else "timed_out")
        for visit in decided.late:
            if policies[visit.key] == "release":
                self.go_on_alone(visit)
            elif policies[visit.key] == "fail":
                self.end_person(visit.person, failed=True)
            elif policies[visit.key] == "leave":
                self.end_person(visit.person, status="left")

    def _join_groups(self, place: Place, unit: Unit, decided: Decided) -> None:
        self._form_groups(unit, [visit.person for visit in decided.grouped])
        for visit in decided.alone:
            self._form_groups(unit, [visit.person])
        for visit, group in decided.joins:
            self.join(group, visit.person)
        for visit in [*decided.grouped, *decided.alone, *(visit for visit, _ in decided.joins)]:
            self.let_through_groupers(visit.person, place.group_type, but_at=unit.place)

    def _form_groups(self, unit: Unit, people: list[Person]) -> None:
        """The engine parts them as it likes, and leaves nobody out."""
        chosen: list[Any] = []
        while len(chosen) < len(people):
            assert self.formed, f"{unit}: groups had to be formed of {[person.key for person in people]}"
            formed = self.formed.pop(0)
            assert (formed.type, formed.cohort) == (PLACES[unit.place].group_type, unit.cohort), f"formed at {unit}"
            members = [self.people[key] for key in formed.members]
            group = Group(formed.key, formed.type, formed.cohort, members, self.people[formed.leader], [*members])
            group.since = dict.fromkeys(formed.members, self.next_moment())
            assert len(members) == min(group.kind.size, len(people)), f"{formed}: wrong size"
            assert group.leader in members, f"{formed}: the leader is no member"
            self.groups[formed.key] = group
            chosen += formed.members
        assert sorted(chosen) == sorted(person.key for person in people), f"{unit}: {chosen} were grouped"

    def let_through_groupers(self, person: Person, group_type: str | None, *, but_at: str = "") -> None:
        """Nobody keeps waiting to be grouped who has been."""
        for visit in self.visits_of(person):
            place = PLACES[visit.place]
            if place.forms and place.group_type == group_type and visit.place != but_at:
                self.end_visit(visit, "released")

    def _send_back(self, place: Place, unit: Unit, visit: Visit) -> None:
        """They wait at the grouper again, under the name of their last visit there, and with its place in the queue."""
        person = visit.person
        self.end_visit(visit, "regrouped")
        self.part(self.groups[unit.group], person)
        made = next((m for m in self.returned if (m.person, m.place) == (person.key, place.back_at)), None)
        assert made, f"{unit}: {person.key} had to be sent back"
        self.returned.remove(made)
        last = self._last_visit(person, place.back_at)
        self.begin(made.key, person, place.back_at, last and last.name, made.instant)
        if last is not None:
            last.name = None
            self.visits[made.key].place_since = last.place_since or last.instant

    def _last_visit(self, person: Person, place: str) -> Visit | None:
        visits = [visit for visit in self.visits.values() if (visit.person, visit.place) == (person, place)]
        return max(visits, key=lambda visit: visit.key, default=None)

    def begin(self, key: Any, person: Person, place: str, name: str | None, instant: Any) -> None:
        group = self.group_of(person, PLACES[place].group_type)
        deadline = self.now + PLACES[place].patience
        for visit in self.visits.values():
            if (visit.person, visit.place, visit.name) == (person, place, name) and visit.state == "regrouped":
                visit.name = None
        self.visits[key] = Visit(key, person, place, name, group, self.now, deadline, instant, self.next_moment())

"""What must be decided when a pass looks at a unit. Nothing here knows Django or the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .places import KINDS, LONG_ENOUGH, PLACES, Place
from .silence import Silence
from .world import Group, Person, Visit


class Unit(NamedTuple):
    place: str
    cohort: str
    group: Any = None


@dataclass
class Decided:
    """What one look leads to."""

    go: list[Visit] = field(default_factory=list)
    joins: list[tuple[Visit, Group]] = field(default_factory=list)
    #: Of whom groups are formed, and who goes on as a group of one.
    grouped: list[Visit] = field(default_factory=list)
    alone: list[Visit] = field(default_factory=list)
    fail: list[Person] = field(default_factory=list)
    leave: list[Person] = field(default_factory=list)
    #: Who is sent back to the grouper.
    back: list[Visit] = field(default_factory=list)
    #: Visits of people who are no longer in the group with which they came.
    stray: list[Visit] = field(default_factory=list)
    late: list[Visit] = field(default_factory=list)
    #: Whether nobody else of the group will come.
    alone_by_now: bool = False
    #: Whether nobody is at fault, because code of the site could not let them go.
    blameless: bool = False
    #: The group that goes on.
    group: Group | None = None

    def __bool__(self) -> bool:
        return any((self.through, self.fail, self.leave, self.back, self.late))

    @property
    def through(self) -> list[Visit]:
        """Everybody who goes on."""
        joining = [visit for visit, _ in self.joins]
        return [*self.go, *self.grouped, *self.alone, *self.stray, *joining]

    def moves(self, visit: Visit) -> bool:
        return visit in [*self.through, *self.back] or visit.person in [*self.fail, *self.leave]


class Deciding(Silence):
    def decide(self, unit: Unit) -> Decided:
        if (unit.place, unit.cohort) in self.paused:
            return Decided()
        place = PLACES[unit.place]
        here = list(self.waiting(unit.place, unit.cohort))
        if place.per_group:
            here = [visit for visit in here if visit.group and visit.group.key == unit.group]
        decided: Decided = getattr(self, f"_{place.rule}")(place, here, unit)
        asked = decided.go if place.calls else here
        if unit.place in self.broken and asked and (not place.calls or decided.group):
            decided = Decided(stray=decided.stray, blameless=True)
        self._time_out(place, here, decided)
        decided.alone_by_now = bool(decided.late) and place.per_group and self._others_have_passed(unit, here, decided)
        return decided

    def _time_out(self, place: Place, here: list[Visit], decided: Decided) -> None:
        """Release beats time-out. The present are told first."""
        if place.forms:
            here = sorted(here, key=lambda visit: not visit.person.present)
        late = [visit for visit in here if visit.deadline <= self.now and not decided.moves(visit)]
        alone = [visit for visit in late if place.forms and self.policy(place, visit) == "release"]
        decided.alone = alone
        decided.late = [visit for visit in late if visit not in alone]

    def _three(self, place: Place, here: list[Visit], unit: Unit) -> Decided:
        return Decided(go=here if len(here) >= 3 else [])

    def _patient(self, place: Place, here: list[Visit], unit: Unit) -> Decided:
        return Decided(go=[visit for visit in here if self.now - visit.arrived - visit.paused >= LONG_ENOUGH])

    def _together(self, place: Place, here: list[Visit], unit: Unit) -> Decided:
        group = self.groups[unit.group]
        stray = [visit for visit in here if visit.person not in group.members]
        here = [visit for visit in here if visit not in stray]
        decided = Decided(stray=stray)
        too_few = len(group.members) < group.kind.minimum and not place.closes
        if not here:
            return decided
        if too_few and place.shortage:
            self._give(decided, place.shortage, here)
        elif too_few and not group.kind.takes_newcomers and place.absence in (None, "fail"):
            decided.fail = list(group.members)
        elif too_few and not group.kind.takes_newcomers:
            # No more at fault than those who wait for the absent.
            self._give(decided, "regroup" if place.absence == "regroup" else "leave", here)
        elif len(here) == len(group.members) and not too_few:
            decided.go, decided.group = here, group
        else:
            self._blame(unit, here, decided)
        return decided

    def _blame(self, unit: Unit, here: list[Visit], decided: Decided) -> None:
        """The absent fail once the time of somebody here is up, and the present get what the place gives them.

        Nobody is at fault who is held elsewhere, or who has joined the group, or has been let through, since; whom a
        pause holds stays.
        """
        place, group = PLACES[unit.place], self.groups[unit.group]
        present = [visit for visit in here if visit.person.presence != "gone"]
        absent = [member for member in group.members if member not in [visit.person for visit in present]]
        late = [visit for visit in here if visit.deadline <= self.now]
        too_few = len(group.members) < group.kind.minimum and not place.closes
        if not (place.absence and late and present and (absent or too_few)):
            return
        since = min(visit.moment for visit in late)
        through = [member for member in absent if member.let_through.get(unit.place, 0) > since]
        through += [member for member in absent if member not in through and self._has_passed(member, unit, late)]
        through += [member for member in absent if member not in through and self._is_on_hold(member, unit.place)]
        rest = [member for member in absent if member not in through]
        new = [member for member in rest if max(group.since[member.key], *self._freed(member, unit.place)) > since]
        held = [member for member in rest if {visit.place for visit in self.visits_of(member)} - {unit.place}]
        decided.leave = [member for member in rest if member in held or (place.closes and member in new)]
        decided.fail = [member for member in rest if member not in [*held, *new]]
        to_come = len([member for member in [*new, *through] if member not in decided.leave])
        if place.absence != "go_on":
            self._give(decided, place.absence, present)
        elif place.closes or len(present) + to_come >= group.kind.minimum:
            decided.go, decided.group = present, group
        else:
            self._give(decided, place.shortage or "leave", present)

    def _has_passed(self, person: Person, unit: Unit, late: list[Visit]) -> bool:
        """Whether they were let through with the group on a visit that bears the name of one that goes on."""
        names = {visit.name for visit in late if visit.name is not None}
        visits = [v for v in self.visits.values() if (v.person, v.place, v.state) == (person, unit.place, "released")]
        return any(v.name in names and v.group is not None and v.group.key == unit.group for v in visits)

    def _others_have_passed(self, unit: Unit, here: list[Visit], decided: Decided) -> bool:
        here = [visit for visit in here if visit not in decided.stray]
        late = [visit for visit in here if visit.deadline <= self.now]
        absent = [member for member in self.groups[unit.group].members if member not in [v.person for v in here]]
        return bool(absent) and all(self._has_passed(member, unit, late) for member in absent)

    def _is_on_hold(self, person: Person, but_at: str) -> bool:
        """Whether a pause holds them anywhere else."""
        places = {visit.place for visit in self.visits_of(person)} - {but_at}
        return any((place, person.cohort) in self.paused for place in places)

    @staticmethod
    def _freed(person: Person, but_at: str) -> list[int]:
        """When they were last let through anywhere else."""
        return [0, *(moment for place, moment in person.let_through.items() if place != but_at)]

    def _give(self, decided: Decided, policy: str, visits: list[Visit]) -> None:
        people = [visit.person for visit in visits]
        if policy == "regroup":
            decided.back = visits
        else:
            ending = decided.fail if policy == "fail" else decided.leave
            ending += people

    def _form(self, place: Place, here: list[Visit], unit: Unit) -> Decided:
        """Only the present are matched; the others keep their place."""
        here = [visit for visit in here if visit.person.present]
        go = [visit for visit in here if self.group_of(visit.person, place.group_type)]
        rest = [visit for visit in here if visit not in go]
        joins = self._joins(rest, place.group_type, unit.cohort) if _kind(place).takes_newcomers else []
        rest = rest[len(joins) :]
        ready = place.batch <= len(rest) <= (place.most or len(rest))
        size = _kind(place).size
        return Decided(go=go, joins=joins, grouped=rest[: len(rest) // size * size] if ready else [])

    def _joins(self, waiting: list[Visit], group_type: str | None, cohort: str) -> list[tuple[Visit, Group]]:
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


def _kind(place: Place) -> Any:
    return KINDS[str(place.group_type)]

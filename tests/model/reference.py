"""What must happen: the verbs of participants and operators. What passes do is told in `passes`."""

from __future__ import annotations

from typing import Any

from .passes import Passes
from .places import PLACES
from .world import Group, Person, Visit

ENDS = {
    "fail": {"status": "working", "failed": True},
    "leave": {"status": "left", "failed": False},
    "finish": {"status": "finished", "failed": False},
}


class Reference(Passes):
    """Verbs answer with the name of the error that must be raised, or None."""

    def arrive(self, person: Person, place: str, name: str | None) -> Visit | str | None:
        """The visit that stands already, or the name of the error; None when a new visit has to `begin`."""
        group_type = PLACES[place].group_type
        visits = [visit for visit in self.visits.values() if (visit.person, visit.place) == (person, place)]
        in_group = self.group_of(person, group_type) is not None
        same = [visit for visit in visits if name is not None and visit.name == name]
        if in_group:
            # Their group could not go on, and now they are in another one.
            same = [visit for visit in same if visit.state != "regrouped"]
        same += [visit for visit in visits if visit.state == "waiting"]
        if same:
            return same[0]
        if not person.active:
            return "ParticipantNotActive"
        if group_type and PLACES[place].forms and in_group:
            return "AlreadyInGroup"
        if group_type and not PLACES[place].forms and not in_group:
            return "NotInGroup"
        return None

    def extend(self, visit: Visit) -> str | None:
        place = PLACES[visit.place]
        if visit.state != "waiting":
            return "NotWaiting"
        if visit.extensions >= place.extensions:
            return "NoExtensionLeft"
        # While a pause goes on the clock stands still.
        clock = self.paused.get((visit.place, visit.person.cohort), self.now)
        visit.deadline = max(visit.deadline, clock) + place.more
        visit.extensions += 1
        return None

    def end(self, person: Person, verb: str) -> bool:
        active = person.active
        if active:
            self.end_person(person, **ENDS[verb])
        return active

    def vanished(self, minutes: int) -> list[Person]:
        """Active people who wait nowhere and have not been seen for so long."""
        waiting = {visit.person.key for visit in self.waiting()}
        active = [person for person in self.people.values() if person.active and person.key not in waiting]
        return [p for p in active if p.last_seen is not None and self.now - p.last_seen >= minutes]

    # Operators

    def release(self, visit: Visit) -> str | None:
        if visit.state != "waiting":
            return "NotWaiting"
        self.end_visit(visit, "released")
        self.go_on_alone(visit)
        return None

    def elect(self, group: Group, person: Person | None) -> str | None:
        if not group.active:
            return "GroupNotActive"
        if person is not None and person not in group.members:
            return "NotInGroup"
        leader: Any = group.leader
        following = group.members[(group.members.index(leader) + 1) % len(group.members)]
        group.leader = person or following
        return None

    def add(self, group: Group, person: Person) -> str | None:
        refusals = {
            "GroupNotActive": not group.active,
            "WrongCohort": group.cohort != person.cohort,
            "ParticipantNotActive": not person.active,
            "AlreadyInGroup": self.group_of(person, group.type) is not None,
            "GroupFull": not group.has_room,
        }
        refusal = next((name for name, applies in refusals.items() if applies), None)
        if refusal is None:
            self.join(group, person)
            self.let_through_groupers(person, group.type)
        return refusal

    def close_by_hand(self, group: Group) -> bool:
        active = group.active
        if active:
            self.close(group)
        return active

    def pause(self, place: str, cohort: str) -> bool:
        new = (place, cohort) not in self.paused
        self.paused.setdefault((place, cohort), self.now)
        return new

    def resume(self, place: str, cohort: str) -> bool:
        since = self.paused.pop((place, cohort), None)
        if since is not None:
            for visit in self.waiting(place, cohort):
                self.put_off(visit, since)
        return since is not None

    # What tests choose from

    def places_for(self, person: Person) -> list[str]:
        """Where an arrival would begin a wait."""
        return [place for place in PLACES if self.arrive(person, place, None) is None]

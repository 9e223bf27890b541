"""What participants may do."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, rule

from .base import Base, cohorts, names, people, places, visits
from .world import COHORTS, PLACES

GATHERING = [name for name, place in sorted(PLACES.items()) if not place.per_group]
GROUPERS = [name for name, place in sorted(PLACES.items()) if place.rule == "form"]

verbs = st.sampled_from(["fail", "leave", "finish"])


class Participants(Base):
    @initialize(
        target=people,
        number=st.integers(4, 7),
        others=st.integers(0, 3),
        grouped_at=st.sampled_from([None, *GROUPERS, *GROUPERS]),
    )
    def people_come(self, number, others, grouped_at):
        """Most of them to one cohort, where there may be groups already, full ones among them."""
        first, second = COHORTS
        people = [self.site.newcomer(cohort) for cohort in [first] * number + [second] * others]
        if grouped_at:
            for person in people:
                self.site.arrive(person, grouped_at)
            self.site.answer_all()
        return multiple(*people)

    @rule(target=people, cohort=cohorts)
    def newcomer(self, cohort):
        return self.site.newcomer(cohort)

    @rule(target=visits, person=people, place=places, name=names)
    def arrive_anywhere(self, person, place, name):
        return self._visits(self.site.arrive(person, place, name))

    @rule(target=visits, person=people, name=names, data=st.data())
    def arrive_where_it_makes_sense(self, person, name, data):
        sensible = self.model.places_for(self.model.people[person])
        return self._visits(*(self.site.arrive(person, place, name) for place in self.one_of(data, sensible)))

    @rule(visit=visits)
    def refresh(self, visit):
        """The page of a visit is loaded once more: another tab, a click on "back", or mere impatience."""
        visit = self.model.visits[visit]
        if visit.state == "waiting" or visit.name is not None:
            assert self.site.arrive(visit.person.key, visit.place, visit.name) == visit.key

    @rule(target=visits, place=st.sampled_from(GATHERING), cohort=cohorts, most=st.integers(2, 6), prompt=st.booleans())
    def crowd_arrives(self, place, cohort, most, prompt):
        """People of whom each finds a place there; workers are prompt, or not."""
        people = [person for person in self.model.people.values() if person.cohort == cohort]
        able = [person.key for person in people if place in self.model.places_for(person)]
        return self._visits(*(self.site.arrive(person, place) for person in able[:most]), prompt=prompt)

    @rule(target=visits, absent=st.integers(0, 4), prompt=st.booleans(), data=st.data())
    def group_arrives(self, absent, prompt, data):
        """The members of a group, or all of them but one."""
        for group in self.one_of(data, [group for group in self.model.groups.values() if group.active]):
            of_type = [name for name, place in PLACES.items() if place.per_group and place.group_type == group.type]
            place = data.draw(st.sampled_from(sorted(of_type)))
            coming = [member.key for number, member in enumerate(group.members, start=1) if number != absent]
            return self._visits(*(self.site.arrive(person, place) for person in coming), prompt=prompt)
        return multiple()

    # Where most happens is what is done most.
    another_crowd_arrives = crowd_arrives
    another_group_arrives = yet_another_group_arrives = group_arrives

    def _visits(self, *keys, prompt=False):
        if prompt:
            self.site.answer_all()
        return multiple(*(key for key in keys if key is not None))

    @rule(person=people)
    def sign_of_life(self, person):
        self.site.sign_of_life(person)

    @rule(minutes=st.integers(1, 4))
    def end_the_vanished(self, minutes):
        self.site.end_the_vanished(minutes)

    @rule(person=people, verb=verbs)
    def end(self, person, verb):
        self.site.end(person, verb)

    @rule(verb=verbs, data=st.data())
    def member_ends(self, verb, data):
        """Whose end concerns others."""
        members = [person.key for group in self.model.groups.values() for person in group.members]
        for person in self.one_of(data, members):
            self.site.end(person, verb)

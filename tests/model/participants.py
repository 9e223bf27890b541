"""What participants may do."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, precondition, rule

from .base import Base, cohorts, names, people, places, places_of, visits
from .places import COHORTS, PLACES

GATHERING = [name for name, place in sorted(PLACES.items()) if not place.per_group]
GROUPERS = [name for name, place in sorted(PLACES.items()) if place.forms]

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
        return self._visits(self.site.arrive(person, self.one_of(data, sensible), name) if sensible else None)

    @rule(visit=visits)
    def refresh(self, visit):
        """The page of a visit is loaded once more: another tab, a click on "back", or mere impatience."""
        visit = self.model.visits[visit]
        if visit.state == "waiting" or visit.name is not None:
            assert self.site.arrive(visit.person.key, visit.place, visit.name) == visit.key

    @rule(
        target=visits,
        place=st.sampled_from([*GATHERING, *GROUPERS]),
        cohort=st.sampled_from([COHORTS[0], *COHORTS]),
        number=st.integers(1, 4),
        missed=st.integers(0, 2),
        prompt=st.booleans(),
    )
    def crowd_arrives(self, place, cohort, number, missed, prompt):
        """So many, newcomers if need be; some will be missed when they are silent. Workers are prompt, or not."""
        people = [person for person in self.model.people.values() if person.cohort == cohort]
        able = [person.key for person in people if place in self.model.places_for(person)][:number]
        able += [self.site.newcomer(cohort) for _ in range(number - len(able))]
        keys = [self.site.arrive(person, place) for person in able]
        for person in able[:missed]:
            self.site.sign_of_life(person)
        return self._visits(*keys, prompt=prompt)

    @precondition(lambda self: self.active)
    @rule(target=visits, absent=st.integers(0, 4), prompt=st.booleans(), data=st.data())
    def group_arrives(self, absent, prompt, data):
        """The members of a group, or all of them but one."""
        group = self.one_of(data, self.active)
        place = data.draw(st.sampled_from(places_of(group)))
        coming = [member.key for number, member in enumerate(group.members, start=1) if number != absent]
        return self._visits(*(self.site.arrive(person, place) for person in coming), prompt=prompt)

    @precondition(lambda self: self.several)
    @rule(target=visits, comes=st.booleans(), swept=st.sampled_from([True, True, False]), data=st.data())
    def member_keeps_the_others_waiting(self, comes, swept, data):
        """One member does not come until the time of the others is up, or comes, falls silent, and waits for one."""
        group = self.one_of(data, self.several)
        place = data.draw(st.sampled_from(places_of(group)))
        absent, *others = (member.key for member in group.members)
        coming = [absent, *others[1:]] if comes else others
        keys = [self.site.arrive(person, place) for person in coming]
        if comes:
            self.site.sign_of_life(absent)
        self.site.pass_time(PLACES[place].patience)
        if swept:
            self.site.sweep()
        return self._visits(*keys)

    # Where most happens is what is done most.
    another_crowd_arrives = crowd_arrives
    another_group_arrives = yet_another_group_arrives = group_arrives
    another_member_keeps_the_others_waiting = member_keeps_the_others_waiting

    def _visits(self, *keys, prompt=False):
        if prompt:
            self.site.answer_all()
        return multiple(*(key for key in keys if key is not None))

    @rule(person=people, hidden=st.booleans())
    def sign_of_life(self, person, hidden):
        self.site.sign_of_life(person, hidden=hidden)

    @precondition(lambda self: self.waiting)
    @rule(hidden=st.booleans(), data=st.data())
    def signs_of_life(self, hidden, data):
        """From now on, those who wait there are missed when they are silent."""
        for visit in list(self.model.waiting(*self.one_of(data, self.occupied))):
            self.site.sign_of_life(visit.person.key, hidden=hidden)

    @precondition(lambda self: self.silent)
    @rule(data=st.data())
    def come_back(self, data):
        self.site.come_back(self.one_of(data, self.silent).key)

    @rule(visit=visits)
    def extend_anything(self, visit):
        self.site.extend(visit)

    @precondition(lambda self: self.extendable)
    @rule(data=st.data())
    def extend(self, data):
        self.site.extend(self.one_of(data, self.extendable).key)

    @rule(minutes=st.integers(1, 4))
    def end_the_vanished(self, minutes):
        self.site.end_the_vanished(minutes)

    @rule(person=people, verb=verbs)
    def end(self, person, verb):
        self.site.end(person, verb)

    @precondition(lambda self: self.active)
    @rule(verb=verbs, data=st.data())
    def member_ends(self, verb, data):
        """Whose end concerns others."""
        self.site.end(self.one_of(data, [person.key for group in self.active for person in group.members]), verb)

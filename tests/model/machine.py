"""Everything that can happen on a site, in any order: Hypothesis chooses, the engine and the model do it."""

from __future__ import annotations

import random
import sys

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from .driver import Driver
from .world import COHORTS, PLACES

places = st.sampled_from(sorted(PLACES))
cohorts = st.sampled_from(COHORTS)
GATHERING = [name for name, place in sorted(PLACES.items()) if not place.per_group]
GROUPERS = [name for name, place in sorted(PLACES.items()) if place.rule == "form"]
MAY_BREAK = [name for name, place in sorted(PLACES.items()) if place.calls or place.rule == "three"]


class Site(RuleBasedStateMachine):
    people = Bundle("people")
    visits = Bundle("visits")
    groups = Bundle("groups")

    def __init__(self) -> None:
        super().__init__()
        self.site = Driver()
        self.known: set[object] = set()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.site.end_every_wait()
        finally:
            self.site.close()

    @invariant()
    def nothing_differs(self) -> None:
        self.site.check()

    def _new_groups(self):
        new = [key for key in self.site.model.groups if key not in self.known]
        self.known.update(new)
        return multiple(*new)

    # People

    @initialize(target=people, others=st.integers(0, 3), grouped_at=st.sampled_from([None, *GROUPERS, *GROUPERS]))
    def people_come(self, others, grouped_at):
        first, second = COHORTS
        people = [self.site.newcomer(cohort) for cohort in [first] * 6 + [second] * others]
        if grouped_at:
            for person in people:
                self.site.arrive(person, grouped_at)
            self.site.answer_all()
        return multiple(*people)

    @rule(target=people, cohort=cohorts)
    def newcomer(self, cohort):
        return self.site.newcomer(cohort)

    @rule(target=visits, person=people, place=places, name=st.sampled_from([None, "round 1"]))
    def arrive_anywhere(self, person, place, name):
        return self._visits(self.site.arrive(person, place, name))

    @rule(target=visits, person=people, data=st.data())
    def arrive_where_it_makes_sense(self, person, data):
        sensible = self.site.model.places_for(self.site.model.people[person])
        return self._visits(*(self.site.arrive(person, place) for place in _one_of(data, sensible)))

    @rule(target=visits, place=st.sampled_from(GATHERING), cohort=cohorts, most=st.integers(2, 6))
    def crowd_arrives(self, place, cohort, most):
        """People of whom each finds a place there."""
        people = [person for person in self.site.model.people.values() if person.cohort == cohort]
        able = [person.key for person in people if place in self.site.model.places_for(person)]
        return self._visits(*(self.site.arrive(person, place) for person in able[:most]))

    @rule(target=visits, absent=st.integers(0, 3), data=st.data())
    def group_arrives(self, absent, data):
        """The members of a group, or all of them but one."""
        for group in _one_of(data, [group for group in self.site.model.groups.values() if group.active]):
            of_type = [name for name, place in PLACES.items() if place.per_group and place.group_type == group.type]
            place = data.draw(st.sampled_from(sorted(of_type)))
            coming = [member.key for number, member in enumerate(group.members, start=1) if number != absent]
            return self._visits(*(self.site.arrive(person, place) for person in coming))
        return multiple()

    def _visits(self, *keys):
        return multiple(*(key for key in keys if key is not None))

    @rule(person=people)
    def sign_of_life(self, person):
        self.site.sign_of_life(person)

    @rule(person=people, verb=st.sampled_from(["fail", "leave", "finish"]))
    def end(self, person, verb):
        self.site.end(person, verb)

    @rule(verb=st.sampled_from(["fail", "leave", "finish"]), data=st.data())
    def member_ends(self, verb, data):
        """Whose end concerns others."""
        members = [person.key for group in self.site.model.groups.values() for person in group.members]
        for person in _one_of(data, members):
            self.site.end(person, verb)

    @rule(minutes=st.integers(1, 4))
    def end_the_vanished(self, minutes):
        self.site.end_the_vanished(minutes)

    # Operators

    @rule(visit=visits)
    def release(self, visit):
        self.site.release(visit)

    @rule(group=groups, person=people | st.none())
    def elect(self, group, person):
        self.site.elect(group, person)

    @rule(group=groups, person=people)
    def add(self, group, person):
        self.site.add(group, person)

    @rule(group=groups)
    def close_group(self, group):
        self.site.close_group(group)

    @rule(place=places, cohort=cohorts)
    def pause(self, place, cohort):
        self.site.pause(place, cohort)

    @precondition(lambda self: self.site.model.paused)
    @rule(data=st.data())
    def resume(self, data):
        self.site.resume(*data.draw(st.sampled_from(sorted(self.site.model.paused))))

    @rule(target=groups, place=places, cohort=cohorts)
    def process_now(self, place, cohort):
        self.site.process_now(place, cohort)
        return self._new_groups()

    # Workers and time

    @precondition(lambda self: self.site.doorbells)
    @rule(target=groups, number=st.integers(0, 20), once=st.booleans())
    def answer(self, number, once):
        self.site.answer(number, once=once)
        return self._new_groups()

    @precondition(lambda self: self.site.doorbells)
    @rule(target=groups)
    def answer_all(self):
        self.site.answer_all()
        return self._new_groups()

    @precondition(lambda self: self.site.doorbells)
    @rule()
    def lose_doorbells(self):
        self.site.lose_doorbells()

    @rule(target=groups, order=st.integers(0, 5))
    def sweep(self, order):
        self.site.order = random.Random(order)
        self.site.sweep()
        return self._new_groups()

    @rule(target=groups, order=st.integers(0, 5))
    def sweep_until_nothing_more_happens(self, order):
        self.site.order = random.Random(order)
        self.site.sweep_until_nothing_more_happens()
        return self._new_groups()

    @rule(place=st.sampled_from(MAY_BREAK))
    def break_site(self, place):
        self.site.break_site(place)

    @precondition(lambda self: self.site.model.broken)
    @rule()
    def mend_site(self):
        self.site.mend_site()

    @rule(minutes=st.sampled_from([1, 1, 2, 3]))
    def pass_time(self, minutes):
        self.site.pass_time(minutes)


def _one_of(data, things):
    """One of these things, or none where there are none."""
    return [things[data.draw(st.integers(0, len(things) - 1))]] if things else []

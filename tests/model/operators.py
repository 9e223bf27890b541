"""What operators may do, and what may happen to their site."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .base import Base, cohorts, groups, people, places, visits
from .places import PLACES

MAY_BREAK = [name for name, place in sorted(PLACES.items()) if place.calls or place.rule == "three"]


class Operators(Base):
    @rule(visit=visits)
    def release_anything(self, visit):
        self.site.release(visit)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def release(self, data):
        self.site.release(self.one_of(data, self.waiting).key)

    @rule(group=groups, person=people | st.none())
    def elect(self, group, person):
        self.site.elect(group, person)

    @rule(group=groups, person=people)
    def add_anybody(self, group, person):
        self.site.add(group, person)

    @precondition(lambda self: self.active)
    @rule(data=st.data())
    def add_somebody_without_a_group(self, data):
        group = self.one_of(data, self.active)
        people = [person for person in self.model.people.values() if person.cohort == group.cohort and person.active]
        without = [person.key for person in people if self.model.group_of(person, group.type) is None]
        if without:
            self.site.add(group.key, self.one_of(data, without))

    @rule(group=groups)
    def close_group(self, group):
        self.site.close_group(group)

    @rule(place=places, cohort=cohorts)
    def pause_any_place(self, place, cohort):
        self.site.pause(place, cohort)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def pause(self, data):
        self.site.pause(*self.one_of(data, self.occupied))

    @precondition(lambda self: self.model.paused)
    @rule(data=st.data())
    def resume(self, data):
        self.site.resume(*data.draw(st.sampled_from(sorted(self.model.paused))))

    @precondition(lambda self: self.waiting)
    @rule(target=groups, data=st.data())
    def process_now(self, data):
        self.site.process_now(*self.one_of(data, self.occupied))
        return self.new_groups()

    @rule(place=st.sampled_from(MAY_BREAK))
    def break_site(self, place):
        self.site.break_site(place)

    @precondition(lambda self: self.model.broken)
    @rule()
    def mend_site(self):
        self.site.mend_site()

"""What operators may do, and what may happen to their site."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .base import Base, cohorts, groups, people, places, visits
from .world import PLACES

MAY_BREAK = [name for name, place in sorted(PLACES.items()) if place.calls or place.rule == "three"]


class Operators(Base):
    @rule(visit=visits)
    def release(self, visit):
        self.site.release(visit)

    @rule(data=st.data())
    def release_somebody_who_waits(self, data):
        for visit in self.one_of(data, list(self.model.waiting())):
            self.site.release(visit.key)

    @rule(group=groups, person=people | st.none())
    def elect(self, group, person):
        self.site.elect(group, person)

    @rule(group=groups, person=people)
    def add(self, group, person):
        self.site.add(group, person)

    @rule(data=st.data())
    def add_somebody_without_a_group(self, data):
        active = [group for group in self.model.groups.values() if group.active]
        for group in self.one_of(data, active):
            of_cohort = [person for person in self.model.people.values() if person.cohort == group.cohort]
            people = [person for person in of_cohort if person.active]
            without = [person for person in people if self.model.group_of(person, group.type) is None]
            for person in self.one_of(data, without):
                self.site.add(group.key, person.key)

    @rule(group=groups)
    def close_group(self, group):
        self.site.close_group(group)

    @rule(place=places, cohort=cohorts)
    def pause(self, place, cohort):
        self.site.pause(place, cohort)

    @rule(data=st.data())
    def pause_where_somebody_waits(self, data):
        waiting = sorted({(visit.place, visit.person.cohort) for visit in self.model.waiting()})
        for place, cohort in self.one_of(data, waiting):
            self.site.pause(place, cohort)

    @precondition(lambda self: self.model.paused)
    @rule(data=st.data())
    def resume(self, data):
        self.site.resume(*data.draw(st.sampled_from(sorted(self.model.paused))))

    @rule(target=groups, place=places, cohort=cohorts)
    def process_now(self, place, cohort):
        self.site.process_now(place, cohort)
        return self.new_groups()

    @rule(place=st.sampled_from(MAY_BREAK))
    def break_site(self, place):
        self.site.break_site(place)

    @precondition(lambda self: self.model.broken)
    @rule()
    def mend_site(self):
        self.site.mend_site()

"""Everything that can happen on a site, in any order: Hypothesis chooses, the engine and the model do it."""

from __future__ import annotations

import random

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .base import groups
from .operators import Operators
from .participants import Participants

orders = st.integers(0, 5)


class Site(Participants, Operators):
    """Beside what people do: workers that answer doorbells, late or twice or not at all, sweeps, and time."""

    @precondition(lambda self: self.site.doorbells)
    @rule(target=groups, number=st.integers(0, 20), once=st.booleans())
    def answer(self, number, once):
        self.site.answer(number, once=once)
        return self.new_groups()

    @precondition(lambda self: self.site.doorbells)
    @rule(target=groups)
    def answer_all(self):
        self.site.answer_all()
        return self.new_groups()

    @precondition(lambda self: self.site.doorbells)
    @rule()
    def lose_doorbells(self):
        self.site.lose_doorbells()

    @rule(target=groups, order=orders)
    def sweep(self, order):
        self.site.order = random.Random(order)
        self.site.sweep()
        return self.new_groups()

    @rule(target=groups, order=orders)
    def sweep_until_nothing_more_happens(self, order):
        self.site.order = random.Random(order)
        self.site.sweep_until_nothing_more_happens()
        return self.new_groups()

    @rule(minutes=st.sampled_from([1, 1, 2, 3]))
    def pass_time(self, minutes):
        self.site.pass_time(minutes)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def somebodys_time_is_up(self, data):
        """What happens then is up to whoever comes first: a worker, or the participant."""
        self.site.pass_time(max(1, self.one_of(data, self.waiting).deadline - self.model.now))

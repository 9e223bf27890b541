"""The engine and the model side by side: what workers and time do is done to both, and they must not differ.

The broker is a list here: doorbells are answered in any order, twice, late or not at all, as a test says.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from django.test import override_settings

from syncgroups import signals, tasks, testing
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from syncgroups.processing import sweeping

from . import site
from .deciding import Unit
from .invariants import violations
from .passes import Formed, Returned
from .places import MINUTE
from .reference import Reference
from .stored import clear, expected, stored

#: How many sweeps and how many doorbells may be needed until nothing happens any longer.
SWEEPS = 30
DOORBELLS = 500

#: Seconds by which minutes are too long, so that what is due is due on clocks that count in milliseconds, too.
A_MOMENT = 0.02


class Workers:
    """An empty site and its model, with doorbells, sweeps and time in the hands of a test."""

    def __init__(self) -> None:
        clear()
        site.broken.clear()
        self.model = Reference()
        self.doorbells: list[Unit] = []
        self.order = random.Random(0)
        #: What there was to do after the last step, and may be waiting for a sweep.
        self.due: set[Unit] = set()
        self._found: list[Unit] = []
        #: By how much everything is older than it would be if time had passed by itself only.
        self._aged = timedelta()
        self._due_units = sweeping.due_units
        self._stack = ExitStack()
        self._stack.enter_context(override_settings(**site.SETTINGS))
        self._stack.enter_context(testing.declared(*site.BARRIERS))
        self._replace(tasks.process_barrier, "apply_async", lambda unit, **how: self.doorbells.append(Unit(*unit)))
        self._replace(sweeping, "due_units", self._in_order)
        self._replace(sweeping, "_recounted_up_to", 0)
        self._listen(signals.group_formed, self._note_group)
        self._listen(signals.regrouped, self._note_return)

    def close(self) -> None:
        self._stack.close()

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        self._stack.enter_context(mock.patch.object(owner, name, value))

    def _listen(self, signal: Any, receiver: Any) -> None:
        signal.connect(receiver)
        self._stack.callback(signal.disconnect, receiver)

    def _in_order(self) -> list[Any]:
        """What a sweep finds, in an order that does not depend on the hashes of primary keys."""
        units = sorted(self._due_units(), key=lambda unit: (unit[:2], unit.group or 0))
        self.order.shuffle(units)
        self._found = [Unit(*unit) for unit in units]
        return units

    def _note_group(self, group: SyncGroup, **kwargs: Any) -> None:
        links = group.participant_links.in_order_of_arrival().values_list("participant", flat=True)
        self.model.formed.append(Formed(group.pk, group.group_type, group.cohort, [*links], group.leader_id))

    def _note_return(self, participants: list[Any], **kwargs: Any) -> None:
        """The engine has ended visits, and begun others, which are the newest ones of those people."""
        for person in participants:
            link = ParticipantLinkBarrier.objects.filter(participant=person).latest("pk")
            self.model.returned.append(Returned(link.pk, person, link.barrier_id, self.instant(link)))

    def instant(self, link: ParticipantLinkBarrier) -> datetime:
        """When the visit began, on a clock that nobody puts forward."""
        return link.arrival_time + self._aged

    # Workers and time

    def answer(self, number: int, *, once: bool = True) -> None:
        """A worker answers one of the doorbells, which may be delivered again unless `once`."""
        unit = self.doorbells[number % len(self.doorbells)]
        if once:
            self.doorbells.remove(unit)
        tasks.process_barrier(*unit)
        self.model.look(unit)
        self._nothing_more()

    def answer_all(self) -> None:
        """Workers answer all doorbells, and those that they ring."""
        for _ in range(DOORBELLS):
            if not self.doorbells:
                return
            self.answer(0)
        raise AssertionError(f"the workers do not come to rest: {self.doorbells}")

    def lose_doorbells(self) -> None:
        self.doorbells.clear()

    def sweep(self) -> bool:
        """One sweep. Whether it found anything to do."""
        tasks.sweep()
        self.model.sweep(self._found)
        self._nothing_more()
        return bool(self._found)

    def sweep_until_nothing_more_happens(self) -> None:
        for _ in range(SWEEPS):
            if not self.sweep():
                return
        raise AssertionError(f"the sweep does not come to rest: {self._found}")

    def break_site(self, place: str) -> None:
        site.broken.add(place)
        self.model.broken.add(place)

    def mend_site(self) -> None:
        """What raised is mended, and the longest pause before another try has passed."""
        if self.model.broken:
            site.broken.clear()
            self.model.broken.clear()
            self.pass_time(1)

    def pass_time(self, minutes: int) -> None:
        seconds = minutes * MINUTE + A_MOMENT
        testing.let_time_pass(seconds)
        self._aged += timedelta(seconds=seconds)
        self.model.now += minutes
        # Time rings no bells.
        self.due.update(self.model.due())

    # What must be true

    def check(self) -> None:
        """Everything that must be true after each step."""
        self.everybody_is_rung_for()
        self.nothing_differs()
        self.promises_are_kept()

    def nothing_differs(self) -> None:
        """What is stored is what the model says."""
        have, want = stored(), expected(self.model)
        for table, rows in want.items():
            assert have[table] == rows, f"{table}:\n" + "\n".join(_differences(have[table], rows))

    def promises_are_kept(self, *, after_sweep: bool = False) -> None:
        broken = list(violations(after_sweep=after_sweep))
        assert not broken, "\n".join(broken)

    def everybody_is_rung_for(self) -> None:
        """Where there has come to be something to do, a worker is told at once."""
        due = set(self.model.due())
        unheard = [u for u in due - self.due if not {u, u._replace(group=None)} & {*self.doorbells}]
        assert not unheard, f"nobody rings for {unheard}"
        self.due = due

    def _nothing_more(self) -> None:
        assert not self.model.formed, f"nobody had to be grouped: {self.model.formed}"
        assert not self.model.returned, f"nobody had to be sent back: {self.model.returned}"


def _differences(have: dict[Any, Any], want: dict[Any, Any]) -> Iterator[str]:
    for key in sorted({*have, *want}):
        if have.get(key) != want.get(key):
            yield f"  {key}: {have.get(key)}, not {want.get(key)}"

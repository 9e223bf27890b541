"""The verbs of participants and operators, done to the engine and to the model: they must answer alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from syncgroups import arrivals, testing
from syncgroups.exceptions import SyncGroupsError
from syncgroups.models import ParticipantLinkBarrier, SyncGroup, WakeUp, get_participant_model

from .deciding import Unit
from .places import PLACES
from .workers import Workers
from .world import Person


class Driver(Workers):
    """Keys stand for people, visits and groups in every argument and answer."""

    # People

    def newcomer(self, cohort: str) -> Any:
        (row,) = testing.make_participants(1, cohort=cohort)
        self.model.people[row.pk] = Person(row.pk, cohort)
        return row.pk

    def arrive(self, person: Any, place: str, name: str | None = None) -> Any:
        """The key of the visit that goes on or begins, or None."""
        expects = self.model.arrive(self.model.people[person], place, name)
        outcome = _outcome(arrivals.arrive, _person(person), place, visit=name)
        if isinstance(expects, str):
            assert outcome == expects, f"{person} at {place}: {outcome}, not {expects}"
            return None
        assert isinstance(outcome, ParticipantLinkBarrier), f"{person} at {place}: {outcome}"
        if expects is None:
            assert outcome.pk not in self.model.visits, f"{person} at {place}: an old visit"
            who = self.model.people[person]
            if not who.present:
                self.model.seen(who, hidden=who.hidden, places=[place])
            self.model.begin(outcome.pk, self.model.people[person], place, name, self.instant(outcome))
        else:
            assert outcome.pk == expects.key, f"{person} at {place}: another visit"
            if expects.state == "waiting" and expects.name is None:
                expects.name = name
        return outcome.pk

    def sign_of_life(self, person: Any, *, hidden: bool = False) -> None:
        places = [visit.place for visit in self.model.visits_of(self.model.people[person])]
        arrivals.note_presence(_person(person), hidden=hidden, barriers=places)
        self.model.seen(self.model.people[person], hidden=hidden, places=places)

    def come_back(self, person: Any) -> None:
        """Two signs of life within a moment."""
        self.sign_of_life(person)
        self.sign_of_life(person)

    def extend(self, visit: Any) -> None:
        link = ParticipantLinkBarrier.objects.get(pk=visit)
        self._same(self.model.extend(self.model.visits[visit]), link.extend)

    def end(self, person: Any, verb: str) -> None:
        ended = getattr(_person(person), verb)(f"wishes to {verb}", by="ann")
        assert ended == self.model.end(self.model.people[person], verb)

    def end_the_vanished(self, minutes: int) -> None:
        """What a site does that cares about silence: nobody is ended for it while waiting."""
        for person in self.model.vanished(minutes):
            self.end(person.key, "leave")

    # Operators

    def release(self, visit: Any) -> None:
        link = ParticipantLinkBarrier.objects.get(pk=visit)
        self._same(self.model.release(self.model.visits[visit]), link.release, "let go", by="ann")

    def elect(self, group: Any, person: Any) -> None:
        expects = self.model.elect(self.model.groups[group], person and self.model.people[person])
        self._same(expects, arrivals.elect_leader, _group(group), person and _person(person))

    def add(self, group: Any, person: Any) -> None:
        expects = self.model.add(self.model.groups[group], self.model.people[person])
        self._same(expects, _group(group).add, _person(person))

    def close_group(self, group: Any) -> None:
        assert _group(group).close("enough", by="ann") == self.model.close_by_hand(self.model.groups[group])

    def pause(self, place: str, cohort: str) -> None:
        assert arrivals.pause(place, cohort, by="ann") == self.model.pause(place, cohort)

    def resume(self, place: str, cohort: str) -> None:
        assert arrivals.resume(place, cohort) == self.model.resume(place, cohort)

    def process_now(self, place: str, cohort: str) -> None:
        arrivals.process_now(place, cohort)
        self.model.look(Unit(place, cohort))
        self._nothing_more()

    def _same(self, expects: str | None, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        outcome = _outcome(verb, *args, **kwargs)
        assert outcome == expects or (expects is None and not isinstance(outcome, str)), f"{outcome}, not {expects}"

    # In the end

    def come_to_rest(self) -> None:
        """Everything is switched on again and swept until nothing more happens; then nobody waits who could go."""
        for place, cohort in list(self.model.paused):
            self.resume(place, cohort)
        self.mend_site()
        self.lose_doorbells()
        self.sweep_until_nothing_more_happens()
        assert not self.model.due()
        assert not WakeUp.objects.due().exists()
        self.everybody_is_rung_for()
        self.nothing_differs()
        self.promises_are_kept(after_sweep=True)

    def end_every_wait(self) -> None:
        """Nobody waits for ever: some are sent back to a grouper, and then their wait ends there."""
        self.come_to_rest()
        for _ in range(2):
            if list(self.model.waiting()):
                self.pass_time(max(place.patience for place in PLACES.values()) + 1)
                self.come_to_rest()
        assert not list(self.model.waiting())


def _person(key: Any) -> Any:
    return get_participant_model()._default_manager.get(pk=key)


def _group(key: Any) -> SyncGroup:
    return SyncGroup.objects.get(pk=key)


def _outcome(verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return verb(*args, **kwargs)
    except SyncGroupsError as error:
        return type(error).__name__

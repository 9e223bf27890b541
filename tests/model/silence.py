"""What follows from signs of life, and from their absence. Nothing here knows Django or the engine."""

from __future__ import annotations

from collections.abc import Collection

from .places import GONE, GRACE, PLACES, QUIET
from .world import Interval, Person, World


class Silence(World):
    def seen(self, person: Person, *, hidden: bool, places: Collection[str]) -> None:
        """A sign of life. One makes the gone quiet; a second one, not long after, lets everybody be present."""
        quiet, gone = _thresholds(places, GRACE if hidden else 0)
        if not person.active or self._known(person, hidden, quiet):
            return
        first = person.last_seen is None
        recently = not first and self.now - (person.last_seen or 0) < quiet
        state = "present" if recently else {"gone": "quiet"}.get(person.presence, person.presence)
        person.last_seen, person.hidden = self.now, hidden
        if first or state != person.presence:
            self._begin(person, state)
        person.quiet_at = self.now + quiet if person.present else None
        person.gone_at = self.now + gone

    def _known(self, person: Person, hidden: bool, quiet: int) -> bool:
        """Nothing has changed since the last sign, which was a moment ago, nor how long silence may last."""
        just_seen = person.last_seen == self.now and person.present and person.hidden == hidden
        return just_seen and person.quiet_at is not None and person.quiet_at >= self.now + quiet

    def lapse(self) -> None:
        """Whoever has been silent for too long is quiet, or gone."""
        for person in self.people.values():
            if person.present and person.quiet_at is not None and person.quiet_at <= self.now:
                person.quiet_at = None
                self._begin(person, "quiet")
            if person.presence == "quiet" and person.gone_at is not None and person.gone_at <= self.now:
                person.gone_at = None
                self._begin(person, "gone")

    def _begin(self, person: Person, state: str) -> None:
        self.end_interval(person)
        person.presence = state
        person.intervals.append(Interval(state, self.now))


def _thresholds(places: Collection[str], grace: int) -> tuple[int, int]:
    """The most patient of the places where somebody waits counts."""
    declared = [PLACES[place] for place in places]
    quiet = max((place.quiet for place in declared if place.quiet is not None), default=QUIET)
    gone = max((place.gone for place in declared if place.gone is not None), default=GONE)
    return quiet + grace, max(quiet, gone) + grace

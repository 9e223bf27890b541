"""A small world in which every verb has something to do, on rows that every other verb is after, too."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from django.db.models.functions import Now

from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    PresenceInterval,
    SyncGroup,
    WakeUp,
    get_participant_model,
)
from syncgroups.states import Presence


def score(group: Any, participants: list[Any]) -> None:
    """Leave a trace that commits with the release."""
    SyncGroup.objects.filter(pk=group.pk).update(details={"passed": sorted(member.pk for member in participants)})


class Held(Barrier):
    """Lets nobody through; whoever is late fails, in all of their groups."""

    def choose_who_to_release(self, waiting_participants: list[Any]) -> list[Any]:
        return []


GROUPER, CHOICE, TALK, CLOSER, HELD = "rps_grouper", "choice", "talk", "closer_rps", "held"
#: Blames the absent, and sends the others back.
FAIR = "fair"

BARRIERS = [
    SimpleGrouper("rps", initial_group_size=2, max_group_size=4, min_group_size=1, join_existing_groups=True),
    SimpleGrouper("chat", initial_group_size=2),
    GroupBarrier(CHOICE, "rps", on_release=score),
    GroupBarrier(TALK, "chat"),
    GroupCloser("rps"),
    GroupBarrier(FAIR, "rps", on_member_timeout="regroup", extensions=1),
    Held(HELD, extensions=1),
]

#: What is stored in a round, pointing rows first.
TABLES = [WakeUp, ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup, BarrierRecord, PresenceInterval]


class Scene:
    """Three people in one group, two of them also in another one, and three who are in none; some of them wait.

    Now and then a barrier is paused. Some give signs of life, or have done so until some time ago.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        people = get_participant_model()._default_manager
        self.people = people.bulk_create(people.model(**self._presence()) for _ in range(6))
        PresenceInterval.objects.bulk_create(self._intervals())
        self.groups = SyncGroup.objects.bulk_create([self._group("rps", 3), self._group("chat", 2)])
        ParticipantLinkSyncGroup.objects.bulk_create(
            ParticipantLinkSyncGroup(participant=person, sync_group=group, group_type=group.group_type)
            for group in self.groups
            for person in self.people[: group.n_active_participants]
        )
        paused = random.choice([HELD, CLOSER, None])
        self.paused = paused or HELD
        if paused:
            BarrierRecord.objects.create(barrier_id=paused, paused_at=Now())
        self.links = ParticipantLinkBarrier.objects.bulk_create(self._visits())
        calls = {(link.barrier_id, link.sync_group_id) for link in self.links}
        WakeUp.objects.bulk_create(WakeUp(barrier_id=barrier, sync_group_id=group) for barrier, group in calls)

    def _presence(self) -> dict[str, Any]:
        """Unheard of; or present, quiet or gone, of whom the time to be something else has come or not."""
        heard = {"last_seen_at": Now() - timedelta(seconds=60)}
        due, later = (Now() + timedelta(seconds=seconds) for seconds in (-1, 600))
        return self.random.choice(
            [
                {},
                {**heard, "quiet_at": later, "gone_at": later},
                {**heard, "quiet_at": due, "gone_at": self.random.choice([due, later])},
                {**heard, "presence": Presence.QUIET, "gone_at": self.random.choice([due, later])},
                {**heard, "presence": Presence.GONE},
            ]
        )

    def _intervals(self) -> list[PresenceInterval]:
        """What is known of those of whom something has been heard: all of them have been present."""
        began, then = Now() - timedelta(seconds=90), Now() - timedelta(seconds=30)
        heard = [person for person in self.people if person.last_seen_at is not None]
        silent = [person for person in heard if person.presence != Presence.PRESENT]
        before = [
            PresenceInterval(participant=person, state=Presence.PRESENT, began_at=began, ended_at=then)
            for person in silent
        ]
        return before + [PresenceInterval(participant=person, state=person.presence, began_at=then) for person in heard]

    def _group(self, group_type: str, size: int) -> SyncGroup:
        return SyncGroup(
            group_type=group_type,
            leader=self.people[0],
            n_active_participants=size,
            min_group_size=1,
            initial_group_size=2,
            max_group_size=4,
            join_existing_groups=group_type == "rps",
        )

    def _visits(self) -> list[ParticipantLinkBarrier]:
        """Who waits where, and whose time is up, is a matter of chance; somebody waits everywhere."""
        rps, chat = self.groups
        places = [(CHOICE, rps, 3), (TALK, chat, 2), (CLOSER, rps, 3), (FAIR, rps, 3), (HELD, None, 2)]
        visits = [self._visit(person, GROUPER, None) for person in self.people[3:5]]
        for barrier, group, size in places:
            here = self.random.sample(self.people[:size], self.random.randint(1, size))
            visits += [self._visit(person, barrier, group) for person in here]
        return visits

    def _visit(self, person: Any, barrier: str, group: SyncGroup | None) -> ParticipantLinkBarrier:
        seconds = self.random.choice([-1, 600, 600])
        return ParticipantLinkBarrier(
            participant=person,
            barrier_id=barrier,
            sync_group=group,
            arrival_time=Now() - timedelta(seconds=5),
            deadline=Now() + timedelta(seconds=seconds),
        )

    def clear(self) -> None:
        """Leave nothing behind."""
        for model in TABLES:
            model._default_manager.all().delete()
        get_participant_model()._default_manager.all().delete()

    # What verbs are applied to, as it is stored by then

    def member(self) -> Any:
        """One of the two who are in both groups."""
        return fresh(self.random.choice(self.people[:2]))

    def group(self) -> Any:
        return fresh(self.random.choice(self.groups))

    def link(self, *places: str) -> Any:
        """A visit to one of these barriers, or to any."""
        return fresh(self.random.choice([link for link in self.links if link.barrier_id in places or not places]))


def fresh(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)

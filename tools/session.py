"""A session in full swing, for pictures: people play in pairs, some are late, and one release fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

COHORT = "thursday"


def barriers() -> list[Any]:
    """The barriers of the session, in order."""
    from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
    from syncgroups.groupers import SimpleGrouper

    class Doors(Barrier):
        def choose_who_to_release(self, waiting_participants: list[Any]) -> list[Any]:
            return []

    return [
        SimpleGrouper("rps", initial_group_size=2, max_wait_time=900),
        GroupBarrier("choice_made", "rps", max_wait_time=600, on_release=score),
        GroupBarrier("feedback", "rps", max_wait_time=600),
        GroupCloser("rps", max_wait_time=600),
        Doors("debrief", max_wait_time=900),
    ]


def score(group: Any) -> None:
    """Of one pair the scores cannot be computed."""
    if group.details.get("answers") == 0:
        group.details["mean"] = 1 / group.details["answers"]


def play() -> Any:
    """Let the session happen, and return a group whose course is worth a look."""
    from django.db.models.functions import Now

    from syncgroups import operating, testing
    from syncgroups.models import SyncGroup, all_participants

    def together(pairs: list[list[Any]], barrier_id: str, seconds: float) -> None:
        for pair in pairs:
            testing.arrive_all(pair[:1], barrier_id)
            testing.let_time_pass(seconds)
            testing.arrive_all(pair[1:], barrier_id)
            testing.process(barrier_id, COHORT)

    people = testing.make_participants(30, cohort=COHORT)
    pairs = [people[start : start + 2] for start in range(0, 26, 2)]
    together(pairs, "rps_grouper", 9)
    together(pairs[:8], "choice_made", 11)
    together(pairs[:7], "feedback", 14)
    together(pairs[:5], "closer_rps", 6)
    for pair in pairs[:3]:
        for person in pair:
            person.finish()
    testing.arrive_all([*pairs[3], *pairs[4]], "debrief")
    pairs[3][0].fail("failed the attention check")
    testing.arrive_all(people[29:], "rps_grouper")
    people[29].leave("found no partner")
    operating.pause(record_at("debrief"), reason="the slides are not ready", by="ada")

    SyncGroup.objects.filter(pk=pairs[8][0].sync_group.pk).update(details={"answers": 0})
    testing.arrive_all(pairs[8], "choice_made")
    for _ in range(3):
        testing.process("choice_made", COHORT)
        testing.let_time_pass(20)
    testing.arrive_all(pairs[9][:1], "choice_made")
    testing.let_time_pass(95)
    testing.arrive_all([pairs[10][0], pairs[11][1]], "choice_made")
    testing.arrive_all([pairs[5][0], pairs[6][1]], "closer_rps")
    testing.arrive_all(people[26:29], "rps_grouper")
    testing.arrive_all(pairs[7][:1], "feedback")
    testing.let_time_pass(48)
    for barrier in ("rps_grouper", "choice_made", "feedback", "closer_rps"):
        testing.process(barrier, COHORT)
    all_participants().in_cohort(COHORT).update(last_seen_at=Now())
    for person, presence, seconds in (
        (pairs[9][1], "gone", 185),
        (people[28], "quiet", 40),
        (pairs[10][1], "quiet", 33),
    ):
        seen = Now() - timedelta(seconds=seconds)
        all_participants().filter(pk=person.pk).update(presence=presence, last_seen_at=seen)
    from syncgroups.models import PresenceInterval

    intervals = [(pairs[7][1], "quiet", 190, 150), (pairs[7][1], "gone", 150, 60)]
    for person, state, began, ended in intervals:
        times = {"began_at": Now() - timedelta(seconds=began), "ended_at": Now() - timedelta(seconds=ended)}
        PresenceInterval.objects.create(participant_id=person.pk, state=state, **times)
    late = pairs[7][0].sync_group
    operating.message(late, text="Your partner is back in a minute.", reason="the partner called", by="ada")
    operating.put_off(late, seconds=300, reason="the partner called", by="ada")
    operating.elect_leader(late, reason="the leader was away", by="grace")
    return late


def record_at(barrier_id: str) -> Any:
    """The record of a barrier in the session."""
    from syncgroups import processing

    return processing.record_of(barrier_id, COHORT)

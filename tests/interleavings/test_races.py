"""A supplement to the interleavings: everything at once, in sixteen threads; afterwards all promises hold."""

import random
from collections import Counter
from threading import Barrier as Start

import pytest
from django.db.models import Count, Q, Sum

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.exceptions import SyncGroupsError
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
    get_participant_model,
)
from syncgroups.states import LinkState
from tests.engine.scenes import fresh

from .elsewhere import Elsewhere

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

THREADS, STEPS, PEOPLE = 16, 30, 40


def score(group, participants):
    """Leave a trace that commits with the release: who was let through."""
    group.details.setdefault("passed", []).append(sorted(member.pk for member in participants))
    SyncGroup.objects.filter(pk=group.pk).update(details=group.details)


BARRIERS = [
    SimpleGrouper("rps", initial_group_size=2, max_group_size=3, min_group_size=1, join_existing_groups=True),
    SimpleGrouper("chat", initial_group_size=4, min_group_size=2),
    GroupBarrier("choice", "rps", on_release=score),
    GroupBarrier("talk", "chat", on_release=score),
    GroupCloser("rps"),
    GroupCloser("chat"),
]


class Actor:
    """Does random things to random people, and notes what was raised on purpose."""

    def __init__(self, seed, people, start):
        self.random, self.people, self.start = random.Random(seed), people, start
        self.refused = Counter()

    def __call__(self):
        self.start.wait(10)
        for _ in range(STEPS):
            [act] = self.random.choices(*zip(*self.acts().items(), strict=True))
            try:
                act()
            except SyncGroupsError as error:
                self.refused[type(error).__name__] += 1
        return self.refused

    def acts(self):
        return {
            self.arrive: 40,
            self.process: 20,
            processing.sweep: 5,
            self.end: 3,
            self.close: 1,
            self.release: 1,
            self.pause: 1,
            self.recount: 1,
        }

    def somebody(self):
        return fresh(self.random.choice(self.people))

    def place(self):
        return self.random.choice(BARRIERS).id

    def arrive(self):
        arrivals.arrive(self.somebody(), self.place())

    def process(self):
        processing.process_barrier(self.place())

    def end(self):
        getattr(self.somebody(), self.random.choice(["fail", "leave", "finish"]))("at random")

    def close(self):
        if group := SyncGroup.objects.active().order_by("?").first():
            group.close("at random")

    def release(self):
        if link := ParticipantLinkBarrier.objects.waiting().order_by("?").first():
            link.release("at random", by="ann")

    def pause(self):
        place = self.place()
        arrivals.pause(place)
        arrivals.resume(place)

    def recount(self):
        processing.recount()


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_at_once_everybody_ends_with_one_outcome(seed, caplog):
    """Laws 2, 7, 10, 11 and 13. Catches, with some luck, a lock that is missing and two that are taken crosswise."""
    people = testing.make_participants(PEOPLE)
    start = Start(THREADS)
    with testing.declared(*BARRIERS):
        threads = [Elsewhere(Actor(f"{seed}-{n}", people, start)) for n in range(THREADS)]
        for thread in threads:
            thread.join(60)
        refused = sum((thread.result() for thread in threads), Counter())
        testing.sweep()
        assert_all_is_well()
        testing.let_time_pass(30)
        testing.sweep()
    assert_all_is_well()
    assert not ParticipantLinkBarrier.objects.waiting().exists(), "every wait ends"
    assert not WakeUp.objects.exists(), "everything that was due was served"
    assert refused["Contended"] == 0, "nobody has to try again"
    assert "deadlock" not in caplog.text
    passed = ParticipantLinkBarrier.objects.filter(state=LinkState.RELEASED, barrier_id__in=["choice", "talk"])
    assert passed.exists(), "the race took place"


def assert_all_is_well():
    people = get_participant_model()._default_manager
    gone = people.exclude(status="working", failed=False)
    groups = SyncGroup.objects.all()
    standing = ParticipantLinkSyncGroup.objects.active()
    open_visits = ParticipantLinkBarrier.objects.waiting()

    assert not [row.last_error for row in (*BarrierRecord.objects.all(), *groups) if row.last_error]
    assert not open_visits.filter(participant__in=gone).exists(), "nobody waits who takes part no longer"
    assert not standing.filter(participant__in=gone).exists(), "nobody is a member who takes part no longer"
    assert not standing.filter(sync_group__active=False).exists(), "a closed group has no members"
    twice = standing.values("participant", "group_type").annotate(n=Count("pk")).filter(n__gt=1)
    assert not twice.exists(), "nobody is in two groups of a type"
    for group in groups.active():
        members = [member.pk for member in group.active_participants]
        assert 1 <= len(members) <= group.max_group_size
        assert group.n_active_participants == len(members)
        assert group.leader_id in members

    ended = ParticipantLinkBarrier.objects.exclude(state=LinkState.WAITING)
    assert not ended.filter(Q(departure_time=None) | Q(time_credit__lt=0)).exists()
    for person in people.all():
        earned = ended.filter(participant=person).aggregate(total=Sum("time_credit"))["total"] or 0.0
        assert person.time_credit == pytest.approx(earned), "each visit was credited once"
    assert_called_once_for_each_release(ended, groups)


def assert_called_once_for_each_release(ended, groups):
    """As many people were handed to on_release as were let through by the rule of a barrier that has one."""
    by_rule = ended.filter(state=LinkState.RELEASED, reason="", barrier_id__in=["choice", "talk"])
    for group in groups:
        passed = sorted(pk for call in group.details.get("passed", []) for pk in call)
        assert passed == sorted(by_rule.filter(sync_group=group).values_list("participant", flat=True))

"""Rows and verbs cost the same however many are concerned: three in a group and at a barrier, or two hundred."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, SyncGroup
from tests.acceptance.participant_site import DEFAULT_RESOLVER, signed_in
from tests.acceptance.researchers import signed_in as signed_in_as
from tests.acceptance.researchers import staff
from tests.acceptance.test_api_steering import VERBS as verbs
from tests.security.scene import undone

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site"), pytest.mark.once]

#: In a group of two nobody would be left to wake once the one who waits has gone.
SIZES = (3, 200)
#: As many as SQLite stores by one statement.
AT_ONCE = 60


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    cache.clear()
    barriers = [GroupBarrier(f"here{n}", f"crowd{n}", max_wait_time=600) for n in SIZES]
    groupers = [SimpleGrouper(f"crowd{n}", initial_group_size=n, max_wait_time=600) for n in SIZES]
    with testing.declared(*barriers, *groupers):
        yield


@pytest.fixture
def root():
    return signed_in_as(staff("root", is_superuser=True))


def crowd(n):
    """So many in one group, all of whom but one wait for that one; and as many who wait at a grouper that is paused."""
    cohort = f"n{n}"
    people = testing.make_participants(n, cohort=cohort)
    testing.arrive_all(people, f"crowd{n}_grouper")
    testing.process(f"crowd{n}_grouper", cohort)
    testing.arrive_all(people[:-1], f"here{n}")
    testing.process(f"here{n}", cohort)
    arrivals.pause(f"crowd{n}_grouper", cohort)
    pool = testing.make_participants(n, cohort=cohort)
    testing.arrive_all(pool, f"crowd{n}_grouper")
    # Who leads is left to chance, and it costs more to replace a leader.
    SyncGroup.objects.filter(group_type=f"crowd{n}").update(leader=people[-1])
    group = SyncGroup.objects.get(group_type=f"crowd{n}")
    visit = ParticipantLinkBarrier.objects.get(participant=people[0], barrier_id=f"here{n}")
    return SimpleNamespace(
        waiter=people[0],
        group=group,
        visit=visit,
        barrier=f"here{n}",
        cohort=cohort,
        pool=[str(person.public_id) for person in pool],
        grouper=f"crowd{n}_grouper",
    )


@pytest.fixture
def crowds():
    return [crowd(n) for n in SIZES]


def costs(work):
    """The number of queries, once everything that is cached is cached. Nothing has happened afterwards.

    It is noted that every barrier is alive: so it is once a second, and by now a second may be over or not.
    """
    for _ in range(2):
        with undone():
            BarrierRecord.objects.update(last_processed=Now())
            with CaptureQueriesContext(connection) as captured:
                assert work().status_code == 200
    return len(captured)


def address(name, key, cohort=""):
    return reverse(f"syncgroups:{name}", args=[key]) + (f"?cohort={cohort}" if cohort else "")


READ = {
    "participant-detail": lambda c: address("participant-detail", c.waiter.public_id),
    "group-detail": lambda c: address("group-detail", c.group.public_id),
    "visit-detail": lambda c: address("visit-detail", c.visit.public_id),
    "barrier-detail": lambda c: address("barrier-detail", c.barrier, c.cohort),
    "participant-explain": lambda c: address("participant-explain", c.waiter.public_id),
    "group-explain": lambda c: address("group-explain", c.group.public_id),
    "barrier-explain": lambda c: address("barrier-explain", c.barrier, c.cohort),
    "grouper-explain": lambda c: address("barrier-explain", c.grouper, c.cohort),
}


def test_reading_costs_the_same(root, crowds):
    few, many = ({name: costs(lambda c=c, n=name: root.get(READ[n](c))) for name in READ} for c in crowds)
    assert few == many


@pytest.mark.parametrize("path", ["", "estimate/?visit={}", "visits/{}/"])
def test_participants_read_at_the_same_cost(client, crowds, path):
    few, many = (
        costs(lambda c=c: client.get("/sync/api/v1/me/" + path.format(c.visit.public_id), headers=signed_in(c.waiter)))
        for c in crowds
    )
    assert few == many


def paused(group):
    processing.pause_group(group)
    return group


def roomy(group):
    SyncGroup.objects.filter(pk=group.pk).update(max_group_size=None)
    return group


def newcomer(c):
    [person] = testing.make_participants(1, cohort=c.cohort)
    return str(person.public_id)


def another(group):
    """A group like this one, with a free place."""
    [person] = testing.make_participants(1, cohort=group.cohort)
    like = {name: getattr(group, name) for name in ("kind", "group_type", "cohort", "min_group_size")}
    other = SyncGroup.objects.create(**like, initial_group_size=group.initial_group_size, max_group_size=None)
    other.add(person)
    return str(other.public_id)


VERBS: dict[str, Any] = {
    "participant-fail": lambda c: (c.waiter.public_id, {}),
    "participant-leave": lambda c: (c.waiter.public_id, {}),
    "group-close": lambda c: (c.group.public_id, {}),
    "group-elect_leader": lambda c: (c.group.public_id, {}),
    "group-pause": lambda c: (c.group.public_id, {}),
    "group-put_off": lambda c: (c.group.public_id, {"seconds": 60}),
    "group-message": lambda c: (c.group.public_id, {"text": "Hold on."}),
    "group-release": lambda c: (c.group.public_id, {}),
    "group-retry": lambda c: (c.group.public_id, {}),
    "group-resume": lambda c: (paused(c.group).public_id, {}),
    "group-add": lambda c: (roomy(c.group).public_id, {"participant": newcomer(c)}),
    "group-replace": lambda c: (c.group.public_id, {"out": str(c.waiter.public_id), "into": newcomer(c)}),
    "group-move": lambda c: (c.group.public_id, {"participant": str(c.waiter.public_id), "to": another(c.group)}),
    "group-remove": lambda c: (c.group.public_id, {"participant": str(c.waiter.public_id)}),
    "visit-release": lambda c: (c.visit.public_id, {}),
    "visit-put_off": lambda c: (c.visit.public_id, {"seconds": 60}),
    "visit-message": lambda c: (c.visit.public_id, {"text": "Hold on."}),
    "barrier-pause": lambda c: (c.barrier, {}),
    "barrier-resume": lambda c: (c.grouper, {}),
    "barrier-process": lambda c: (c.barrier, {}),
    "barrier-put_off": lambda c: (c.barrier, {"seconds": 60}),
    "barrier-message": lambda c: (c.barrier, {"text": "Hold on."}),
    "barrier-form_group": lambda c: (c.grouper, {"participants": c.pool[:AT_ONCE]}),
    "barrier-pause_cohort": lambda c: (c.barrier, {}),
    "barrier-resume_cohort": lambda c: (c.barrier, {}),
    "barrier-put_off_cohort": lambda c: (c.barrier, {"seconds": 60}),
    "barrier-message_cohort": lambda c: (c.barrier, {"text": "Hold on."}),
}


def test_every_verb_is_among_them():
    assert VERBS.keys() == verbs.keys()


def test_a_verb_costs_the_same(root, crowds):
    def spent(verb, c):
        with undone():
            key, body = VERBS[verb](c)
            # Else a pass would be noted or not, as the last one was more than a second ago or not.
            BarrierRecord.objects.update(last_processed=None)
            where = address(verb, key, c.cohort if verb.startswith("barrier") else "")
            return costs(lambda: root.post(where, {"reason": "x", **body}, content_type="application/json"))

    few, many = ({verb: spent(verb, c) for verb in VERBS} for c in crowds)
    assert few == many

"""Law 11, by experiment: every verb at the same moment as every other one, on the same rows, and no deadlock.

``SYNCGROUPS_PAIRS_ROUNDS`` says how many rounds each of the pairs goes; one unless it is given. In each round the world
is made anew and the two verbs begin within a few milliseconds of one another, in two sessions in which the
server looks for deadlocks after ten milliseconds. Some thousands of rounds take some minutes:

    SYNCGROUPS_PAIRS_ROUNDS=30 pytest tests/fire/test_pairs_of_verbs.py
"""

import os
from functools import partial
from threading import Barrier as Start

import pytest
from django.db import OperationalError, transaction

from syncgroups import arrivals, testing
from syncgroups.models import BarrierRecord, get_participant_model
from tests.model.invariants import violations

from .pairs import VERBS, complaints, seeded
from .scene import BARRIERS, Scene

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROUNDS = int(os.environ.get("SYNCGROUPS_PAIRS_ROUNDS", "1"))


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_and_every_other_one_at_once(verb, pair):
    """Catches: two rows that are locked crosswise, and one that is changed without its lock."""
    names = list(VERBS)
    before = pair.deadlocks()
    with testing.declared(*BARRIERS), complaints() as logged:
        for other in names[names.index(verb) :]:
            for number in range(ROUNDS):
                play(pair, verb, other, number, logged)
    assert pair.deadlocks() == before


def test_the_server_counts_a_deadlock_that_there_is(pair):
    """The proof of the proof: two sessions that lock two rows crosswise."""
    one, two = testing.make_participants(2)
    met, before = Start(2), pair.deadlocks()

    def lock(*pks):
        people = get_participant_model()._default_manager.select_for_update()
        with transaction.atomic():
            people.get(pk=pks[0])
            met.wait(10)
            people.get(pk=pks[1])

    ended = pair.do(partial(lock, one.pk, two.pk), partial(lock, two.pk, one.pk))
    assert [type(thread.exception(10)) for thread in ended].count(OperationalError) == 1
    assert pair.deadlocks() == before + 1


def play(pair, verb, other, number, logged):
    """One round: two verbs at once; then whatever is still due; then everything is in order."""
    scene = Scene(seeded(verb, other, number))
    told = f"{verb} and {other}, round {number}"
    assert pair.say(scene, verb, other) == [None, None], told
    for record in BarrierRecord.objects.paused():
        arrivals.resume(record.barrier_id)
    testing.sweep()
    assert list(violations(after_sweep=True)) == [], told
    assert logged == [], told
    scene.clear()

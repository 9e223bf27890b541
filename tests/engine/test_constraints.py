"""Law 13: the database itself refuses what must not be, whoever writes it; callers get domain errors."""

from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from syncgroups import testing
from syncgroups.exceptions import AlreadyInGroup, GroupFull, GroupNotActive, ParticipantNotActive, WrongCohort
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from syncgroups.states import LinkState
from tests.engine.scenes import A_DAY, crowd, fresh, make_group, members

pytestmark = pytest.mark.django_db


def link(person, **fields):
    values = {"participant": person, "barrier_id": "lobby", "deadline": A_DAY, **fields}
    return ParticipantLinkBarrier.objects.create(**values)


@pytest.fixture
def person():
    [person] = testing.make_participants(1)
    return person


@contextmanager
def refused():
    """The database refuses what is written meanwhile."""
    with pytest.raises(IntegrityError), transaction.atomic():
        yield


def test_one_open_visit_for_each_participant_and_barrier(person):
    """Catches: dropping syncgroups_one_open_visit."""
    link(person)
    with refused():
        link(person)
    link(person, barrier_id="elsewhere")
    link(person, state=LinkState.RELEASED, departure_time=Now())


def test_one_visit_of_each_name(person):
    """Catches: dropping syncgroups_visit_once."""
    link(person, visit="round 1", state=LinkState.RELEASED, departure_time=Now())
    with refused():
        link(person, visit="round 1")
    link(person, visit="round 2")


@pytest.mark.parametrize("state", [state for state in LinkState.values if state != LinkState.WAITING])
def test_a_visit_that_ended_has_a_departure_time(person, state):
    """Catches: dropping syncgroups_departed_visit_has_time."""
    with refused():
        link(person, state=state)
    [waiting] = crowd(1, "lobby")
    with refused():
        ParticipantLinkBarrier.objects.filter(pk=waiting.pk).update(state=state)


def test_a_visit_that_goes_on_has_no_departure_time(person):
    """Catches: dropping the other half of syncgroups_departed_visit_has_time."""
    with refused():
        link(person, departure_time=Now())


def test_the_state_of_a_visit_is_one_of_the_known(person):
    """Catches: dropping syncgroups_visit_state_known."""
    with refused():
        link(person, state="vanished", departure_time=Now())


def test_one_active_membership_for_each_participant_and_type():
    """Catches: dropping syncgroups_one_active_group_per_type."""
    [one, _], other = members(make_group()), make_group()
    with refused():
        ParticipantLinkSyncGroup.objects.create(participant=one, sync_group=other, group_type="rps")
    elsewhere = make_group(group_type="chat")
    ParticipantLinkSyncGroup.objects.create(participant=one, sync_group=elsewhere, group_type="chat")


@pytest.mark.parametrize("fields", [{"active": False}, {"departure_time": Now()}])
def test_an_ended_membership_has_a_departure_time_and_an_active_one_has_none(fields):
    """Catches: dropping syncgroups_ended_membership_has_departure."""
    make_group()
    with refused():
        ParticipantLinkSyncGroup.objects.update(**fields)


@pytest.mark.parametrize(("minimum", "initial", "maximum"), [(0, 1, 1), (2, 1, 2), (1, 3, 2), (1, 3, 0), (3, 2, None)])
def test_sizes_are_in_order(minimum, initial, maximum):
    """Catches: dropping any part of syncgroups_group_sizes_in_order."""
    with refused():
        SyncGroup.objects.create(min_group_size=minimum, initial_group_size=initial, max_group_size=maximum)


@pytest.mark.parametrize("fields", [{"active": False}, {"end_time": Now()}])
def test_a_closed_group_has_an_end_time_and_an_active_one_has_none(fields):
    """Catches: dropping syncgroups_group_closed_has_end_time."""
    group = make_group()
    with refused():
        SyncGroup.objects.filter(pk=group.pk).update(**fields)


def test_one_record_for_each_barrier_and_cohort():
    """Catches: dropping syncgroups_one_record_per_cohort."""
    BarrierRecord.objects.create(barrier_id="lobby")
    with refused():
        BarrierRecord.objects.create(barrier_id="lobby")
    BarrierRecord.objects.create(barrier_id="lobby", cohort="evening")


def test_forms_say_in_a_sentence_what_is_wrong(person):
    """Catches: constraints without a sentence of their own."""
    link(person)
    twice = ParticipantLinkBarrier(participant=person, barrier_id="lobby", deadline=timezone.now())
    with pytest.raises(ValidationError, match="waiting at this barrier already"):
        twice.validate_constraints()


@pytest.mark.parametrize(
    ("prepare", "error"),
    [
        (lambda group, person: group.close(), GroupNotActive),
        (lambda group, person: None, GroupFull),
        (lambda group, person: _set(group, max_group_size=3, cohort="evening"), WrongCohort),
        (lambda group, person: (_set(group, max_group_size=3), person.leave()), ParticipantNotActive),
        (lambda group, person: (_set(group, max_group_size=3), _member_of_another(person)), AlreadyInGroup),
    ],
)
def test_somebody_who_cannot_be_added_to_a_group_is_refused_with_a_sentence(person, prepare, error):
    """Catches: an IntegrityError in the face of a researcher, or none at all."""
    group = make_group()
    before = members(group)
    prepare(group, person)
    with pytest.raises(error):
        group.add(person)
    assert members(group) in (before, [])
    assert fresh(group).n_active_participants == 2


def test_somebody_who_can_be_added_is_counted():
    """Catches: refusing everybody."""
    group = make_group(max_group_size=3)
    [person] = testing.make_participants(1)
    group.add(person)
    assert members(group)[-1] == person
    assert fresh(group).n_active_participants == 3


def _set(group, **fields):
    SyncGroup.objects.filter(pk=group.pk).update(**fields)


def _member_of_another(person):
    make_group(max_group_size=3).add(person)

"""Code of an earlier release works on the newest tables, of which it knows some columns only."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from syncgroups.states import LinkState
from tests.engine.scenes import visits

from .made_up_migrations import BREAKING, GOOD
from .migrating import APP, migrated, names
from .older import Older

each_release = pytest.mark.parametrize("last", names())


@each_release
def test_older_code_writes_and_reads_every_table(site, last):
    with transaction.atomic(using=site.alias):
        Older(last, site.alias).write_and_read_everything()
        transaction.set_rollback(True, using=site.alias)


@pytest.mark.postgresql
@pytest.mark.parametrize("migration", [pytest.param(migration, id=name) for name, migration in GOOD.items()])
def test_older_code_works_after_a_good_migration(site, migration):
    with migrated(site, migration), transaction.atomic(using=site.alias):
        Older(names()[-1], site.alias).write_and_read_everything()
        transaction.set_rollback(True, using=site.alias)


@pytest.mark.postgresql
@pytest.mark.parametrize("migration", [pytest.param(migration, id=name) for name, (migration, _) in BREAKING.items()])
def test_a_migration_that_breaks_older_code_is_noticed(site, migration):
    with migrated(site, migration), pytest.raises(DatabaseError), transaction.atomic(using=site.alias):
        Older(names()[-1], site.alias).write_and_read_everything()


@each_release
@pytest.mark.django_db
def test_whoever_arrived_by_older_code_is_grouped_by_newer_code(last):
    older = Older(last)
    pair = SimpleGrouper("pair", initial_group_size=2)
    for person in older.participants(3):
        older.arrive(person, pair.id)
    with testing.declared(pair):
        testing.sweep()
    first, second, third = visits(pair.id)
    assert [first.state, second.state, third.state] == [LinkState.RELEASED, LinkState.RELEASED, LinkState.WAITING]
    assert first.participant.sync_group == second.participant.sync_group


@each_release
@pytest.mark.django_db
def test_a_group_that_older_code_has_formed_passes_by_newer_code(last):
    older = Older(last)
    people = older.participants(2)
    group = older.group("pair", people)
    ready = GroupBarrier("ready", "pair")
    with testing.declared(SimpleGrouper("pair", initial_group_size=2), ready):
        older.arrive(people[0], ready.id, group)
        testing.sweep()
        assert [link.state for link in visits(ready.id)] == [LinkState.WAITING]
        older.arrive(people[1], ready.id, group)
        testing.sweep()
    assert [link.state for link in visits(ready.id)] == [LinkState.RELEASED] * 2
    assert SyncGroup.objects.get().leader_id == people[0].pk
    assert ParticipantLinkSyncGroup.objects.active().count() == 2


@each_release
@pytest.mark.django_db
def test_older_code_reads_what_newer_code_has_written(last):
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        testing.arrive_all(testing.make_participants(3), "pair_grouper")
        testing.sweep()
    known = Older(last).models.get_model(APP, "ParticipantLinkBarrier").objects.order_by("pk")
    assert [link.state for link in known] == [link.state for link in ParticipantLinkBarrier.objects.order_by("pk")]

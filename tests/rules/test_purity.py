"""A rule decides about what it is shown. One that asks the database instead is found out at once."""

from __future__ import annotations

from typing import Any

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, SyncGroup, get_participant_model
from syncgroups.states import PassOutcome

pytestmark = pytest.mark.django_db


class Counting(Barrier):
    """Counts rows in the database."""

    def choose_who_to_release(self, waiting_participants):
        ParticipantLinkBarrier.objects.count()
        return waiting_participants


class ReadyToQuery(SimpleGrouper):
    def ready_to_group(self, participants):
        return SyncGroup.objects.count() == 0


class GroupingByQuery(SimpleGrouper):
    def group(self, participants):
        list(get_participant_model()._default_manager.all())
        return super().group(participants)


class LeaderByQuery(SimpleGrouper):
    def select_leader(self, participants):
        return get_participant_model()._default_manager.first()


IMPURE = [
    Counting("pair_grouper"),
    ReadyToQuery("pair", initial_group_size=2),
    GroupingByQuery("pair", initial_group_size=2),
    LeaderByQuery("pair", initial_group_size=2),
]


@pytest.mark.parametrize("barrier", IMPURE, ids=lambda barrier: type(barrier).__name__)
def test_a_rule_that_queries_raises_impure_rule_and_moves_nobody(barrier):
    """Fails when the query guard is taken from around the decision."""
    with testing.declared(barrier):
        people = testing.make_participants(2)
        testing.arrive_all(people, "pair_grouper")
        assert testing.process("pair_grouper") == PassOutcome.FAILED
        record = BarrierRecord.objects.get(barrier_id="pair_grouper")
        assert record.last_error.startswith("ImpureRule: The rule of barrier 'pair_grouper' queried the database.")
        assert barrier.get_waiting_participants() == people


def test_a_join_criterion_that_queries_raises_impure_rule():
    """Fails when the guard covers the rule but not what it asks about groups with a free place."""
    sizes: dict[str, Any] = {"initial_group_size": 2, "max_group_size": 3, "join_existing_groups": True}
    with testing.declared(SimpleGrouper("pair", **sizes)):
        testing.arrive_all(testing.make_participants(2), "pair_grouper")
        testing.process("pair_grouper")
    asking = SimpleGrouper("pair", **sizes, join_criterion=lambda group, _: group.participants.exists())
    with testing.declared(asking):
        testing.arrive_all(testing.make_participants(1), "pair_grouper")
        assert testing.process("pair_grouper") == PassOutcome.FAILED
        assert "ImpureRule" in BarrierRecord.objects.get().last_error


def test_the_error_says_what_to_do_and_which_query_it_was():
    with testing.declared(Counting("b")):
        testing.arrive_all(testing.make_participants(1), "b")
        testing.process("b")
        error = BarrierRecord.objects.get().last_error
        assert "'prefetch'" in error
        assert "SELECT COUNT(*)" in error


def test_groups_members_visits_and_details_are_at_hand_without_a_query():
    """Fails when the look leaves one of them to be fetched by the rule."""
    seen = []

    class Curious(GroupBarrier):
        def choose_who_to_release(self, waiting_participants):
            for participant in waiting_participants:
                group = participant.active_sync_groups["pair"]
                link = participant.active_barriers[self.id]
                seen.append((group.active_participants, participant.details, link.time_waited, group.active_followers))
            return []

    with testing.declared(SimpleGrouper("pair", initial_group_size=2), Curious("ready", "pair")):
        people = testing.make_participants(2)
        for barrier in ("pair_grouper", "ready"):
            testing.arrive_all(people, barrier)
            assert testing.process(barrier) == PassOutcome.DONE
    assert len(seen) == 2


def test_relations_named_in_prefetch_are_at_hand_without_a_query():
    """Fails when `prefetch` is not honoured for a pool or for the members of a group."""

    def n_visits(participants):
        return [len(participant.barrier_links.all()) for participant in participants]

    class Pool(Barrier):
        def choose_who_to_release(self, waiting_participants):
            return waiting_participants if n_visits(waiting_participants) == [1, 1] else []

    class Grouped(GroupBarrier):
        def choose_who_to_release(self, waiting_participants):
            return waiting_participants if n_visits(waiting_participants) == [3, 3] else []

    pool, grouped = Pool("b", prefetch=["barrier_links"]), Grouped("ready", "pair", prefetch=["barrier_links"])
    with testing.declared(pool, SimpleGrouper("pair", initial_group_size=2), grouped):
        people = testing.make_participants(2)
        for barrier in ("b", "pair_grouper", "ready"):
            testing.arrive_all(people, barrier)
            assert testing.process(barrier) == PassOutcome.DONE
        assert grouped.get_waiting_participants() == []


def test_a_function_that_is_no_rule_may_query():
    """Fails when the guard outlives the decision: ``on_release`` writes."""
    barrier = GroupBarrier("ready", "pair", on_release=lambda group: SyncGroup.objects.update(details={"seen": 1}))
    with testing.declared(SimpleGrouper("pair", initial_group_size=2), barrier):
        people = testing.make_participants(2)
        for step in ("pair_grouper", "ready"):
            testing.arrive_all(people, step)
            assert testing.process(step) == PassOutcome.DONE
        assert people[0].sync_group.details == {"seen": 1}

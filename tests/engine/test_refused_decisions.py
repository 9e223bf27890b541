"""Answers of rules that are not carried out: nobody moves, and the researcher reads why."""

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, SyncGroup
from syncgroups.states import PassOutcome


class Writing(Barrier):
    def choose_who_to_release(self, waiting_participants):
        for participant in waiting_participants:
            participant.save()
        return waiting_participants


@pytest.mark.django_db
def test_a_rule_that_writes_raises_impure_rule():
    with testing.declared(Writing("b")):
        testing.arrive_all(testing.make_participants(2), "b")
        assert testing.process("b") == PassOutcome.FAILED
        assert BarrierRecord.objects.get().last_error.startswith("ImpureRule")


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", [{"cohort": "tuesday"}, {"group_type": "trio"}], ids=repr)
def test_nobody_joins_a_group_that_was_not_offered(elsewhere):
    sizes = {"initial_group_size": 2, "max_group_size": 3, "join_existing_groups": True}
    foreign = SyncGroup.objects.create(
        **{"group_type": "pair", **elsewhere},
        initial_group_size=2,
        max_group_size=3,
        n_active_participants=0,
        join_existing_groups=True,
    )
    foreign.__dict__["seen_members"] = []

    class Astray(SimpleGrouper):
        def choose_groups_to_join(self, participants, groups):
            return [(participants[0], foreign)]

    with testing.declared(Astray("pair", **sizes)):
        SyncGroup.objects.create(group_type="pair", initial_group_size=2, max_group_size=3, join_existing_groups=True)
        (person,) = testing.make_participants(1)
        testing.arrive_all([person], "pair_grouper")
        assert testing.process("pair_grouper") == PassOutcome.FAILED
        assert person.active_sync_groups == {}

"""Laws 1 and 9: rules are pure, and see people in order of arrival with everything they need."""

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, SyncGroup
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, make_group, members, number_of_queries, states

pytestmark = pytest.mark.django_db


class Asking(Barrier):
    """Asks something of the people who wait, and lets them through."""

    def __init__(self, id_, question, **kwargs):
        super().__init__(id_, **kwargs)
        self.question = question
        self.answers = []

    def choose_who_to_release(self, waiting_participants):
        self.answers = [self.question(participant) for participant in waiting_participants]
        return waiting_participants


class AskingGrouper(SimpleGrouper):
    """Asks a question in the part of its rule that is named."""

    def __init__(self, part, question, **kwargs):
        super().__init__("rps", initial_group_size=2, **kwargs)
        self.part, self.question = part, question

    def _ask(self, part):
        if part == self.part:
            self.question()

    def ready_to_group(self, participants):
        self._ask("ready_to_group")
        return super().ready_to_group(participants)

    def group(self, participants):
        self._ask("group")
        return super().group(participants)

    def select_leader(self, participants):
        self._ask("select_leader")
        return super().select_leader(participants)


@pytest.mark.parametrize("part", ["ready_to_group", "group", "select_leader"])
def test_a_part_of_a_rule_that_queries_moves_nobody_and_is_named(part):
    """Catches: a rule that runs outside of the guard against queries."""
    with testing.declared(AskingGrouper(part, SyncGroup.objects.count)):
        links = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        assert testing.process("rps_grouper") == PassOutcome.FAILED
    assert states(links) == [LinkState.WAITING] * 2
    error = BarrierRecord.objects.get().last_error
    assert "ImpureRule" in error
    assert "'rps_grouper'" in error


def test_a_join_criterion_that_queries_moves_nobody_and_is_named():
    """Catches: asking the criterion outside of the guard against queries."""
    make_group(2, join_existing_groups=True, max_group_size=3)
    grouper = SimpleGrouper(
        "rps",
        initial_group_size=2,
        max_group_size=3,
        join_existing_groups=True,
        join_criterion=lambda group, participant: SyncGroup.objects.exists(),
    )
    with testing.declared(grouper):
        links = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        assert testing.process("rps_grouper") == PassOutcome.FAILED
    assert states(links) == [LinkState.WAITING]
    assert "ImpureRule" in BarrierRecord.objects.get().last_error


@pytest.mark.parametrize(
    "question",
    [
        lambda person: list(person.active_sync_groups["rps"].active_participants),
        lambda person: person.sync_group.leader_id,
        lambda person: person.sync_group.active_followers,
        lambda person: person.active_barriers["lobby"].time_waited,
        lambda person: (person.details, person.cohort, person.status, person.time_credit, person.sync_group.details),
    ],
)
def test_what_a_rule_needs_is_there_without_a_query(question):
    """Catches: handing a rule rows that are not tied to one another."""
    people = members(make_group(3))
    with testing.declared(lobby := Asking("lobby", question)):
        links = testing.arrive_all(people, "lobby")
        assert testing.process("lobby") == PassOutcome.DONE, BarrierRecord.objects.get(barrier_id="lobby").last_error
    assert len(lobby.answers) == 3
    assert states(links) == [LinkState.RELEASED] * 3


class AllHere(GroupBarrier):
    """The rule of a group barrier in other words."""

    def choose_who_to_release(self, waiting_participants):
        mates = waiting_participants[0].active_sync_groups[self.group_type].active_participants
        return mates if all(self.id in mate.active_barriers for mate in mates) else []


def test_a_rule_may_ask_of_mates_who_are_not_here_where_they_wait_and_in_which_groups():
    """Catches: tying only those who wait."""
    one, two = members(make_group())
    with testing.declared(AllHere("choice", "rps")):
        links = testing.arrive_all([one], "choice")
        assert testing.process("choice") == PassOutcome.DONE
        links += testing.arrive_all([two], "choice")
        assert testing.process("choice") == PassOutcome.DONE
    assert states(links) == [LinkState.RELEASED] * 2


def test_relations_that_a_barrier_names_are_there_without_a_query():
    """Catches: ignoring `prefetch`."""
    question = lambda person: len(person.barrier_links.all())  # noqa: E731
    people = testing.make_participants(2)
    with testing.declared(Asking("lobby", question)):
        testing.arrive_all(people, "lobby")
        assert testing.process("lobby") == PassOutcome.FAILED
    with testing.declared(lobby := Asking("lobby", question, prefetch=["barrier_links"])):
        testing.let_time_pass(5)
        assert testing.process("lobby") == PassOutcome.DONE
    assert lobby.answers == [1, 1]


class Largest(SimpleGrouper):
    """Who comes joins the group that is the largest."""

    def choose_groups_to_join(self, participants, groups):
        return [(participant, groups[-1]) for participant in participants]


def test_a_rule_about_whom_to_join_is_shown_every_group_with_a_free_place():
    """Catches: handing a rule of the site's own as many groups as by the usual one could be joined."""
    open_to_all = {"max_group_size": None, "join_existing_groups": True}
    small, large = make_group(2, **open_to_all), make_group(3, **open_to_all)
    with testing.declared(Largest("rps", initial_group_size=2, **open_to_all)):
        [newcomer] = testing.make_participants(1)
        testing.arrive_all([newcomer], "rps_grouper")
        testing.process("rps_grouper")
    assert (len(members(small)), newcomer in members(large)) == (2, True)


@pytest.mark.parametrize("kind", ["pool", "group"])
def test_a_relation_that_is_not_there_is_told_and_waits_end_at_their_deadlines(kind):
    """Catches: a misspelt `prefetch`, because of which nothing of the barrier is looked at, for ever."""
    wrong = {"prefetch": ["barier_links"], "max_wait_time": 10}
    group = make_group()
    place = Asking("lobby", lambda person: 1, **wrong) if kind == "pool" else GroupBarrier("lobby", "rps", **wrong)
    with testing.declared(place):
        links = testing.arrive_all(members(group)[:1], "lobby")
        assert testing.process("lobby") == PassOutcome.FAILED
        assert "barier_links" in BarrierRecord.objects.get(barrier_id="lobby").last_error
        testing.let_time_pass(11)
        testing.sweep()
    assert states(links) == [LinkState.TIMED_OUT]
    assert not fresh(links[0]).participant.failed


def test_a_rule_that_only_decides_changes_nothing():
    """Catches: a rule that is carried out while it is asked."""
    waiting = testing.make_participants(4)
    grouper = SimpleGrouper("rps", initial_group_size=2)
    for person in waiting:
        person.seen_groups = {}
    assert number_of_queries(grouper.decide, waiting) == 0
    assert len(grouper.decide(waiting).groups) == 2
    assert not SyncGroup.objects.exists()


def test_people_are_seen_in_order_of_arrival_and_then_of_their_visits():
    """Law 9. Catches: ordering by participant; ordering by time alone."""
    people = testing.make_participants(5)
    with testing.declared(lobby := Asking("lobby", lambda person: person.pk)):
        links = testing.arrive_all(people[::-1], "lobby")
        early = links[0].arrival_time
        same = [links[1].pk, links[2].pk]
        ParticipantLinkBarrier.objects.filter(pk__in=same).update(arrival_time=early)
        testing.process("lobby")
    assert lobby.answers == [person.pk for person in people[::-1]]
    assert states(links) == [LinkState.RELEASED] * 5


def test_somebody_who_arrived_anew_has_a_new_place():
    """Law 9. Catches: order by visit instead of time."""
    people = testing.make_participants(2)
    with testing.declared(lobby := Asking("lobby", lambda person: person.pk)):
        links = testing.arrive_all(people, "lobby")
        rows = ParticipantLinkBarrier.objects.filter(pk=links[0].pk)
        rows.update(arrival_time=fresh(links[1]).arrival_time + (links[1].deadline - links[1].arrival_time))
        testing.process("lobby")
    assert lobby.answers == [people[1].pk, people[0].pk]


def test_a_group_barrier_sees_members_and_waiting_people_as_the_same_objects():
    """Catches: comparing people who were loaded twice."""
    group, seen = make_group(), []
    with testing.declared(
        GroupBarrier("choice", "rps", on_release=lambda group, participants: seen.append((group, participants)))
    ):
        testing.arrive_all(members(group), "choice")
        testing.process("choice")
    [(given, participants)] = seen
    assert given == group
    assert participants == members(group)
    assert all(person.active_sync_groups["rps"] == given for person in participants)


def test_a_leader_is_elected_before_anybody_is_told_who_leads():
    """Catches: calling on_release with a leader who has failed."""
    group = make_group(3, min_group_size=1)
    told = []
    leader = group.leader
    type(leader)._default_manager.filter(pk=leader.pk).update(failed=True)
    with testing.declared(GroupBarrier("choice", "rps", on_release=lambda leader: told.append(leader))):
        testing.arrive_all(members(group), "choice")
        testing.process("choice")
    assert told == [fresh(group).leader]
    assert told[0] != leader


def test_an_error_is_over_once_those_have_gone_whom_it_concerned():
    """Catches: a rule that fails for ever, for the researcher, because too few come to ask it again."""

    class Broken(SimpleGrouper):
        def group(self, participants):
            raise ValueError("no")

    with testing.declared(Broken("rps", initial_group_size=2, max_wait_time=60)):
        testing.arrive_all(testing.make_participants(2), "rps_grouper")
        testing.process("rps_grouper")
        assert BarrierRecord.objects.get().error_count == 1
        testing.let_time_pass(61)
        testing.sweep()
        testing.let_time_pass(61)
        testing.sweep()
        record = BarrierRecord.objects.get()
    assert (record.error_count, record.last_error) == (0, "")

"""Two researchers at once, and a researcher against the engine: one comes second, and is told."""

import pytest

from syncgroups import arrivals, operating, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.exceptions import AlreadyInGroup, ChangedMeanwhile, NotInGroup
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import AuditEntry, ParticipantLinkSyncGroup, SyncGroup
from syncgroups.operating import recording
from syncgroups.operating.facts import facts_of
from syncgroups.states import LinkState, PassOutcome
from tests.engine.scenes import fresh, groups_of, make_group, make_groups, members, states

from .gated import GatedGroupBarrier, GatedGrouper

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ADA = {"reason": "fire alarm", "by": "ada"}
GRACE = {"reason": "asked for it", "by": "grace"}


@pytest.fixture
def ada_looks_first(monkeypatch, gate):
    """Whoever acts first stops between the look and the act, in the thread that is `elsewhere`."""
    held = []

    def look_and_stop(row, seen, now):
        require(row, seen, now)
        if not held:
            held.append(row)
            gate.pass_by()

    require = recording.require_as_seen
    monkeypatch.setattr(recording, "require_as_seen", look_and_stop)
    return gate


@pytest.mark.parametrize("verb", [operating.close_group, operating.elect_leader, operating.pause_group])
def test_of_two_who_change_a_group_at_once_the_second_is_told(elsewhere, ada_looks_first, verb):
    """Catches: comparing what was seen with what is there before the lock is held."""
    group = make_group()
    seen = facts_of(group)
    first = elsewhere(verb, group, **ADA, seen=seen)
    ada_looks_first.until_reached()
    second = elsewhere(verb, fresh(group), **GRACE, seen=seen).until_held()
    ada_looks_first.open()
    first.result()
    with pytest.raises(ChangedMeanwhile, match="ada"):
        second.result()
    assert [entry.by for entry in AuditEntry.objects.all()] == ["ada"]


def test_of_two_who_end_a_participation_at_once_the_second_is_told(elsewhere, ada_looks_first):
    """Catches: a participant whom one fails and another lets leave."""
    [person] = testing.make_participants(1)
    seen = facts_of(person)
    first = elsewhere(operating.fail, person, **ADA, seen=seen)
    ada_looks_first.until_reached()
    second = elsewhere(operating.leave, fresh(person), **GRACE, seen=seen).until_held()
    ada_looks_first.open()
    first.result()
    with pytest.raises(ChangedMeanwhile, match="failed"):
        second.result()
    assert fresh(person).ended_by == "ada"


def test_a_pass_that_waits_for_a_pause_of_the_group_lets_nobody_through(elsewhere, ada_looks_first):
    """Catches: asking for the group's switch before its lock is held."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps")):
        links = testing.arrive_all(members(group), "choice")
        pausing = elsewhere(operating.pause_group, group, **ADA)
        ada_looks_first.until_reached()
        passing = elsewhere(processing.process_barrier, "choice", "", group.pk).until_held()
        ada_looks_first.open()
        pausing.result()
        assert passing.result().outcome == PassOutcome.PAUSED
    assert states(links) == [LinkState.WAITING] * 2


def test_pausing_a_group_waits_for_the_pass_that_lets_it_go(elsewhere, gate):
    """Catches: a pause that has begun while people go on being released."""
    group = make_group()
    with testing.declared(GatedGroupBarrier("choice", "rps", gate)):
        links = testing.arrive_all(members(group), "choice")
        passing = elsewhere(processing.process_barrier, "choice", "", group.pk)
        gate.until_reached()
        pausing = elsewhere(operating.pause_group, group, **ADA).until_held()
        gate.open()
        passing.result()
        pausing.result()
    assert states(links) == [LinkState.RELEASED] * 2


@pytest.mark.parametrize("verb", [operating.pause_cohort, operating.resume_cohort])
def test_of_two_who_change_a_cohort_at_once_the_second_is_told(elsewhere, ada_looks_first, verb):
    """Catches: comparing what was seen with what is there before the records are locked."""
    cohort = operating.Cohort("")
    with testing.declared(GroupBarrier("choice", "rps"), GroupBarrier("score", "rps")):
        if verb is operating.resume_cohort:
            processing.pause("choice")
            processing.pause("score")
        processing.record_of("choice", "")
        seen = facts_of(cohort)
        first = elsewhere(verb, cohort, **ADA, seen=seen)
        ada_looks_first.until_reached()
        second = elsewhere(verb, cohort, **GRACE, seen=seen).until_held()
        ada_looks_first.open()
        first.result()
        with pytest.raises(ChangedMeanwhile):
            second.result()
    assert [entry.by for entry in AuditEntry.objects.all()] == ["ada"]


def test_forming_a_group_waits_for_the_grouper_and_finds_who_is_left(elsewhere, gate):
    """Catches: a group by hand of people whom the grouper is putting into another one."""
    people = testing.make_participants(3)
    grouper = GatedGrouper("rps", gate, initial_group_size=2)
    with testing.declared(grouper):
        testing.arrive_all(people, "rps_grouper")
        passing = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        forming = elsewhere(operating.form_group, "rps_grouper", "", people, **ADA).until_held()
        gate.open()
        passing.result()
        with pytest.raises(AlreadyInGroup):
            forming.result()
    assert SyncGroup.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_a_grouper_that_has_chosen_somebody_who_is_added_elsewhere_chooses_anew(elsewhere, gate):
    """Catches: two groups of one type for somebody whom a researcher has added while the rule decided."""
    group = make_group(max_group_size=None)
    people = testing.make_participants(2)
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2)):
        links = testing.arrive_all(people, "rps_grouper")
        passing = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        operating.add_member(group, people[0], **ADA)
        gate.open()
        passing.result()
    assert groups_of(people[0]) == [group]
    assert groups_of(people[1]) == []
    assert states(links) == [LinkState.RELEASED, LinkState.WAITING]


def test_a_grouper_that_has_chosen_a_group_which_is_paused_meanwhile_chooses_anew(elsewhere, gate):
    """Catches: a newcomer in a group that takes none while it is paused."""
    sizes = {"max_group_size": 3, "join_existing_groups": True}
    group = make_group(**sizes)
    with testing.declared(GatedGrouper("rps", gate, initial_group_size=2, **sizes)):
        links = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        passing = elsewhere(processing.process_barrier, "rps_grouper")
        gate.until_reached()
        operating.pause_group(group, **ADA)
        gate.open()
        passing.result()
    assert len(members(group)) == 2
    assert states(links) == [LinkState.WAITING]


@pytest.mark.parametrize("verb", [arrivals.fail, arrivals.leave])
def test_somebody_who_ends_while_they_are_moved_is_in_no_group(elsewhere, ada_looks_first, verb):
    """Catches: a membership that outlives the participation, and a deadlock of a move with an end."""
    left, joined = make_groups(2, max_group_size=None, min_group_size=1)
    person = members(left)[0]
    moving = elsewhere(operating.move_member, person, left, joined, **ADA)
    ada_looks_first.until_reached()
    ending = elsewhere(verb, fresh(person), "gone").until_held()
    ada_looks_first.open()
    moving.result()
    assert ending.result() is True
    assert not ParticipantLinkSyncGroup.objects.active().of([person]).exists()
    assert [fresh(group).n_active_participants for group in (left, joined)] == [1, 2]


def test_two_who_move_people_between_the_same_groups_do_not_block_each_other(elsewhere, ada_looks_first):
    """Catches: locking the group that is left before the one that is joined, whatever their keys."""
    one, two = make_groups(2, max_group_size=None, min_group_size=1)
    here, there = members(one)[0], members(two)[0]
    first = elsewhere(operating.move_member, here, one, two, **ADA)
    ada_looks_first.until_reached()
    second = elsewhere(operating.move_member, there, two, one, **GRACE).until_held()
    ada_looks_first.open()
    first.result()
    second.result()
    assert groups_of(here) == [fresh(two)]
    assert groups_of(there) == [fresh(one)]


def test_of_two_who_take_out_the_same_member_one_is_told(elsewhere, ada_looks_first):
    group = make_group(3, min_group_size=1)
    person = members(group)[0]
    first = elsewhere(operating.remove_member, group, person, **ADA)
    ada_looks_first.until_reached()
    second = elsewhere(operating.remove_member, fresh(group), person, **GRACE).until_held()
    ada_looks_first.open()
    first.result()
    with pytest.raises(NotInGroup):
        second.result()


def test_one_person_is_not_let_into_two_groups_by_two_researchers(elsewhere, ada_looks_first):
    one, two = make_groups(2, max_group_size=None)
    [person] = testing.make_participants(1)
    with testing.declared(SimpleGrouper("rps", initial_group_size=2)):
        first = elsewhere(operating.add_member, one, person, **ADA)
        ada_looks_first.until_reached()
        second = elsewhere(operating.add_member, two, person, **GRACE).until_held()
        ada_looks_first.open()
        first.result()
        with pytest.raises(AlreadyInGroup):
            second.result()
    assert groups_of(person) == [one]

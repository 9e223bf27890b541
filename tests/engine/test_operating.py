"""Whatever a researcher does has a reason, is compared with what they saw, and is written down as it is done."""

from functools import partial

import pytest

from syncgroups import arrivals, operating, signals, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import (
    BarrierNotRegistered,
    ChangedMeanwhile,
    ImpossibleOrder,
    NothingToDo,
    NotWaiting,
    ReasonRequired,
)
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import AuditEntry, BarrierRecord
from syncgroups.operating import Cohort, facts_of
from syncgroups.states import LinkState, PassOutcome, Verb
from tests.engine.scenes import fresh, make_group, make_groups, members, number_of_queries, states

pytestmark = pytest.mark.django_db

ORDER = {"reason": "fire alarm", "by": "ada"}


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), GroupBarrier("choice", "rps")):
        yield


class Scene:
    """A group of which one waits for the other, and two people who wait to be grouped."""

    def __init__(self) -> None:
        self.group, self.other = make_groups(2, max_group_size=None, min_group_size=1)
        self.waiter, self.absent = members(self.group)
        [self.visit] = testing.arrive_all([self.waiter], "choice")
        self.newcomers = testing.make_participants(2)
        self.pool = testing.arrive_all(self.newcomers, "rps_grouper")
        self.record = BarrierRecord.objects.get_or_create(barrier_id="choice", cohort="")[0]


@pytest.fixture
def scene():
    return Scene()


#: Every verb: what is done, to which row it is put down, and what of it changes.
VERBS = {
    Verb.FAIL: (lambda s, **o: operating.fail(s.waiter, **o), "waiter", "status"),
    Verb.LEAVE: (lambda s, **o: operating.leave(s.waiter, **o), "waiter", "status"),
    Verb.RELEASE: (lambda s, **o: operating.release(s.visit, **o), "visit", "state"),
    Verb.ADD_MEMBER: (lambda s, **o: operating.add_member(s.group, s.newcomers[0], **o), "group", "members"),
    Verb.REMOVE_MEMBER: (lambda s, **o: operating.remove_member(s.group, s.absent, **o), "group", "members"),
    Verb.MOVE_MEMBER: (lambda s, **o: operating.move_member(s.absent, s.group, s.other, **o), "group", "members"),
    Verb.REPLACE_MEMBER: (
        lambda s, **o: operating.replace_member(s.group, s.absent, s.newcomers[0], **o),
        "group",
        "members",
    ),
    Verb.ELECT_LEADER: (lambda s, **o: operating.elect_leader(s.group, **o), "group", "leader"),
    Verb.CLOSE_GROUP: (lambda s, **o: operating.close_group(s.group, **o), "group", "active"),
    Verb.PUT_OFF: (lambda s, **o: operating.put_off(s.visit, seconds=60, **o), "visit", "until"),
    Verb.MESSAGE: (lambda s, **o: operating.message(s.visit, text="Hold on.", **o), "visit", "message"),
    Verb.PAUSE: (lambda s, **o: operating.pause(s.record, **o), "record", "paused"),
}
#: How many entries of their own there are for others that a verb is done to.
OTHERS = {Verb.MOVE_MEMBER: 1, Verb.REPLACE_MEMBER: 1}
every_verb = pytest.mark.parametrize("verb", VERBS)


@every_verb
def test_what_is_done_is_written_down_with_reason_before_and_after(scene, verb):
    """Catches: a verb that leaves no trace, or one that does not say what it changed."""
    act, row, changed = VERBS[verb]
    before = facts_of(getattr(scene, row))
    entry = fresh(act(scene, **ORDER))
    assert (entry.verb, entry.by, entry.reason, entry.before) == (verb, "ada", "fire alarm", before)
    assert entry.after == facts_of(getattr(scene, row))
    assert entry.after[changed] != entry.before[changed]
    assert AuditEntry.objects.count() == 1 + OTHERS.get(verb, 0)
    whom = {"waiter": entry.participant == scene.waiter, "visit": entry.participant == scene.waiter}
    whom |= {"group": entry.sync_group == scene.group, "record": entry.barrier_id == "choice"}
    assert whom[row]


@every_verb
def test_nothing_is_done_without_a_reason(scene, verb):
    """Catches: an entry that does not say why."""
    act, row, _ = VERBS[verb]
    before = facts_of(getattr(scene, row))
    with pytest.raises(ReasonRequired):
        act(scene, reason="  ", by="ada")
    assert facts_of(getattr(scene, row)) == before
    assert not AuditEntry.objects.exists()


@every_verb
def test_the_second_of_two_is_told_what_the_first_has_changed(scene, verb):
    """Catches: two researchers who act upon what both saw before the first of them acted."""
    act, row, changed = VERBS[verb]
    seen = facts_of(getattr(scene, row))
    act(scene, **ORDER, seen=seen)
    after = facts_of(getattr(scene, row))
    with pytest.raises(ChangedMeanwhile) as told:
        act(scene, reason="me, too", by="grace", seen=seen)
    assert after[changed] in str(told.value)
    assert "ada" in str(told.value)
    assert "fire alarm" in str(told.value)
    assert facts_of(getattr(scene, row)) == after
    assert not AuditEntry.objects.filter(by="grace").exists()


@every_verb
def test_what_is_said_to_have_been_seen_and_does_not_exist_is_refused(scene, verb):
    """Catches: a misspelt fact that is compared with nothing, so that what a colleague did is overwritten."""
    act, row, _changed = VERBS[verb]
    before = facts_of(getattr(scene, row))
    with pytest.raises(ImpossibleOrder, match="mesage"):
        act(scene, **ORDER, seen={**before, "mesage": ""})
    assert facts_of(getattr(scene, row)) == before
    assert not AuditEntry.objects.exists()


def test_what_does_not_matter_may_have_changed_meanwhile(scene):
    """Catches: refusing to release somebody because they have asked for more time."""
    seen = facts_of(scene.visit)
    operating.put_off(scene.visit, seconds=60, **ORDER)
    operating.release(scene.visit, **ORDER, seen=seen)
    assert states([scene.visit]) == [LinkState.RELEASED]


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda s: operating.fail(s.waiter, **ORDER), "takes part no longer"),
        (lambda s: operating.close_group(s.group, **ORDER), "closed already"),
        (lambda s: operating.resume(s.record, **ORDER), "not paused"),
        (lambda s: operating.resume_group(s.other, **ORDER), "not paused"),
        (lambda s: operating.pause_group(s.group, **ORDER), "closed"),
        (lambda s: operating.resume_cohort(Cohort(""), **ORDER), "not paused"),
        (lambda s: operating.release_group(s.other, **ORDER), "no member waits"),
        (lambda s: operating.elect_leader(s.other, s.other.leader, **ORDER), "leads already"),
    ],
)
def test_what_is_so_already_is_refused_and_not_written_down(scene, act, sentence):
    arrivals.close_group(scene.group)
    arrivals.fail(scene.waiter)
    with pytest.raises(NothingToDo, match=sentence):
        act(scene)
    assert not AuditEntry.objects.exists()


def test_who_waits_no_longer_is_given_neither_time_nor_messages(scene):
    scene.visit.release()
    more_time = partial(operating.put_off, scene.visit, seconds=9, **ORDER)
    for act in (more_time, partial(operating.message, scene.group, text="x", **ORDER)):
        with pytest.raises(NotWaiting):
            act()
    with pytest.raises(ValueError, match="more than no time"):
        operating.put_off(scene.pool[0], seconds=0, **ORDER)
    assert not AuditEntry.objects.exists()


def test_a_group_that_is_formed_is_noted_with_its_members(scene):
    entry = operating.form_group("rps_grouper", "", scene.newcomers, **ORDER)
    assert members(fresh(entry).sync_group) == scene.newcomers
    assert entry.details["participants"] == [str(person) for person in scene.newcomers]
    assert (entry.verb, entry.barrier_id) == (Verb.FORM_GROUP, "rps_grouper")


OUTCOMES = {"working": ("working", False), "left": ("left", False), "failed": ("working", True)}


@pytest.mark.parametrize(("then", "outcome"), OUTCOMES.items())
def test_who_is_replaced_goes_on_leaves_or_fails(scene, then, outcome):
    operating.replace_member(scene.group, scene.waiter, scene.newcomers[0], then=then, **ORDER)
    gone = fresh(scene.waiter)
    assert (gone.status, gone.failed) == outcome
    assert scene.newcomers[0] in members(scene.group)


def test_releasing_a_group_lets_go_everybody_who_waits_with_it(scene):
    operating.release_group(scene.group, **ORDER)
    assert (fresh(scene.visit).state, fresh(scene.visit).reason) == (LinkState.RELEASED, "fire alarm")


def test_members_are_released_by_their_keys_however_a_site_orders_its_people(
    scene, monkeypatch, django_capture_on_commit_callbacks
):
    """Catches: locking people in the order of a site's own model, in which two researchers block each other."""
    monkeypatch.setattr(type(scene.waiter)._meta, "ordering", ["-pk"])
    testing.arrive_all([scene.absent], "choice")
    released = []

    def note(participants, **kwargs):
        released.extend(participants)

    signals.released.connect(note)
    with django_capture_on_commit_callbacks(execute=True):
        operating.release_group(scene.group, **ORDER)
    signals.released.disconnect(note)
    assert released == sorted([scene.waiter.pk, scene.absent.pk])


@pytest.mark.parametrize("row", ["group", "record", "cohort"])
def test_messages_and_time_reach_everybody_who_waits_there(scene, row):
    target = {"cohort": Cohort("")}.get(row) or getattr(scene, row)
    before = fresh(scene.visit).deadline
    operating.message(target, text="Hold on.", **ORDER)
    operating.put_off(target, seconds=60, **ORDER)
    assert fresh(scene.visit).message == "Hold on."
    assert fresh(scene.visit).deadline > before
    assert (fresh(scene.pool[0]).message == "Hold on.") is (row == "cohort")


def test_pausing_a_cohort_holds_every_barrier_also_those_where_nobody_has_been(scene):
    """Catches: a pause that holds only where somebody waits already."""
    BarrierRecord.objects.all().delete()
    elsewhere = make_group(cohort="b")
    operating.pause_cohort(Cohort(""), **ORDER)
    assert {record.barrier_id for record in BarrierRecord.objects.paused()} == {"choice", "rps_grouper"}
    testing.arrive_all([scene.absent], "choice")
    others = testing.arrive_all(members(elsewhere), "choice")
    testing.let_time_pass(5000)
    testing.sweep()
    assert states([scene.visit, *scene.pool]) == [LinkState.WAITING] * 3
    assert states(others) == [LinkState.RELEASED] * 2
    operating.resume_cohort(Cohort(""), **ORDER)
    testing.sweep()
    assert states([scene.visit, *scene.pool]) == [LinkState.RELEASED] * 3
    assert [entry.verb for entry in AuditEntry.objects.order_by("pk")] == [Verb.PAUSE, Verb.RESUME]


def test_processing_now_says_how_it_went(scene):
    entry, outcome = operating.process_now(scene.record, **ORDER)
    assert (entry.verb, outcome) == (Verb.PROCESS, PassOutcome.DONE)


def test_how_a_pass_went_is_stored_once_it_is_over(scene):
    """Catches: an answer that says what the entry does not."""
    for act, row in ((operating.process_now, scene.record), (operating.retry, scene.group)):
        entry, outcome = act(row, **ORDER)
        assert fresh(entry).details == entry.details == {"outcome": outcome}


def test_a_barrier_that_is_not_declared_is_not_processed_nor_is_that_noted(scene):
    record = BarrierRecord.objects.create(barrier_id="nowhere")
    with pytest.raises(BarrierNotRegistered):
        operating.process_now(record, **ORDER)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda s: operating.replace_member(s.group, s.waiter, s.waiter, then="failed", **ORDER), "somebody else"),
        (lambda s: operating.move_member(s.waiter, s.group, s.group, **ORDER), "another group"),
        (lambda s: operating.move_member(s.waiter, s.group, make_group(group_type="chat"), **ORDER), "of type 'rps'"),
    ],
)
def test_orders_that_make_no_sense_are_refused_with_a_sentence(scene, act, sentence):
    """Catches: failing who is to go on, and a move to where one is that costs the lead and the place in the order."""
    before = facts_of(scene.group), facts_of(scene.waiter)
    with pytest.raises(ImpossibleOrder, match=sentence):
        act(scene)
    assert (facts_of(scene.group), facts_of(scene.waiter)) == before
    assert not AuditEntry.objects.exists()


def test_what_many_rows_are_is_asked_in_as_many_queries_as_of_two(scene):
    """Catches: a page that asks about each of its rows."""
    groups = make_groups(20, cohort="b")
    for rows in (members(*groups), groups, scene.pool * 10):
        few, many = (number_of_queries(operating.facts_of_all, some) for some in (rows[:2], rows))
        assert few == many


def test_a_group_whose_release_failed_is_tried_again_at_once():
    """Catches: a retry that waits for the pause between two tries, or one that tries all groups."""
    broken, calls = [True], []

    def score(group):
        calls.append(group.pk)
        if broken:
            raise ZeroDivisionError

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        group, other = make_groups(2)
        links = testing.arrive_all(members(group), "choice")
        testing.arrive_all(members(other), "choice")
        testing.process("choice")
        assert operating.retry(fresh(group), **ORDER)[1] == PassOutcome.FAILED
        broken.clear()
        calls.clear()
        assert operating.retry(fresh(group), **ORDER)[1] == PassOutcome.DONE
    assert calls == [group.pk]
    assert states(links) == [LinkState.RELEASED] * 2
    with pytest.raises(NotWaiting):
        operating.retry(fresh(group), **ORDER)


def test_what_has_changed_since_a_row_was_read_is_not_taken_for_a_deed():
    """Catches: an entry that says nothing, about an election by somebody else."""
    group = make_group()
    one, two = members(group)
    stale, other = fresh(group), two if group.leader_id == one.pk else one
    operating.elect_leader(group, other, **ORDER)
    with pytest.raises(NothingToDo):
        operating.elect_leader(stale, other, **ORDER)
    assert AuditEntry.objects.count() == 1


def test_whose_name_is_longer_than_what_is_stored_may_act_all_the_same():
    """Catches: an error from every verb on a site where people sign in by long addresses. PostgreSQL counts."""

    class Somebody:
        def get_username(self):
            return "a" * 254

    with testing.declared(Barrier("held", max_wait_time=60)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        entry = operating.release(link, reason="x", by=operating.name_of(Somebody()))
    entry.refresh_from_db()
    assert entry.by == "a" * 150

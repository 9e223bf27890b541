"""``lock_timeout`` and ``statement_timeout`` are honoured: who would wait for too long is told so; the rest goes on."""

import pytest
from django.db import connection, transaction
from django.test import Client

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.exceptions import DatabaseBusy
from syncgroups.models import BarrierRecord, ParticipantLinkBarrier, SyncGroup, WakeUp, get_participant_model
from syncgroups.states import LinkState, PassOutcome
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, everything_stored, signed_in
from tests.engine.scenes import fresh, make_group, make_groups, members, states

from .scene import Held
from .sessions import hold, hold_everything, within

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

LIMITS = [{"lock_timeout": "40ms"}, {"statement_timeout": "300ms"}]
limited = pytest.mark.parametrize("limits", LIMITS, ids=["lock_timeout", "statement_timeout"])


def release(group, person, link):
    fresh(link).release()


#: Verbs, given a group, one of its members, and the member's open visit to "held".
VERBS = {
    "fail": lambda group, person, link: fresh(person).fail("by chance"),
    "leave": lambda group, person, link: fresh(person).leave(),
    "finish": lambda group, person, link: fresh(person).finish(),
    "release": release,
    "close": lambda group, person, link: fresh(group).close(),
    "add": lambda group, person, link: fresh(group).add(get_participant_model().objects.last()),
    "elect_leader": lambda group, person, link: arrivals.elect_leader(fresh(group)),
    "check_numbers": lambda group, person, link: fresh(group).check_numbers(),
    "pause": lambda group, person, link: arrivals.pause("held"),
    "resume": lambda group, person, link: arrivals.resume("other"),
}


@limited
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_may_not_wait_any_longer_says_so_and_stores_nothing(elsewhere, verb, limits):
    """Catches: an error of the database's where one of ours is promised; half of what a verb does."""
    group = make_group(max_group_size=5)
    SyncGroup.objects.update(n_active_participants=4)
    person = members(group)[0]
    with testing.declared(Held("held", max_wait_time=600), Held("other")):
        [link] = testing.arrive_all([person], "held")
        testing.process("held")
        testing.make_participants(1)
        arrivals.pause("other")
        with transaction.atomic():
            hold_everything()
            before = everything_stored()
            waiting = elsewhere(within, limits, VERBS[verb], group, person, link)
            with pytest.raises(DatabaseBusy) as refused:
                waiting.result()
            assert everything_stored() == before
        assert (refused.value.status, refused.value.code) == (503, "database_busy")
        elsewhere(within, limits, VERBS[verb], group, person, link).result()
        assert everything_stored() != before, "trying again is safe, and does it"


@limited
@pytest.mark.urls("tests.acceptance.participant_site")
def test_a_page_that_may_not_wait_any_longer_answers_503(elsewhere, limits, settings):
    """Catches: an arrival that ends in a server error, or that hangs."""
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    [person] = testing.make_participants(1)
    ask = {accept: signed_in(person, Accept=accept) for accept in ("application/json", "text/html")}
    with barriers_of_the_site(), transaction.atomic():
        arrivals.arrive(person, "pair_grouper")  # in another tab, whose request has not ended yet
        answers = [elsewhere(within, limits, Client().get, "/lobby/", headers=headers) for headers in ask.values()]
        json, html = [answer.result() for answer in answers]
    assert (json.status_code, html.status_code) == (503, 503)
    assert json.json()["code"] == "database_busy"
    assert "try again" in html.content.decode()
    assert ParticipantLinkBarrier.objects.count() == 1


@limited
@pytest.mark.parametrize("on_release", [None, lambda: None], ids=["together", "one by one"])
def test_a_group_that_somebody_holds_for_too_long_is_left_to_the_sweep_and_the_others_go(elsewhere, limits, on_release):
    """Law 5. Catches: one group's lock that ends the pass over all; an error on a group at which nothing is wrong."""
    held, free = make_groups(2)
    with testing.declared(GroupBarrier("choice", "rps", on_release=on_release)):
        links = testing.arrive_all(members(held, free), "choice")
        with transaction.atomic():
            hold(SyncGroup, held.pk)
            result = elsewhere(within, limits, processing.process_barrier, "choice").result()
            assert (result.outcome, result.error) == (PassOutcome.DONE, None)
            assert states(links) == [LinkState.WAITING] * 2 + [LinkState.RELEASED] * 2
        assert (fresh(held).last_error, fresh(held).error_count) == ("", 0)
        assert WakeUp.objects.filter(sync_group=held.pk).exists()
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 4


@limited
def test_a_pass_that_may_not_wait_for_its_people_is_made_again_by_the_next_sweep(elsewhere, limits):
    """Catches: a sweep that ends where somebody holds a participant; a call that is lost."""

    class Open(Barrier):
        def choose_who_to_release(self, waiting_participants):
            return waiting_participants

    with testing.declared(Open("a"), Open("b")):
        links = [testing.arrive_all(testing.make_participants(1), place)[0] for place in ("a", "b")]
        with transaction.atomic():
            hold(get_participant_model(), links[0].participant_id)
            elsewhere(within, limits, processing.sweep).result()
            assert states(links) == [LinkState.WAITING, LinkState.RELEASED]
        assert not any(record.last_error for record in BarrierRecord.objects.all())
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


@limited
def test_a_message_for_a_pool_that_somebody_holds_for_too_long_ends_in_peace(elsewhere, limits):
    """Catches: a task that raises; a record that says that something is wrong."""
    with testing.declared(Held("held")):
        testing.arrive_all(testing.make_participants(1), "held")
        processing.pause("held")
        processing.resume("held")
        with transaction.atomic():
            hold(BarrierRecord)
            result = elsewhere(within, limits, processing.process_barrier, "held").result()
    assert (result.outcome, result.error, set(result.rerun)) == (PassOutcome.BUSY, None, set())
    assert WakeUp.objects.exists()
    assert BarrierRecord.objects.get().last_error == ""


@limited
def test_groups_go_while_somebody_holds_the_record_of_their_barrier(elsewhere, limits):
    """Catches: a note on the record for whose sake a pass that has been made ends as a failure."""
    [group] = make_groups(1)
    with testing.declared(GroupBarrier("choice", "rps")):
        testing.process("choice")
        links = testing.arrive_all(members(group), "choice")
        arrivals.pause("choice")
        arrivals.resume("choice")
        BarrierRecord.objects.update(last_processed=None)
        with transaction.atomic():
            hold(BarrierRecord)
            result = elsewhere(within, limits, processing.process_barrier, "choice").result()
    assert result.outcome == PassOutcome.DONE
    assert states(links) == [LinkState.RELEASED] * 2


def test_a_pause_that_may_not_wait_for_passes_says_that_it_holds_nevertheless(elsewhere):
    """Catches: a pause that seems to have had no effect."""
    [group] = make_groups(1)
    with testing.declared(GroupBarrier("choice", "rps")):
        links = testing.arrive_all(members(group), "choice")
        with transaction.atomic():
            hold(SyncGroup, group.pk)
            pausing = elsewhere(within, LIMITS[0], arrivals.pause, "choice")
            with pytest.raises(DatabaseBusy, match="is paused"):
                pausing.result()
        testing.sweep()
    assert states(links) == [LinkState.WAITING] * 2


@limited
def test_on_release_that_takes_longer_than_the_database_allows_is_an_error_of_the_sites(elsewhere, limits):
    """Promise 2. Catches: a group that is tried again every second for ever, and of which nobody is told."""
    slow, quick = make_groups(2)

    def score(group):
        if group == slow:
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE syncgroups_wakeup IN ACCESS EXCLUSIVE MODE")

    with testing.declared(GroupBarrier("choice", "rps", on_release=score)):
        links = testing.arrive_all(members(slow, quick), "choice")
        with transaction.atomic():
            hold(WakeUp, -1)
            result = elsewhere(within, limits, processing.process_barrier, "choice").result()
    assert result.outcome == PassOutcome.FAILED
    assert states(links) == [LinkState.WAITING] * 2 + [LinkState.RELEASED] * 2
    assert "timeout" in fresh(slow).last_error
    assert fresh(slow).error_count == 1
    assert WakeUp.objects.get().due_at > fresh(slow).last_error_at, "it is tried again after a pause"

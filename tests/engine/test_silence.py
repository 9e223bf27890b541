"""For how long somebody may be silent who is there depends on the page that they are on."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncgroups import arrivals, testing
from syncgroups.barriers import Barrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.waiting import Activity, WaitPage
from tests.engine.scenes import fresh

pytestmark = pytest.mark.django_db

#: Twice as long as the task takes, or three times as long as the page lets pass.
VIDEO = Activity(lambda request: None, time_estimate=60)
SELDOM = WaitPage(wait_time=40)


def presence_after(seconds, *, hidden=False, **declared):
    """Of somebody who waits there, and then is not heard of for so many seconds."""
    with testing.declared(Barrier("place", **declared)):
        [person] = testing.make_participants(1)
        for _ in range(2):
            arrivals.note_presence(person, hidden=hidden, barriers=["place"])
        testing.let_time_pass(seconds)
        testing.sweep()
    return fresh(person).presence


@pytest.mark.parametrize("page", [VIDEO, SELDOM, [WaitPage(), VIDEO]])
def test_who_is_busy_with_what_the_barrier_shows_is_present_for_as_long_as_that_takes(page):
    """Fails when somebody who watches the video that they are shown is not matched."""
    assert presence_after(110, waiting_logic=page) == "present"
    assert presence_after(130, waiting_logic=page) == "quiet"


def test_who_may_be_quiet_later_is_gone_later():
    """Fails when the video counts before somebody is quiet only: then nearly at once they are absent."""
    assert presence_after(190, waiting_logic=VIDEO) == "quiet"
    assert presence_after(200, waiting_logic=VIDEO) == "gone"
    assert presence_after(100) == "gone"


def test_elsewhere_silence_is_told_soon():
    assert presence_after(25) == "quiet"


def test_a_page_that_nobody_sees_may_be_silent_for_two_minutes_longer():
    """Fails when whoever locks their phone is matched no longer: it stops the timers of pages."""
    assert presence_after(139, hidden=True) == "present"
    assert presence_after(141, hidden=True) == "quiet"
    assert presence_after(205, hidden=True) == "quiet"
    assert presence_after(215, hidden=True) == "gone"


def test_thresholds_of_the_barriers_own_go_before():
    assert presence_after(35, waiting_logic=VIDEO, quiet_after=30) == "quiet"


def sign(person, after):
    """A sign of life, after so many seconds without one."""
    testing.let_time_pass(after)
    testing.sweep()
    arrivals.note_presence(fresh(person), barriers=["place"])
    return fresh(person).presence


def test_who_is_back_is_present_by_the_second_of_two_signs_that_are_not_far_apart():
    """Fails when a page that asks too seldom makes its reader present now and then, to be matched and not be there."""
    with testing.declared(Barrier("place", quiet_after=30, gone_after=60)):
        [person] = testing.make_participants(1)
        assert [sign(person, after) for after in (0, 5, 90, 31, 40, 5)] == [
            *("present", "present", "quiet", "quiet", "quiet", "present")
        ]


@pytest.mark.parametrize(("seconds", "statements"), [(0, 0), (2, 0), (6, 1), (-15, 1)])
def test_a_sign_of_somebody_who_stays_present_is_one_conditional_update_every_few_seconds(seconds, statements):
    """Catches: a statement for each request; none at all from a web server whose clock is behind the database's."""
    [person] = testing.make_participants(1)
    arrivals.note_presence(person)
    testing.let_time_pass(seconds)
    person.refresh_from_db()
    with CaptureQueriesContext(connection) as said:
        arrivals.note_presence(person)
    written = [query["sql"] for query in said if query["sql"].startswith(("SELECT", "UPDATE", "INSERT"))]
    assert [sql.partition(" ")[0] for sql in written] == ["UPDATE"] * statements
    assert fresh(person).presence == "present"


def test_who_is_quiet_is_not_matched_and_keeps_their_place_for_when_they_are_back():
    """Fails when who comes back has to queue anew, or is left out."""
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, id_="place", max_wait_time=600)):
        first, second, third = people = testing.make_participants(3)
        sign(first, 0)
        sign(first, 5)
        testing.arrive_all([first, second], "place")
        testing.let_time_pass(40)
        testing.sweep()
        assert not fresh(second).active_sync_groups
        testing.arrive_all([third], "place")
        for _ in range(2):
            testing.let_time_pass(5)
            arrivals.note_presence(fresh(first), barriers=["place"])
        testing.process("place")
    assert [bool(fresh(person).active_sync_groups) for person in people] == [True, True, False]

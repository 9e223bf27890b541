"""What researchers do in the admin: who may, what is asked first, what happens, and what is said of it."""

import html
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from syncgroups import arrivals, testing
from syncgroups.admin import verbs
from syncgroups.models import (
    BarrierRecord,
    Participant,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
)
from syncgroups.states import LinkState, ParticipantStatus

from . import researchers
from .researchers import act, confirm, list_url, page_url, pairs_waiting, queries, said, signed_in, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations(on_release=on_release)):
        yield


class Scoring:
    broken = False


def on_release():
    if Scoring.broken:
        raise ZeroDivisionError("no scores")


@pytest.fixture
def scene(_declared):
    return pairs_waiting(2)


@pytest.fixture
def ada():
    models = ["participant", "syncgroup", "participantlinksyncgroup", "participantlinkbarrier", "barrierrecord"]
    return signed_in(staff("ada", *(f"change_{model}" for model in models)))


@pytest.fixture
def broken_scoring(monkeypatch):
    monkeypatch.setattr(Scoring, "broken", True)


# Participants


def test_failing_participants_ends_their_waits_and_says_by_whom(ada, scene):
    response = confirm(ada, "fail", scene.waiter, reason="rude")
    scene.waiter.refresh_from_db()
    assert scene.waiter.failed
    assert scene.waiter.failed_reason == "rude"
    assert (scene.visit.state, scene.visit.ended_by, scene.visit.reason) == (LinkState.FAILED, "ada", "rude")
    assert "done for 1 row" in said(response)


def test_letting_participants_leave_is_no_failure(ada, scene):
    confirm(ada, "leave", scene.waiter, reason="fire alarm")
    scene.waiter.refresh_from_db()
    assert (scene.waiter.failed, scene.waiter.status) == (False, ParticipantStatus.LEFT)
    assert (scene.visit.state, scene.visit.ended_by) == (LinkState.WITHDRAWN, "ada")


def test_who_has_ended_already_is_left_alone_and_named(ada, scene):
    arrivals.finish(scene.absentee)
    response = confirm(ada, "fail", scene.waiter, scene.absentee)
    assert "done for 1 row" in said(response)
    assert f"1 left alone ({scene.absentee}): takes part no longer" in said(response)
    scene.absentee.refresh_from_db()
    assert not scene.absentee.failed


def test_history_of_a_row_says_who_did_what_and_why(ada, scene):
    confirm(ada, "fail", scene.waiter, reason="rude")
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_id, entry.get_change_message()) == (
        "ada",
        str(scene.waiter.pk),
        "Fail: rude",
    )


# Groups


def test_closing_a_group_ends_memberships_and_says_by_whom(ada, scene):
    confirm(ada, "close", scene.group, reason="enough")
    assert not scene.group.active
    assert (scene.group.end_reason, scene.group.ended_by) == ("enough", "ada")
    assert not ParticipantLinkSyncGroup.objects.filter(sync_group=scene.group, active=True).exists()
    assert "closed already" in said(confirm(ada, "close", scene.group))


def test_electing_gives_the_lead_to_the_next_member(ada, scene):
    leader, group = scene.group.leader, scene.group
    confirm(ada, "elect_leader", group)
    assert scene.group.leader in scene.pairs[0]
    assert scene.group.leader != leader
    confirm(ada, "elect_leader", group)
    assert scene.group.leader == leader


def test_nobody_else_can_be_elected_where_nobody_else_is_active(ada, scene):
    arrivals.leave(scene.absentee)
    assert "no other active member" in said(confirm(ada, "elect_leader", scene.group))
    assert scene.group.leader == scene.waiter


def test_electing_in_a_closed_group_is_said_to_be_impossible(ada, scene):
    arrivals.close_group(scene.group)
    assert "is closed" in said(confirm(ada, "elect_leader", scene.group))


def test_a_chosen_member_is_elected(ada, scene):
    follower = next(person for person in scene.pairs[0] if person != scene.group.leader)
    membership = ParticipantLinkSyncGroup.objects.get(participant=follower)
    confirm(ada, "make_leader", membership)
    assert scene.group.leader == follower
    assert "leads already" in said(confirm(ada, "make_leader", membership))


def test_releasing_a_group_lets_every_waiting_member_through(ada, scene):
    confirm(ada, "release", scene.group, reason="stuck")
    assert (scene.visit.state, scene.visit.ended_by, scene.visit.reason) == (LinkState.RELEASED, "ada", "stuck")
    assert "no member waits" in said(confirm(ada, "release", scene.group))


# Visits


def test_releasing_visits_lets_them_through_and_says_by_whom(ada, scene):
    other = ParticipantLinkBarrier.objects.get(participant=scene.pairs[1][0], barrier_id="choice_made")
    confirm(ada, "release", scene.visit, reason="stuck")
    assert (scene.visit.state, scene.visit.ended_by, scene.visit.reason) == (LinkState.RELEASED, "ada", "stuck")
    other.refresh_from_db()
    assert other.state == LinkState.WAITING


def test_a_visit_that_has_ended_is_left_alone_with_the_reason(ada, scene):
    visit = scene.visit
    arrivals.release(visit, "faster", by="grace")
    response = confirm(ada, "release", visit)
    assert "no longer" in said(response)
    assert "done for" not in said(response)
    assert scene.visit.ended_by == "grace"


def test_failing_the_participants_of_visits(ada, scene):
    confirm(ada, "fail_participant", scene.visit, reason="asleep")
    scene.waiter.refresh_from_db()
    assert scene.waiter.failed_reason == "asleep"
    assert scene.visit.ended_by == "ada"


# Barriers


def test_pausing_and_resuming_a_barrier(ada, scene):
    confirm(ada, "pause", scene.record)
    assert (scene.record.paused, scene.record.paused_by) == (True, "ada")
    assert "paused already" in said(confirm(ada, "pause", scene.record))
    confirm(ada, "resume", scene.record)
    assert not scene.record.paused
    assert "not paused" in said(confirm(ada, "resume", scene.record))


def test_processing_now_releases_who_can_go(ada, scene):
    testing.arrive_all([scene.absentee], "choice_made")
    assert "done for 1 row" in said(confirm(ada, "process_now", scene.record))
    assert scene.visit.state == LinkState.RELEASED


def test_processing_a_paused_barrier_is_said_to_be_impossible(ada, scene):
    arrivals.pause("rps_grouper", "c0")
    record = BarrierRecord.objects.get(barrier_id="rps_grouper", cohort="c0")
    assert "left alone" in said(confirm(ada, "process_now", record))


def test_a_pass_that_fails_is_a_message_and_no_crash(ada, scene, broken_scoring):
    testing.arrive_all([scene.absentee], "choice_made")
    response = confirm(ada, "process_now", scene.record)
    assert response.status_code == 200
    assert "the pass failed" in said(response)
    assert scene.visit.state == LinkState.WAITING


def test_processing_a_barrier_that_is_no_longer_declared_is_a_message_and_no_crash(ada, scene):
    with testing.declared():
        assert "No barrier" in said(confirm(ada, "process_now", scene.record))


# What is asked first

FINAL = ["fail", "leave", "close", "release_group", "release_visit", "fail_participant"]


def chosen(scene, verb):
    """The action's name and a row for it."""
    return {
        "fail": ("fail", scene.waiter),
        "leave": ("leave", scene.waiter),
        "close": ("close", scene.group),
        "release_group": ("release", scene.group),
        "release_visit": ("release", scene.visit),
        "fail_participant": ("fail_participant", scene.visit),
        "elect_leader": ("elect_leader", scene.group),
        "make_leader": ("make_leader", ParticipantLinkSyncGroup.objects.get(participant=follower(scene))),
        "pause": ("pause", scene.record),
        "resume": ("resume", scene.record),
        "process_now": ("process_now", scene.record),
    }[verb]


def follower(scene):
    return next(person for person in scene.pairs[0] if person != scene.group.leader)


def everything():
    models: list[Any] = researchers.MODELS
    return [list(model._default_manager.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("verb", FINAL)
def test_what_cannot_be_undone_is_asked_first_with_a_reason(ada, scene, verb):
    action, row = chosen(scene, verb)
    before = everything()
    page = act(ada, action, row)
    assert "This cannot be undone." in page.content.decode()
    assert str(row) in html.unescape(page.content.decode())
    without_reason = confirm(ada, action, row, reason="  ")
    assert "This field is required." in without_reason.content.decode()
    too_long = confirm(ada, action, row, reason="x" * 501)
    assert "at most 500 characters" in too_long.content.decode()
    nul = confirm(ada, action, row, reason="a\x00b")
    assert "Null characters are not allowed." in nul.content.decode()
    assert everything() == before


def test_the_form_that_asks_can_be_sent_as_it_is(ada, scene):
    """What is confirmed are the rows that were chosen, even after they have left the filtered list."""
    rows = [scene.visit, ParticipantLinkBarrier.objects.get(participant=scene.pairs[1][0], barrier_id="choice_made")]
    query = "state__exact=waiting&barrier=choice_made"
    data = {"action": "release", "_selected_action": [row.pk for row in rows]}
    page = ada.post(f"{list_url(rows[0])}?{query}", data)
    assert page.context["query"] == query
    arrivals.release(rows[1], "faster", by="grace")
    response = confirm(ada, "release", *rows, query=query)
    assert response.redirect_chain == [(f"{list_url(rows[0])}?{query}", 302)]
    assert "done for 1 row" in said(response)
    assert "no longer" in said(response)


def test_what_is_on_the_page_that_asks_is_escaped(ada, scene):
    evil = "<script>alert(1)</script>"
    group = SyncGroup.objects.create(group_type=evil)
    page = confirm(ada, "close", group, reason=evil + "x" * 500, query=evil, on_page=evil)
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    message = said(confirm(ada, "elect_leader", group))
    assert evil in message
    assert evil not in confirm(ada, "elect_leader", group).content.decode()


def test_rows_that_have_left_the_filtered_list_are_reported(ada, scene):
    testing.arrive_all([scene.absentee], "choice_made")
    testing.process("choice_made", "c0")
    data = {"action": "process_now", "_selected_action": [scene.record.pk]}
    response = ada.post(f"{list_url(scene.record)}?condition=waiting", data, follow=True)
    assert "no longer in this list" in said(response)


def test_a_verb_on_a_page_comes_back_to_the_page(ada, scene):
    page = ada.get(page_url(scene.record)).content.decode()
    assert 'name="action" value="pause"' in page
    response = confirm(ada, "pause", scene.record, on_page="1")
    assert response.redirect_chain == [(page_url(scene.record), 302)]
    response = confirm(ada, "fail", scene.waiter, on_page="1")
    assert response.redirect_chain == [(page_url(scene.waiter), 302)]


def test_more_rows_than_a_request_may_act_on_are_refused_whole(ada, scene, monkeypatch):
    monkeypatch.setattr(verbs, "LIMIT", 3)
    before = everything()
    response = confirm(ada, "fail", *(person for pair in scene.pairs for person in pair))
    assert "at most 3 rows" in said(response)
    assert everything() == before


def test_choosing_the_whole_list_acts_on_what_the_filters_show(ada, scene):
    on_screen = {"_selected_action": [scene.pairs[1][0].pk], "select_across": "1", "index": "0"}
    page = ada.post(f"{list_url(scene.waiter)}?cohort=c1", {"action": "fail", **on_screen})
    assert page.context["keys"] == [str(person.pk) for person in scene.pairs[1]]


def test_forged_requests_are_refused(scene):
    staff("ada", "change_participant", password="secret")
    strict = Client(enforce_csrf_checks=True)
    strict.login(username="ada", password="secret")
    assert confirm(strict, "fail", scene.waiter).status_code == 403
    scene.waiter.refresh_from_db()
    assert not scene.waiter.failed


# Who may

NEEDS = {
    "fail": ["change_participant"],
    "leave": ["change_participant"],
    "close": ["change_syncgroup"],
    "elect_leader": ["change_syncgroup"],
    "make_leader": ["view_participantlinksyncgroup", "change_syncgroup"],
    "release_group": ["view_syncgroup", "change_participantlinkbarrier"],
    "release_visit": ["change_participantlinkbarrier"],
    "fail_participant": ["view_participantlinkbarrier", "change_participant"],
    "pause": ["change_barrierrecord"],
    "resume": ["change_barrierrecord"],
    "process_now": ["change_barrierrecord"],
}


def ready(scene, verb):
    """Make the verb one that would change something."""
    if verb == "resume":
        arrivals.pause("choice_made", "c0")
    if verb == "process_now":
        testing.arrive_all([scene.absentee], "choice_made")


@pytest.mark.parametrize("verb", NEEDS)
def test_whoever_has_the_permission_may(scene, verb):
    ready(scene, verb)
    action, row = chosen(scene, verb)
    before = everything()
    response = confirm(signed_in(staff("ada", *NEEDS[verb])), action, row)
    assert "done for 1 row" in said(response)
    assert everything() != before


@pytest.mark.parametrize("verb", NEEDS)
def test_strangers_staff_without_permission_and_viewers_may_not(scene, verb):
    ready(scene, verb)
    action, row = chosen(scene, verb)
    before = everything()
    anonymous = Client().post(list_url(row), {"action": action, "_selected_action": [row.pk], "confirmed": "1"})
    assert "/login/" in anonymous["Location"]
    assert confirm(signed_in(staff("eve")), action, row).status_code == 403
    views = [f"view_{name}" for name in ("participant", "syncgroup", "participantlinksyncgroup")]
    viewer = signed_in(staff("vera", *views, "view_participantlinkbarrier", "view_barrierrecord"))
    # Those who may change this, but not what the verb ends, may not either.
    assert "done for" not in said(confirm(viewer, action, row))
    assert everything() == before


def test_releasing_needs_the_permission_for_visits_not_for_groups(scene):
    group_keeper = signed_in(staff("gus", "change_syncgroup"))
    confirm(group_keeper, "release", scene.group)
    assert scene.visit.state == LinkState.WAITING


def test_the_page_that_asks_costs_the_same_for_2_and_for_40(ada):
    scene = pairs_waiting(40)
    people = [person for pair in scene.pairs for person in pair]
    few = queries(lambda: act(ada, "fail", *people[:2]))
    assert queries(lambda: act(ada, "fail", *people[:40])) == few


def test_a_form_about_as_many_rows_as_may_be_chosen_is_read(ada):
    """Catches: more fields than Django reads, told as a bad request."""
    people = Participant.objects.bulk_create(Participant() for _ in range(verbs.LIMIT))
    page = act(ada, "fail", *people)
    filled = {
        "confirmed": "1",
        "reason": "",
        "query": "",
        "on_monitor": "1",
        "on_page": "1",
        "csrfmiddlewaretoken": "x",
    }
    again = act(ada, "fail", *people, **filled, **dict(page.context["seen"]))
    assert again.status_code == 200
    assert "This field is required." in again.content.decode()

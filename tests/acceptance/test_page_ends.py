"""What pages at barriers say to those whose part is over, and to those for whom something is wrong."""

import pytest

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.exceptions import AlreadyInGroup, DatabaseBusy
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier
from tests.acceptance.participant_site import (
    DEFAULT_RESOLVER,
    barriers_of_the_site,
    look,
    make_pair,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]


@pytest.fixture(autouse=True)
def _default_resolver(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER


@pytest.fixture
def site():
    with barriers_of_the_site():
        yield


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


def visits_of(participant):
    return ParticipantLinkBarrier.objects.filter(participant=participant)


# How it ends


def end_page(client, participant):
    response = look(client, "/lobby/", participant)
    assert response.status_code == 403
    return response.content.decode()


def test_who_waited_in_vain_reads_that_it_was_not_their_fault(site, client, participant):
    look(client, "/lobby/", participant)
    testing.let_time_pass(601)
    testing.sweep()
    page = end_page(client, participant)
    assert "did not come in time. That is not your fault." in page
    assert str(participant) in page, "for letters to the researchers"


@pytest.mark.parametrize("policy", ["leave", "fail"])
def test_the_reason_is_the_same_words_for_programs(client, participant, policy):
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, on_timeout=policy)):
        look(client, "/lobby/", participant)
        testing.let_time_pass(601)
        testing.sweep()
        answer = client.get("/lobby/", headers=signed_in(participant))
    assert answer.status_code == 403
    assert "did not come in time" in answer.json()["detail"]


@pytest.mark.parametrize("policy", ["leave", "fail"])
def test_who_leaves_at_the_end_of_the_time_reads_that_the_credit_is_theirs(client, participant, policy):
    with barriers_of_the_site(on_timeout=policy):
        look(client, "/lobby/", participant)
        testing.let_time_pass(601)
        testing.sweep()
        page = end_page(client, participant)
    assert "did not come in time. That is not your fault." in page
    assert ("You keep the credit that you have earned." in page) == (policy == "leave")


def test_so_does_who_leaves_because_others_did_not_come(client):
    with testing.declared(
        SimpleGrouper("pair", initial_group_size=2),
        GroupBarrier("together", "pair", max_wait_time=60, on_member_timeout="leave"),
    ):
        pair = make_pair()
        look(client, "/together/", pair[0])
        testing.let_time_pass(61)
        testing.sweep()
        page = end_page(client, pair[0])
    assert "Not everybody in your group came in time" in page
    assert "You keep the credit that you have earned." in page


def test_who_is_left_by_too_many_reads_that_it_was_not_their_fault(site, client):
    pair = make_pair()
    pair[0].fail("closed the browser")
    look(client, "/together/", pair[1])
    testing.process("together")
    page = end_page(client, pair[1])
    assert "Too few people were left in your group" in page
    assert "closed the browser" not in page, "the reason of the other is the other's"


def test_who_was_failed_by_the_site_reads_its_reason(site, client, participant):
    participant.fail("answered <b>too</b> fast")
    assert "answered &lt;b&gt;too&lt;/b&gt; fast." in end_page(client, participant)


def test_who_was_failed_while_waiting_reads_why(site, client, participant):
    look(client, "/lobby/", participant)
    participant.fail("asked to stop")
    assert "asked to stop" in end_page(client, participant)


def test_who_has_finished_is_thanked(site, client, participant):
    participant.finish()
    page = end_page(client, participant)
    assert "Thank you for taking part" in page
    assert "You have reached the end" in page


def test_who_has_left_is_told_so(site, client, participant):
    participant.leave()
    page = end_page(client, participant)
    assert "Your part ends here" in page
    assert "There is nothing more to do here." in page


def test_a_site_may_have_an_end_page_of_its_own(site, client, participant):
    participant.fail("x")
    response = look(client, "/ended/", participant)
    assert (response.status_code, response["Location"]) == (302, "/thanks/")
    assert look(client, "/thanks/", participant).status_code == 200
    assert client.get("/ended/", headers=signed_in(participant)).status_code == 403


def test_an_end_page_that_sends_to_itself_is_no_circle(site, client, participant):
    participant.fail("x")
    assert look(client, "/circle/", participant).status_code == 403


def test_who_is_failed_while_the_page_is_being_asked_for_is_told_why(site, client, participant, settings):
    """Fails when `ParticipantNotActive` of the front door is shown like any other error."""
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = "tests.acceptance.test_page_ends.resolve_too_early"
    assert "slow as a snail" in end_page(client, participant)


def resolve_too_early(request):
    """The participant, as they were the moment before they failed."""
    person = testing.get_participant_model().objects.get()
    type(person).objects.get().fail("slow as a snail")
    return person


# Errors for people


@pytest.mark.parametrize(
    ("address", "status", "heading"),
    [
        ("/at/nowhere/", 404, "There is no such page"),
        ("/together/", 409, "You cannot be here right now"),
        ("/monday/", 403, "This page is not for you"),
    ],
)
def test_errors_are_pages_for_people(site, client, participant, address, status, heading):
    response = look(client, address, participant)
    assert response.status_code == status
    assert f"<h1>{heading}</h1>" in response.content.decode()


@pytest.mark.parametrize("error", [DatabaseBusy, AlreadyInGroup])
def test_where_trying_again_may_help_there_is_a_link_for_it(site, client, participant, monkeypatch, error):
    """Fails for who comes in a busy moment, on a phone, where nothing is easy to reload."""

    def refuse(*args, **named):
        raise error("Not now.")

    monkeypatch.setattr("syncgroups.arrivals.arrive", refuse)
    assert (
        '<a href="/lobby/?from=mail">Try again</a>' in look(client, "/lobby/?from=mail", participant).content.decode()
    )


def test_who_is_nobody_is_asked_to_open_the_link_again(site, client):
    response = client.get("/lobby/", headers={"Accept": "text/html"})
    assert response.status_code == 401
    assert "open the link again" in response.content.decode()


def test_the_session_remembers_who_came_by_the_link(site, client, participant):
    response = client.get(f"/enter/{issue_token(participant)}/", follow=True)
    assert response.status_code == 200
    assert visits_of(participant).exists()

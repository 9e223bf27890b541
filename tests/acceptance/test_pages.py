"""Pages at barriers: they receive, show what there is to see meanwhile, let through, and explain ends."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.states import LinkState
from syncgroups.views import BarrierView
from syncgroups.waiting import WaitPage
from tests.acceptance.participant_site import (
    DEFAULT_RESOLVER,
    barriers_of_the_site,
    everything_stored,
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


def look(client, address, participant, **headers):
    """Open a page as a browser does."""
    return client.get(address, headers=signed_in(participant, Accept="text/html,*/*;q=0.8", **headers))


def visits_of(participant):
    return ParticipantLinkBarrier.objects.filter(participant=participant)


def test_opening_the_page_is_arriving(site, client, participant):
    response = look(client, "/lobby/", participant)
    assert response.status_code == 200
    assert visits_of(participant).get().state == LinkState.WAITING
    assert "no-store" in response["Cache-Control"]


def test_opening_the_page_again_is_not_arriving_again(site, client, participant):
    for _ in range(3):
        assert look(client, "/lobby/", participant).status_code == 200
    assert visits_of(participant).count() == 1


def test_who_is_released_goes_on_and_never_waits_there_again(site, client):
    pair = make_pair()
    for _ in range(2):
        response = look(client, "/lobby/", pair[0])
        assert (response.status_code, response["Location"]) == (302, "/next/")
    assert visits_of(pair[0]).count() == 1


def test_a_page_with_the_name_of_a_visit_waits_once_a_visit(site, client):
    pair = make_pair()
    for visit in ("1", "2"):
        for member in pair:
            assert look(client, f"/together/{visit}/", member).status_code == 200
        testing.process("together")
        assert look(client, f"/together/{visit}/", pair[0]).status_code == 302
    assert visits_of(pair[0]).filter(barrier_id="together").count() == 2


def test_the_page_says_how_many_are_here_and_until_when(site, client, participant):
    response = look(client, "/lobby/", participant)
    link = visits_of(participant).get()
    assert "1 of 2 is here" in response.content.decode()
    assert f'<time datetime="{link.deadline.isoformat()}">' in response.content.decode()


def test_the_page_of_a_group_barrier_counts_the_group(site, client):
    pair, others = make_pair(), make_pair()
    testing.arrive_all(others, "together")
    assert "1 of 2 is here" in look(client, "/together/", pair[0]).content.decode()
    assert "2 of 2 are here" in look(client, "/together/", pair[1]).content.decode()


def test_the_page_asks_again_with_and_without_scripts(site, client, participant):
    page = look(client, "/lobby/", participant).content.decode()
    assert 'data-poll-url="/sync/me/"' in page
    assert f'data-visit="{visits_of(participant).get().public_id}"' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert "data-token" not in page


def test_numbers_for_programs_are_not_written_the_local_way(client, participant, settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 2.5
    settings.LANGUAGES, settings.LANGUAGE_CODE = [("de", "German")], "de"
    with barriers_of_the_site():
        page = look(client, "/lobby/", participant).content.decode()
    assert '<html lang="de"' in page
    assert 'data-poll-interval="2.5"' in page


def test_the_page_is_never_blank(client, participant):
    with testing.declared(Barrier("plain")):
        page = look(client, "/at/plain/", participant).content.decode()
    assert "<title>Please wait</title>" in page
    assert "This page moves on automatically" in page


def test_the_page_shows_the_barriers_own_words_escaped(client, participant):
    with testing.declared(Barrier("plain", WaitPage(content="Hold on,\n<b>friend</b>"))):
        page = look(client, "/at/plain/", participant).content.decode()
    assert "Hold on,<br>&lt;b&gt;friend&lt;/b&gt;" in page


def test_a_page_that_asks_more_seldom_is_heeded_and_one_that_asks_more_often_is_not(client, participant, settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 2
    with testing.declared(Barrier("slow", WaitPage(wait_time=20)), Barrier("fast", WaitPage(wait_time=0.1))):
        slow = look(client, "/at/slow/", participant).content.decode()
        fast = look(client, "/at/fast/", participant).content.decode()
    assert 'data-poll-interval="20"' in slow
    assert 'content="20"' in slow
    assert 'data-poll-interval="2"' in fast


def test_waiting_logic_may_be_a_function_that_answers_with_a_page_or_a_response(client, participant):
    def page(participant, link):
        return WaitPage(content=f"{participant} waits at {link.barrier_id}")

    def response(participant, link):
        return HttpResponse("an activity of the site's own")

    with testing.declared(Barrier("page", page), Barrier("response", response)):
        assert f"{participant} waits at page" in look(client, "/at/page/", participant).content.decode()
        assert look(client, "/at/response/", participant).content == b"an activity of the site's own"


def test_asking_whether_the_page_is_there_is_not_arriving(site, client, participant):
    """Fails when HEAD is answered by get(): mail programs look at links before anybody opens them."""
    before = everything_stored()["syncgroups.ParticipantLinkBarrier"]
    response = client.head("/lobby/", headers=signed_in(participant))
    assert (response.status_code, response.content) == (200, b"")
    assert client.head("/at/nowhere/", headers=signed_in(participant)).status_code == 404
    assert client.head("/lobby/").status_code == 401
    assert everything_stored()["syncgroups.ParticipantLinkBarrier"] == before == []


def test_a_form_sent_to_the_page_is_refused(site, client, participant):
    before = everything_stored()
    assert client.post("/lobby/", {"a": 1}, headers=signed_in(participant)).status_code == 405
    assert everything_stored() == before


def test_the_token_is_put_into_the_page_only_where_the_site_asks_for_it(site, client, participant, settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = "tests.acceptance.participant_site.resolve_from_address"
    token = issue_token(participant)
    page = client.get("/by-token/", {"token": token}).content.decode()
    assert f'data-token="{token}"' in page


def test_a_page_without_a_way_on_is_refused_before_anybody_waits_at_it():
    with pytest.raises(ImproperlyConfigured, match="needs a next_url"):
        BarrierView.as_view(barrier_id="pair_grouper")


def test_a_page_may_find_its_way_on_by_itself(site, rf):
    class ByVisit(BarrierView):
        def get_next_url(self):
            return f"/round/{self.get_visit()}/"

    pair = make_pair()
    request = rf.get("/", headers=signed_in(pair[0]))
    response = ByVisit.as_view(barrier_id="pair_grouper")(request)
    assert response["Location"] == "/round//"


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
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = "tests.acceptance.test_pages.resolve_too_early"
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


def test_who_is_nobody_is_asked_to_open_the_link_again(site, client):
    response = client.get("/lobby/", headers={"Accept": "text/html"})
    assert response.status_code == 401
    assert "open the link again" in response.content.decode()


def test_the_session_remembers_who_came_by_the_link(site, client, participant):
    response = client.get(f"/enter/{issue_token(participant)}/", follow=True)
    assert response.status_code == 200
    assert visits_of(participant).exists()


# What a page costs


def test_a_page_costs_the_same_for_two_and_for_forty(client, participant):
    counts = []
    with testing.declared(SimpleGrouper("pair", initial_group_size=50, max_wait_time=600)):
        for n in (2, 38):
            testing.arrive_all(testing.make_participants(n), "pair_grouper")
            look(client, "/lobby/", participant)
            with CaptureQueriesContext(connection) as queries:
                look(client, "/lobby/", participant)
            counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def test_a_barrier_that_rescues_groups_waits_for_their_minimum(client):
    declarations = [
        SimpleGrouper("pair", initial_group_size=2, min_group_size=2, max_group_size=3, join_existing_groups=True),
        GroupBarrier("together", "pair", max_wait_time=600),
    ]
    with testing.declared(*declarations):
        pair = make_pair()
        pair[0].fail("gone")
        assert "1 of 2 is here" in look(client, "/together/", pair[1]).content.decode()

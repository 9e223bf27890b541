"""Pages at barriers: they receive, show what there is to see meanwhile, and let through."""

import re
from functools import partial

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.views.generic import TemplateView

from syncgroups import operating, testing
from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier
from syncgroups.states import LinkState
from syncgroups.views import BarrierView
from syncgroups.waiting import Activity, WaitPage
from tests.acceptance.participant_site import (
    DEFAULT_RESOLVER,
    barriers_of_the_site,
    everything_stored,
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
    assert 'data-poll-url="/sync/api/v1/me/"' in page
    assert f'data-visit="{visits_of(participant).get().public_id}"' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert "data-token" not in page


def test_a_page_that_another_one_follows_is_there_for_a_while_without_scripts(client, participant):
    """Catches: half a second, which browsers take for none: a page that reloads without end."""
    with testing.declared(Barrier("turns", [WaitPage(content="one"), WaitPage(content="two", wait_time=20)])):
        first = look(client, "/at/turns/", participant).content.decode()
        second = look(client, "/at/turns/?turn=1", participant).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="3; url=/at/turns/?turn=1"></noscript>' in first
    assert '<noscript><meta http-equiv="refresh" content="20; url=/at/turns/?turn=2"></noscript>' in second


def test_a_page_that_turns_asks_at_the_usual_pace_however_long_it_is_shown(client, participant, settings):
    """Fails when the seconds for which a page is shown are those between two polls: a release is seen as it turns."""
    settings.SYNCGROUPS_POLL_INTERVAL = 2
    with testing.declared(Barrier("turns", [WaitPage(20, "one"), WaitPage(20, "two")])):
        page = look(client, "/at/turns/", participant).content.decode()
    assert 'data-poll-interval="2"' in page
    assert 'data-turn-after="20"' in page
    assert '<noscript><meta http-equiv="refresh" content="20; url=/at/turns/?turn=1"></noscript>' in page


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


def test_a_function_that_returns_something_to_do_is_told_what_it_may_return(client, participant):
    """Fails when that is an error about a status_code somewhere in Django."""
    for answer in (Activity(lambda request: HttpResponse()), TemplateView, None):
        with (
            testing.declared(Barrier("plain", partial(lambda answer, participant, link: answer, answer))),
            pytest.raises(ImproperlyConfigured, match="may return a WaitPage or a response"),
        ):
            look(client, "/at/plain/", participant)


def test_a_choice_that_is_sent_twice_is_heeded_once(client, participant):
    """Fails when a double click costs two extensions: the page has to say how many it knows of."""
    with testing.declared(Barrier("plain", max_wait_time=60, extensions=2)):
        for known in ("0", "1"):
            page = look(client, "/at/plain/", participant).content.decode()
            [sent] = re.findall(r'<input type="hidden" name="extensions" value="(\d+)"', page)
            assert sent == known
            for _ in range(2):
                choice = {"syncgroups": "extend", "extensions": sent}
                client.post("/at/plain/", choice, headers=signed_in(participant, Accept="text/html"))
            assert visits_of(participant).get().extensions == int(known) + 1


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


def test_who_is_let_through_as_they_press_leave_goes_on(site, client, participant):
    """Fails when a choice that has been overtaken ends a participation."""
    with testing.declared(Barrier("hall", extensions=1)):
        look(client, "/at/hall/", participant)
        [link] = visits_of(participant)
        link.release()
        answer = client.post("/at/hall/", {"syncgroups": "leave"}, headers=signed_in(participant))
        assert look(client, answer["Location"], participant)["Location"] == "/next/"
    participant.refresh_from_db()
    assert participant.status == "working"


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


# Who has a group before they come


def in_a_group_by_hand():
    """Somebody whom a researcher has added to a group before they came to the grouper."""
    pair, [late] = make_pair(), testing.make_participants(1)
    pair[0].active_sync_groups["pair"].add(late)
    return late


@pytest.fixture
def roomy():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, max_group_size=3, join_existing_groups=True)):
        yield


def test_who_was_added_to_a_group_by_hand_has_nothing_to_wait_for(roomy, client):
    """Fails when they are told to try again, for ever."""
    late = in_a_group_by_hand()
    response = look(client, "/lobby/", late)
    assert (response.status_code, response["Location"]) == (302, "/next/")
    answer = client.get("/lobby/", headers=signed_in(late))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_in_group"), "programs are told"
    assert not visits_of(late).exists()


def test_who_is_still_in_the_group_of_before_is_not_let_through_to_be_in_it_again(roomy, client):
    """Fails when a closer that was forgotten goes unnoticed, and nobody gets new partners."""
    pair = make_pair()
    assert look(client, "/again/2/", pair[0]).status_code == 409


def test_a_page_that_lets_through_in_its_own_way_says_itself_what_happens_then(roomy, rf):
    class Own(BarrierView):
        barrier_id = "pair_grouper"

        def let_through(self, link):
            return HttpResponse(link.public_id)

    request = rf.get("/", headers=signed_in(in_a_group_by_hand(), Accept="text/html"))
    assert Own.as_view()(request).status_code == 409


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


@pytest.mark.parametrize("how", ["closed", "taken out"])
def test_who_comes_without_a_group_is_sent_to_be_grouped_where_the_page_knows_the_way(site, client, rf, how):
    """Catches: people who take part and are told for ever that they have no group."""
    pair = make_pair()
    group = pair[0].sync_group
    if how == "closed":
        operating.close_group(group, reason="enough", by="ada")
    else:
        operating.remove_member(group, pair[0], reason="enough", by="ada")
    view = BarrierView.as_view(barrier_id="together", next_url="next", regroup_url="/lobby/")
    request = rf.get("/", headers=signed_in(pair[0], Accept="text/html"))
    request.session = {}
    response = view(request)
    assert (response.status_code, response["Location"]) == (302, "/lobby/")
    assert look(client, "/lobby/", pair[0]).status_code == 200, "not let through for what was before, in a circle"
    [link] = visits_of(pair[0]).waiting()
    assert (link.barrier_id, link.visit) == ("pair_grouper", "")
    without = BarrierView.as_view(barrier_id="together", next_url="next")(request)
    assert without.status_code == 409
    request = rf.get("/", headers=signed_in(pair[0], Accept="application/json"))
    request.session = {}
    assert view(request).status_code == 409


def test_who_has_done_with_their_group_is_not_grouped_anew_by_a_page_that_is_opened_by_mistake(site, client, rf):
    pair = make_pair()
    with testing.declared(
        SimpleGrouper("pair", initial_group_size=2), GroupCloser("pair"), GroupBarrier("more", "pair")
    ):
        testing.arrive_all(pair, "closer_pair")
        testing.process("closer_pair")
        request = rf.get("/", headers=signed_in(pair[0], Accept="text/html"))
        request.session = {}
        response = BarrierView.as_view(barrier_id="more", next_url="next", regroup_url="/lobby/")(request)
        assert response["Location"] == "/lobby/"
        assert look(client, "/lobby/", pair[0])["Location"] == "/next/"
    assert not visits_of(pair[0]).waiting().exists()


def test_who_was_sent_back_and_let_through_without_a_group_by_hand_is_grouped_after_all(site, client, rf):
    """Catches: two pages that send people to each other."""
    regrouping = GroupBarrier("trying", "pair", max_wait_time=10, on_member_timeout="regroup")
    with testing.declared(SimpleGrouper("pair", initial_group_size=2, max_wait_time=600), regrouping):
        pair = make_pair()
        testing.arrive_all(pair[:1], "trying", visit="")
        testing.let_time_pass(11)
        testing.sweep()
        operating.release(visits_of(pair[0]).waiting().get(), reason="go on", by="ada")
        request = rf.get("/", headers=signed_in(pair[0], Accept="text/html"))
        request.session = {}
        BarrierView.as_view(barrier_id="trying", next_url="next", regroup_url="/lobby/")(request)
        assert look(client, "/lobby/", pair[0]).status_code == 200
    assert visits_of(pair[0]).waiting().get().barrier_id == "pair_grouper"

"""What participants' programs do: arrive where that is declared, see their visits, ask for more time, leave."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from syncgroups import arrivals, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token
from syncgroups.models import ParticipantLinkBarrier
from tests.acceptance.participant_site import DEFAULT_RESOLVER, everything_stored, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]

ME = "/sync/api/v1/me/"
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def _site(settings):
    cache.clear()
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with testing.declared(
        SimpleGrouper("pair", initial_group_size=2, max_wait_time=600, open_to_api=True, extensions=2),
        GroupBarrier("together", "pair", max_wait_time=600),
        Barrier("closed"),
    ):
        yield


@pytest.fixture
def me():
    return testing.make_participants(1)[0]


def post(client, participant, path, body=None):
    return client.post(f"{ME}{path}", body or {}, content_type="application/json", headers=signed_in(participant))


def arrive(client, participant, **body):
    return post(client, participant, "arrive/", {"barrier_id": "pair_grouper", **body})


# Arriving


def test_a_program_lets_its_participant_arrive_and_sees_the_visit_end(client):
    """The whole way: arrive, wait, be grouped, see it."""
    one, other = testing.make_participants(2)
    visit = arrive(client, one).json()
    assert (visit["barrier_id"], visit["state"], visit["ended_at"], visit["extensions_left"]) == (
        "pair_grouper",
        "waiting",
        None,
        2,
    )
    address = f"{ME}visits/{visit['visit_id']}/"
    first = client.get(address, headers=signed_in(one))
    assert first.json() == visit
    again = client.get(address, headers=signed_in(one, **{"If-None-Match": first["ETag"]}))
    assert (again.status_code, again.content) == (304, b"")
    arrive(client, other)
    testing.process("pair_grouper")
    ended = client.get(address, headers=signed_in(one, **{"If-None-Match": first["ETag"]})).json()
    assert (ended["state"], ended["extensions_left"]) == ("released", 0)
    assert ended["ended_at"] is not None


def test_arriving_twice_is_arriving_once(client, me):
    assert arrive(client, me).json() == arrive(client, me).json()
    named = arrive(client, me, visit="1").json()
    testing.process("pair_grouper")
    arrivals.release(ParticipantLinkBarrier.objects.get())
    assert arrive(client, me, visit="1").json()["state"] == "released"
    assert arrive(client, me, visit="2").json()["visit_id"] != named["visit_id"]


@pytest.mark.parametrize("barrier_id", ["closed", "together", "no_such_barrier"])
def test_barriers_that_are_not_open_are_not_there(client, me, barrier_id):
    """Catches a way past what comes before a barrier, and an answer that says which barriers there are."""
    before = everything_stored()
    response = arrive(client, me, barrier_id=barrier_id)
    assert (response.status_code, response.json()["code"]) == (404, "barrier_not_registered")
    assert response.json()["detail"] == "There is no such barrier."
    assert everything_stored() == before


@pytest.mark.parametrize(
    "body", [{"barrier_id": ""}, {"barrier_id": "a\0b"}, {"barrier_id": 7 * [1]}, {"visit": "x" * 101}, {"visit": "\0"}]
)
def test_what_makes_no_sense_is_refused_by_field(client, me, body):
    response = arrive(client, me, **body)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == list(body)


def test_who_takes_part_no_longer_cannot_arrive(client, me):
    me.leave()
    assert arrive(client, me).json()["code"] == "participant_not_active"


def test_what_is_nested_too_deeply_is_refused(client, me):
    body = '{"barrier_id":' + 100_000 * "["
    refused = client.post(f"{ME}arrive/", body, content_type="application/json", headers=signed_in(me))
    assert (refused.status_code, refused.json()["code"]) == (400, "parse_error")


# More time


def extend(client, participant, visit_id, **body):
    return post(client, participant, f"visits/{visit_id}/extend/", body)


def test_more_time_is_given_as_often_as_the_barrier_allows(client, me):
    visit = arrive(client, me).json()
    later = [extend(client, me, visit["visit_id"]).json() for _ in range(2)]
    assert visit["until"] < later[0]["until"] < later[1]["until"]
    assert [one["extensions_left"] for one in later] == [1, 0]
    refused = extend(client, me, visit["visit_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "no_extension_left")


def test_a_request_that_is_sent_twice_is_heeded_once(client, me):
    visit = arrive(client, me).json()
    answers = [extend(client, me, visit["visit_id"], extensions_left=2).json() for _ in range(3)]
    assert [answer["extensions_left"] for answer in answers] == [1, 1, 1]


def test_a_wait_that_is_over_cannot_be_extended(client, me):
    visit = arrive(client, me).json()
    arrivals.release(ParticipantLinkBarrier.objects.get())
    refused = extend(client, me, visit["visit_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "not_waiting")


# Leaving


def test_who_leaves_has_left_without_fault_and_with_credit(client, me):
    arrive(client, me)
    testing.let_time_pass(30)
    for _ in range(2):
        left = post(client, me, "leave/").json()
        assert (left["status"], left["failed"], left["waiting"]) == ("left", False, False)
        assert left["time_credit"] >= 30
    visit = ParticipantLinkBarrier.objects.get()
    assert (visit.state, visit.reason) == ("withdrawn", "chose not to wait any longer")


# Nobody acts for another


def own_endpoints(visit_id):
    return [("get", f"visits/{visit_id}/"), ("post", f"visits/{visit_id}/extend/")]


def test_visits_of_others_are_not_there(client, me):
    """Catches an endpoint that finds a visit by its id only: in the own group, elsewhere, open or ended."""
    mate, stranger = testing.make_participants(2)
    visits = [arrive(client, person).json()["visit_id"] for person in (mate, stranger)]
    arrivals.release(ParticipantLinkBarrier.objects.get(participant=stranger))
    arrive(client, me)
    before = everything_stored()
    for visit_id in [*visits, NOBODY]:
        for method, path in own_endpoints(visit_id):
            response = getattr(client, method)(f"{ME}{path}", headers=signed_in(me), content_type="application/json")
            assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert everything_stored() == before


def test_bodies_and_addresses_cannot_name_whom_it_is_about(client, me):
    """Catches a field that is read although nobody declared it."""
    [other] = testing.make_participants(1)
    body = {"participant": str(other.public_id), "participant_id": str(other.public_id), "public_id": other.pk}
    post(client, me, f"arrive/?participant={other.public_id}", {"barrier_id": "pair_grouper", **body})
    post(client, me, f"leave/?participant={other.public_id}", body)
    assert list(ParticipantLinkBarrier.objects.values_list("participant", flat=True)) == [me.pk]
    other.refresh_from_db()
    assert other.is_active


ENDPOINTS = [
    ("get", ""),
    ("get", "estimate/"),
    ("get", f"visits/{NOBODY}/"),
    ("post", "arrive/"),
    ("post", f"visits/{NOBODY}/extend/"),
    ("post", "leave/"),
]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_nobody_who_is_no_participant_gets_in(client, admin_client, method, path):
    """Neither strangers nor researchers, whatever they may do elsewhere."""
    before = everything_stored()
    for someone in (client, admin_client):
        response = getattr(someone, method)(f"{ME}{path}", content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (401, "invalid_token")
    assert everything_stored() == before


@pytest.mark.parametrize("path", ["arrive/", "leave/", "visits/{}/extend/"])
def test_a_session_needs_the_token_against_forgery_and_a_header_does_not(me, path):
    """Catches a page elsewhere that lets the browser's participant leave."""
    body = {"barrier_id": "pair_grouper"}
    path = path.format(testing.arrive_all([me], "pair_grouper")[0].public_id)
    browser = Client(enforce_csrf_checks=True)
    browser.get(f"/enter/{issue_token(me)}/")
    forged = browser.post(f"{ME}{path}", body, content_type="application/json")
    assert (forged.status_code, forged.json()["detail"][:11]) == (403, "CSRF Failed")
    by_name = {"Authorization": "Basic YTpi"}  # Browsers send that by themselves.
    assert browser.post(f"{ME}{path}", body, content_type="application/json", headers=by_name).status_code == 403
    me.refresh_from_db()
    assert me.is_active
    assert ParticipantLinkBarrier.objects.get().extensions == 0
    browser.cookies["csrftoken"] = "x" * 32
    genuine = {"X-CSRFToken": "x" * 32}
    assert browser.post(f"{ME}{path}", body, content_type="application/json", headers=genuine).status_code == 200
    program = Client(enforce_csrf_checks=True)
    assert post(program, me, path, body).status_code == 200


@pytest.mark.parametrize("n", [2, 200])
def test_visits_cost_the_same_however_many_wait(client, me, n, django_assert_num_queries):
    visit_id = arrive(client, me).json()["visit_id"]
    address = f"{ME}visits/{visit_id}/"
    client.get(address, headers=signed_in(me))
    with CaptureQueriesContext(connection) as few:
        client.get(address, headers=signed_in(me))
    n_queries = len(few)
    arrivals.pause("pair_grouper")
    testing.arrive_all(testing.make_participants(n), "pair_grouper")
    client.get(address, headers=signed_in(me))  # It is noted every few seconds that somebody is there.
    with django_assert_num_queries(n_queries):
        client.get(address, headers=signed_in(me))
    with django_assert_num_queries(n_queries):
        client.get(address, headers=signed_in(me))

"""What is refused: each refusal has a status and a code, and leaves every table as it was."""

import json
from contextlib import contextmanager

import pytest
from django.conf import settings as site
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.test import Client

from syncgroups import testing
from syncgroups.identity import SALT, SESSION_KEY, issue_token
from tests.acceptance.participant_site import (
    DEFAULT_RESOLVER,
    barriers_of_the_site,
    everything_stored,
    make_pair,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]

PAGE, POLL = "/lobby/", "/sync/api/v1/me/"
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with barriers_of_the_site():
        yield


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


@contextmanager
def nothing_written():
    """Fails when a row of any table was added, changed or removed."""
    before = everything_stored()
    yield
    assert everything_stored() == before


def assert_refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["detail"]


def forged(participant):
    return issue_token(participant)[:-3] + "abc"


def signed_by_another_site(participant):
    return signing.dumps({"id": str(participant.public_id), "cohort": ""}, key="another site's key", salt=SALT)


def for_another_purpose(participant):
    return signing.dumps({"id": str(participant.public_id), "cohort": ""}, salt="password-reset")


def of_nobody(participant):
    return signing.dumps({"id": "7d1b7d1c-0000-4000-8000-000000000000", "cohort": ""}, salt=SALT)


def without_claims(participant):
    return signing.dumps(["not", "claims"], salt=SALT)


def with_a_number_for_an_id(participant):
    return signing.dumps({"id": {"a": 1}}, salt=SALT)


def with_nul(participant):
    return issue_token(participant)[:10] + "\0" + issue_token(participant)[10:]


def of_a_megabyte(participant):
    return "x" * 1_000_000


def beyond_ascii(participant):
    return "töken:ßß:ÿ\xff"


UNFIT_TOKENS = [
    forged,
    signed_by_another_site,
    for_another_purpose,
    of_nobody,
    without_claims,
    with_a_number_for_an_id,
    with_nul,
    of_a_megabyte,
    beyond_ascii,
    lambda participant: ":::::",
    lambda participant: "e30:1:AAAA",
    lambda participant: ".eJw:1:AAAA",
]


@pytest.mark.parametrize("address", [PAGE, POLL])
@pytest.mark.parametrize("make_token", UNFIT_TOKENS)
def test_an_unfit_token_in_the_header_is_401(client, participant, address, make_token):
    with nothing_written():
        response = client.get(address, headers=JSON, HTTP_AUTHORIZATION=f"Participant {make_token(participant)}")
        assert_refused(response, 401, "invalid_token")
    assert response["WWW-Authenticate"] == "Participant"


@pytest.mark.parametrize("address", [PAGE, POLL])
@pytest.mark.parametrize("content", [7, ["a"], {"a": 1}, True, "\0", "\ud800", "forged", "x" * 100_000])
def test_unfit_content_of_a_session_is_401(client, address, content):
    session = client.session
    session[SESSION_KEY] = content
    session.save()
    with nothing_written():
        assert_refused(client.get(address, headers=JSON), 401, "invalid_token")


@pytest.mark.parametrize("address", [PAGE, POLL])
@pytest.mark.parametrize("cookie", ['"abcdefgh\\000"', "x" * 5000, "ÿÿÿÿÿÿÿÿ", "no-such-session"])
def test_an_unfit_session_cookie_is_401(client, address, cookie):
    with nothing_written():
        response = client.get(address, headers=JSON, HTTP_COOKIE=f"{site.SESSION_COOKIE_NAME}={cookie}")
        assert_refused(response, 401, "invalid_token")


def test_a_session_whose_stored_data_are_garbage_is_401(client):
    session = SessionStore()
    session.save()
    session.model.objects.filter(pk=session.session_key).update(session_data="garbage")
    client.cookies[site.SESSION_COOKIE_NAME] = session.session_key
    with nothing_written():
        assert_refused(client.get(POLL, headers=JSON), 401, "invalid_token")


@pytest.mark.parametrize("address", [PAGE, POLL])
def test_nobody_signed_in_is_401(client, address):
    with nothing_written():
        assert_refused(client.get(address, headers=JSON), 401, "invalid_token")


@pytest.mark.parametrize("address", [PAGE, POLL])
@pytest.mark.parametrize("header", ["Participant", "Participant ", "participant x", "Participant\tx", "\xff\xfe", "\0"])
def test_a_malformed_header_is_401(client, address, header):
    with nothing_written():
        assert_refused(client.get(address, headers=JSON, HTTP_AUTHORIZATION=header), 401, "invalid_token")


@pytest.mark.parametrize("address", [PAGE, POLL])
def test_an_expired_token_is_401(client, participant, settings, address):
    headers = signed_in(participant)
    settings.SYNCGROUPS_TOKEN_MAX_AGE = -1
    with nothing_written():
        response = client.get(address, headers=headers)
        assert_refused(response, 401, "invalid_token")
    assert "expired" in response.json()["detail"]


@pytest.mark.parametrize("address", [PAGE, POLL])
def test_a_token_from_before_the_participant_changed_the_cohort_is_403(client, participant, address):
    headers = signed_in(participant)
    type(participant).objects.update(cohort="tuesday")
    with nothing_written():
        assert_refused(client.get(address, headers=headers), 403, "wrong_cohort")


def test_a_page_for_one_cohort_is_403_for_another(client):
    stranger, member = testing.make_participants(1, cohort="tuesday") + testing.make_participants(1, cohort="monday")
    with nothing_written():
        assert_refused(client.get("/monday/", headers=signed_in(stranger)), 403, "wrong_cohort")
    assert client.get("/monday/", headers=signed_in(member)).status_code == 200


def test_a_header_that_signs_in_nobody_is_not_made_up_for_by_the_session(client, participant):
    client.get(f"/enter/{issue_token(participant)}/")
    with nothing_written():
        assert_refused(client.get(POLL, headers={**JSON, "Authorization": "Participant x"}), 401, "invalid_token")
    assert client.get(POLL, headers={**JSON, "Authorization": "Basic x"}).status_code == 200


UNKNOWN = ["nowhere", "%00", "pair_grouper%00", "x" * 5000, "%FF%FE", "%ED%A0%80", "%3Cscript%3E", "' OR 1=1 --"]


@pytest.mark.parametrize("barrier", UNKNOWN)
def test_an_unknown_barrier_is_404(client, participant, barrier):
    with nothing_written():
        response = client.get(f"/at/{barrier}/", headers=signed_in(participant))
        assert_refused(response, 404, "barrier_not_registered")
    assert "pair_grouper" not in response.json()["detail"], "what else there is on the site is nobody's business"


def test_an_unknown_barrier_is_a_page_for_a_browser(client, participant):
    with nothing_written():
        response = client.get("/at/nowhere/", headers=signed_in(participant, Accept="text/html"))
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
    assert "pair_grouper" not in response.content.decode()


@pytest.mark.parametrize("visit", ["%00", "a%00b", "x" * 101, "%F0%9F%98%80" * 101])
def test_the_name_of_a_visit_that_cannot_be_stored_is_404(client, visit):
    pair = make_pair()
    with nothing_written():
        assert_refused(client.get(f"/together/{visit}/", headers=signed_in(pair[0])), 404, "invalid_visit")


@pytest.mark.parametrize("visit", ["x" * 100, "%F0%9F%98%80", "%FF", "%3Cb%3E"])
def test_the_name_of_a_visit_may_be_of_any_characters(client, visit):
    pair = make_pair()
    assert client.get(f"/together/{visit}/", headers=signed_in(pair[0])).status_code == 200


@pytest.mark.parametrize("end", ["fail", "leave", "finish"])
def test_who_takes_part_no_longer_cannot_arrive(client, participant, end):
    getattr(participant, end)("over")
    with nothing_written():
        assert_refused(client.get(PAGE, headers=signed_in(participant)), 403, "participant_not_active")


def test_arriving_at_a_grouper_while_in_a_group_of_its_type_is_409(client):
    pair = make_pair()
    with nothing_written():
        assert_refused(client.get("/again/2/", headers=signed_in(pair[0])), 409, "already_in_group")


def test_arriving_at_a_group_barrier_without_a_group_is_409(client, participant):
    with nothing_written():
        assert_refused(client.get("/together/", headers=signed_in(participant)), 409, "not_in_group")


BODIES = {
    "ten megabytes": (b"a=" + b"x" * 10_000_000, "application/x-www-form-urlencoded"),
    "ten megabytes of JSON": (b'"' + b"x" * 10_000_000 + b'"', "application/json"),
    "no UTF-8": (b"a=\xff\xfe\x00", "application/x-www-form-urlencoded"),
    "no JSON": (b"{]\xff", "application/json"),
    "half a multipart": (b"--x\r\nContent-Disposition: form-data; name=\xff", "multipart/form-data; boundary=x"),
    "an unknown charset": (b"a=1", "application/x-www-form-urlencoded; charset=klingon"),
}


@pytest.mark.parametrize("address", [PAGE, POLL])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_writing_to_what_can_only_be_read_is_405_whatever_the_body(client, participant, address, body, method):
    content, kind = BODIES[body]
    with nothing_written():
        response = client.generic(method, address, content, kind, headers=signed_in(participant))
    assert response.status_code == 405
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("address", [PAGE, POLL])
@pytest.mark.parametrize("body", BODIES)
def test_a_body_is_4xx_where_forgery_is_checked_for(participant, address, body):
    content, kind = BODIES[body]
    with nothing_written():
        strict_client = Client(enforce_csrf_checks=True)
        response = strict_client.generic("POST", address, content, kind, headers=signed_in(participant))
    assert 400 <= response.status_code < 500


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_comes_with_a_poll_is_ignored(client, participant, body):
    content, kind = BODIES[body]
    assert client.generic("GET", POLL, content, kind, headers=signed_in(participant)).status_code == 200


ACCEPTS = ["", ";", ";;q", "\xff\xfe", "text/html;q=x", "*/*;q=NaN", "a" * 10_000, "application/json;\0", ",,,"]


@pytest.mark.parametrize("accept", ACCEPTS)
def test_a_malformed_accept_header_is_answered(client, accept):
    assert client.get(PAGE, HTTP_ACCEPT=accept).status_code == 401


@pytest.mark.parametrize("etag", ['"', "W/", "*, *", '"\xff"', "x" * 10_000, '"a",,,"b', "\0"])
def test_a_malformed_etag_is_no_match(client, participant, etag):
    response = client.get(POLL, headers=signed_in(participant), HTTP_IF_NONE_MATCH=etag)
    assert response.status_code == 200


@pytest.mark.parametrize("query", ["?participant=1", "?id=%00", "?next=//evil.example", "?%FF=%FE", "?token=x"])
def test_a_query_string_changes_nothing(client, participant, query):
    other = testing.make_participants(1)[0]
    answer = client.get(POLL + query, headers=signed_in(participant))
    assert answer.json()["participant_id"] == str(participant.public_id)
    assert str(other.public_id) not in json.dumps(answer.json())


@pytest.mark.parametrize("name", ["next", "url", "redirect", "next_url", "barrier_id"])
def test_where_to_go_on_is_never_read_from_the_request(client, name):
    pair = make_pair()
    response = client.get("/lobby/", {name: "https://evil.example/"}, headers=signed_in(pair[0]))
    assert (response.status_code, response["Location"]) == (302, "/next/")


def test_a_refused_request_is_no_sign_of_life(client, participant):
    """Fails when presence is noted before access is checked."""
    client.get("/together/", headers=signed_in(participant))
    client.get("/at/nowhere/", headers=signed_in(participant))
    assert last_seen(participant) is None
    client.get(PAGE, headers=signed_in(participant))
    assert last_seen(participant) is not None


def last_seen(participant):
    return type(participant).objects.get().last_seen_at

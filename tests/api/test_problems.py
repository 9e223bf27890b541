"""Whatever goes wrong, programs are told in one form: problem details, with a code that stays."""

import sys
from urllib.parse import quote

import pytest
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.test import Client

from syncgroups import testing
from syncgroups.api.participant import StandingView
from syncgroups.api.researcher import GroupViewSet
from syncgroups.identity import issue_token
from tests.acceptance import researchers
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.urls("tests.acceptance.participant_site")]

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with barriers_of_the_site():
        yield


@pytest.fixture
def ada():
    return researchers.signed_in(researchers.staff("ada", is_superuser=True))


def assert_problem(response, status, code):
    """Everything that the standard asks for, and the code."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert (told["status"], told["code"], told["type"]) == (status, code, f"urn:syncgroups:problem:{code}")
    assert told["instance"] == quote(response.request["PATH_INFO"])
    assert told["title"]
    assert told["detail"]
    assert "no-store" in response["Cache-Control"]
    return told


@pytest.mark.parametrize("address", ["/sync/api/v1/me/", "/sync/api/v1/me/estimate/", "/lobby/"])
def test_a_participant_who_is_unknown_is_told_so(client, address):
    """Catches an endpoint, or a page that is asked for JSON, that tells of errors in a form of its own."""
    response = client.get(address, headers={"Accept": "application/json"})
    assert_problem(response, 401, "invalid_token")
    assert response["WWW-Authenticate"] == "Participant"


def test_a_page_tells_who_takes_part_no_longer(client):
    [person] = testing.make_participants(1)
    person.leave()
    assert_problem(client.get("/lobby/", headers=signed_in(person)), 403, "participant_not_active")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("participants/?nonsense=1", 400, "invalid"),
        (f"participants/{NOBODY}/", 404, "not_found"),
        ("participants/7/", 404, "not_found"),
        ("participants/%00/", 404, "not_found"),
        ("barriers/%00/", 404, "not_found"),
        ("barriers/a%0Ab/", 404, "not_found"),
        ("groups/?cursor=x", 404, "not_found"),
        ("nothing/", 404, "not_found"),
        ("participants", 404, "not_found"),
    ],
)
def test_a_researcher_is_told_what_was_wrong(ada, path, status, code):
    told = assert_problem(ada.get(f"/sync/api/v1/{path}"), status, code)
    assert ("errors" in told) == (status == 400)


def test_a_researchers_errors_are_named_by_field(ada):
    told = assert_problem(ada.get("/sync/api/v1/visits/?state=gone&group=x"), 400, "invalid")
    assert told["errors"].keys() == {"state", "group"}
    assert all(isinstance(sentence, str) for sentences in told["errors"].values() for sentence in sentences)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
@pytest.mark.parametrize("path", ["nothing/", "me/arrive", "participants"])
def test_programs_that_send_something_to_no_address_are_told_that_there_is_none(method, path):
    """Catches Django's page about forgery, for a slash that is missing."""
    response = getattr(Client(enforce_csrf_checks=True), method)(f"/sync/api/v1/{path}")
    assert_problem(response, 404, "not_found")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/problem+json", "x"])
def test_what_a_client_accepts_is_no_reason_to_tell_it_nothing(ada, accept):
    assert ada.get("/sync/api/v1/groups/", headers={"Accept": accept})["Content-Type"] == "application/json"


def test_malformed_and_foreign_contents_are_refused(ada):
    [person] = testing.make_participants(1)
    address = f"/sync/api/v1/participants/{person.public_id}/fail/"
    for malformed in ("{", 100_000 * "[", '{"reason":' + 100_000 * "["):
        assert_problem(ada.post(address, malformed, content_type="application/json"), 400, "parse_error")
    assert_problem(ada.post(address, {"reason": "x"}), 415, "unsupported_media_type")
    assert_problem(ada.post(address, "[]", content_type="application/json"), 400, "invalid")
    assert_problem(ada.delete(address), 405, "method_not_allowed")


def test_secrets_in_the_address_are_not_repeated():
    """Catches an `instance` with the query in it: some sites put tokens there."""
    response = Client().get("/sync/api/v1/me/?token=secret")
    assert b"secret" not in response.content


# What nobody foresaw


@pytest.fixture
def broken(monkeypatch):
    """Lets every endpoint of both sides raise this error, and gathers what whoever watches errors is told."""
    heard = []

    def hear(**kwargs):
        heard.append(sys.exception())

    def break_by(error):
        def fail(*args, **kwargs):
            raise error

        monkeypatch.setattr(StandingView, "get", fail)
        monkeypatch.setattr(GroupViewSet, "list", fail)
        return heard

    got_request_exception.connect(hear)
    yield break_by
    got_request_exception.disconnect(hear)


def sent(ada, path):
    """As a program sends it, which is told of errors rather than raising them."""
    ada.raise_request_exception = False
    [person] = testing.make_participants(1)
    return ada.get(f"/sync/api/v1/{path}", headers=signed_in(person) if path == "me/" else {})


@pytest.mark.parametrize("path", ["me/", "groups/"])
def test_programs_are_told_of_errors_that_nobody_foresaw_and_so_are_their_watchers(ada, broken, caplog, path):
    """Catches a page in HTML, and an error that no log and no error reporter ever hears of."""
    error = ZeroDivisionError("secret")
    heard = broken(error)
    told = assert_problem(sent(ada, path), 500, "server_error")
    assert "secret" not in str(told)
    assert heard == [error]
    assert [record.exc_info[1] for record in caplog.records if record.exc_info] == [error]


@pytest.mark.parametrize("path", ["me/", "groups/"])
def test_a_database_that_is_away_is_worth_another_try(ada, broken, path):
    broken(OperationalError("the server closed the connection"))
    response = sent(ada, path)
    assert_problem(response, 503, "database_busy")
    assert response["Retry-After"] == "1"


@pytest.mark.parametrize("setting", ["DEBUG", "DEBUG_PROPAGATE_EXCEPTIONS"])
def test_errors_are_raised_where_the_site_wants_them_to_be(ada, broken, settings, setting):
    setattr(settings, setting, True)
    broken(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        ada.get("/sync/api/v1/groups/")


def test_a_body_that_is_too_large_is_refused(settings):
    """Catches Django's page about that, and JSON that is read without end."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    [person] = testing.make_participants(1)
    browser = Client(enforce_csrf_checks=True)
    browser.get(f"/enter/{issue_token(person)}/")
    browser.cookies["csrftoken"] = "x" * 32
    body, kind = "a=" + 200 * "x", "application/x-www-form-urlencoded"
    assert_problem(browser.post("/sync/api/v1/me/leave/", body, content_type=kind), 413, "too_large")
    program = Client(headers=signed_in(person))
    ours = program.post("/sync/api/v1/me/arrive/", {"barrier_id": 200 * "x"}, content_type="application/json")
    assert_problem(ours, 413, "too_large")
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    assert_problem(browser.post("/sync/api/v1/me/leave/", "a=1&b=1", content_type=kind), 400, "bad_request")


@pytest.mark.parametrize("path", ["me/", "groups/"])
@pytest.mark.parametrize("header", ["If-Match", "If-Unmodified-Since"])
def test_reading_has_no_condition_but_that_it_be_news(ada, path, header):
    """Catches Django's page about conditions that do not hold."""
    [person] = testing.make_participants(1)
    condition = {header: '"x"' if header == "If-Match" else "Thu, 01 Jan 1970 00:00:00 GMT"}
    headers = {**signed_in(person), **condition} if path == "me/" else condition
    assert ada.get(f"/sync/api/v1/{path}", headers=headers).status_code == 200
    headers["If-None-Match"] = "*"
    assert ada.get(f"/sync/api/v1/{path}", headers=headers).status_code == 304


@pytest.mark.parametrize("said", ['{"reason": "x", "seen": {"\\ud800": "x"}}', '{"reason": "x", "then": "\\ud800"}'])
def test_half_a_character_is_refused_before_it_is_repeated(ada, said):
    """Catches: a sentence about what makes no sense that cannot be sent."""
    with testing.declared(*researchers.declarations()):
        group = researchers.pairs_waiting(1).group
    response = ada.post(f"/sync/api/v1/groups/{group.public_id}/replace/", said, content_type="application/json")
    assert_problem(response, 400, "parse_error")

"""The client for programs, against a running site: what it asks, what it is refused, and that it needs no Django."""

import asyncio
import json
import socket
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import get_type_hints

import httpx
import pytest
from django.core.cache import cache
from rest_framework.authtoken.models import Token

from syncgroups import testing
from syncgroups.api.openapi import description
from syncgroups.client import AsyncParticipant, Participant, Problem, Researcher, rows
from syncgroups.identity import issue_token
from syncgroups.models import SyncGroup
from tests.acceptance import researchers
from tests.acceptance.participant_site import DEFAULT_RESOLVER

from .test_acting import NOBODY

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.acceptance.participant_site"),
    pytest.mark.once,
]


@pytest.fixture(autouse=True)
def _site(settings):
    cache.clear()
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    barriers = researchers.declarations()
    barriers[0].open_to_api, barriers[0].extensions = True, 1
    with testing.declared(*barriers):
        yield


@pytest.fixture
def api(live_server):
    return f"{live_server.url}/sync/api/v1/"


def test_a_participants_program_goes_the_whole_way(api):
    one, other = (Participant(f"{api}me/", token=issue_token(person)) for person in testing.make_participants(2))
    visit = one.arrive("rps_grouper", "1")
    assert (visit.state, visit.visit, visit.extensions_left) == ("waiting", "1", 1)
    longer = one.extend(visit)
    assert longer.until > visit.until
    assert one.extend(visit) == longer == one.visit(visit.visit_id)
    [wait] = one.standing().waits
    assert (wait.visit_id, wait.n_here, wait.n_needed) == (visit.visit_id, 1, 2)
    other.arrive("rps_grouper")
    testing.process("rps_grouper")
    assert one.visit(visit.visit_id).state == "released"
    standing = one.standing()
    assert [group.group_type for group in standing.groups] == ["rps"]
    left = one.leave()
    assert (left.status, left.waiting) == ("left", False)


def test_what_has_not_changed_is_not_sent_again(api):
    [person] = testing.make_participants(1)
    answers = []
    http = httpx.Client(event_hooks={"response": [lambda response: answers.append(response.status_code)]})
    me = Participant(f"{api}me/", token=issue_token(person), http=http)
    assert me.standing() == me.standing()
    assert answers == [200, 304]


def test_a_program_that_does_several_things_at_once_is_answered_alike(api):
    [person] = testing.make_participants(1)
    token = issue_token(person)

    async def go():
        async with httpx.AsyncClient() as http:
            me = AsyncParticipant(f"{api}me/", token=token, http=http)
            visit = await me.arrive("rps_grouper")
            return visit, await me.extend(visit), await me.visit(visit.visit_id), await me.standing(), await me.leave()

    visit, longer, seen, standing, left = asyncio.run(go())
    assert (visit.state, longer, standing.waiting, left.status) == ("waiting", seen, True, "left")


def test_a_refusal_is_a_problem_with_its_code_and_the_time_to_wait(api, settings):
    [person] = testing.make_participants(1)
    me = Participant(f"{api}me/", token=issue_token(person))
    with pytest.raises(Problem, match="There is no such barrier") as caught:
        me.arrive("choice_made")
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (404, "barrier_not_registered", 0)
    with pytest.raises(Problem) as caught:
        Participant(f"{api}me/", token="forged").standing()
    assert (caught.value.status, caught.value.code) == (401, "invalid_token")
    settings.SYNCGROUPS_POLL_RATE = "1/hour"
    me.standing()
    with pytest.raises(Problem) as caught:
        me.standing()
    assert caught.value.status == 429
    assert caught.value.retry_after > 0


def test_a_researchers_program_reads_every_page_and_steers(api):
    scene = researchers.pairs_waiting(3)
    token = Token.objects.create(user=researchers.staff("root", is_superuser=True)).key
    with Researcher(api, token=token) as lab:
        groups = list(lab.all("groups", page_size=1, ordering="created"))
        assert len({group["public_id"] for group in groups}) == 3
        assert lab.get("barriers", "choice_made", cohort="c0")["n_waiting"] == 1
        entry = lab.act("groups", groups[0]["public_id"], "pause", reason="fire alarm", seen=groups[0]["facts"])
        assert (entry["verb"], entry["by"], entry["reason"]) == ("pause", "root", "fire alarm")
        assert SyncGroup.objects.get(pk=scene.group.pk).paused
        entry = lab.act("barriers", "choice_made", "message", cohort="c1", reason="x", text="Hold on.")
        assert entry["cohort"] == "c1"
        with pytest.raises(Problem) as caught:
            lab.act("groups", groups[0]["public_id"], "put-off", reason="", seconds=0)
        assert caught.value.errors.keys() == {"reason", "seconds"}
        with pytest.raises(Problem) as caught:
            lab.get("visits", NOBODY)
        assert (caught.value.status, caught.value.code) == (404, "not_found")


def test_a_researchers_program_asks_why_nothing_moves(api):
    researchers.pairs_waiting(1)
    token = Token.objects.create(user=researchers.reader()).key
    with Researcher(api, token=token) as lab:
        told = lab.explain("barriers", "choice_made", cohort="c0")
    assert told["facts"][0].keys() == {"code", "level", "sentence"}


def test_a_participants_program_asks_how_long_it_may_take(api):
    [person] = testing.make_participants(1)
    with Participant(f"{api}me/", token=issue_token(person)) as me:
        estimate = me.estimate(me.arrive("rps_grouper").visit_id, "de")
    assert (estimate.seconds, estimate.basis) == (None, "")
    assert estimate.text
    with pytest.raises(RuntimeError, match="closed"):
        me.standing()


ROWS = {
    "Participant": rows.ParticipantRow,
    "Group": rows.GroupRow,
    "Member": rows.Member,
    "Barrier": rows.Barrier,
    "OneBarrier": rows.OneBarrier,
    "Visit": rows.VisitRow,
    "Audit": rows.Entry,
    "Explanation": rows.Explanation,
    "Fact": rows.Fact,
}


@pytest.mark.parametrize("name", ROWS)
def test_types_of_rows_are_those_that_are_described(name):
    """Catches a field that programs are told of, and whose type checkers are not."""
    described = description()["components"]["schemas"][name]["properties"]
    hints = get_type_hints(ROWS[name])
    assert hints.keys() == described.keys()
    plain = {"string": str, "integer": int, "number": float, "boolean": bool}
    for field, kind in described.items():
        if kind.get("type") in plain:
            expected = plain[kind["type"]]
            assert hints[field] == (expected | None if kind.get("nullable") else expected), field


# Servers that do not answer as the API does


@contextmanager
def server(status, headers, body, seen=None):
    """Answers everything by this."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if seen is not None:
                seen.append((self.path, self.headers.get("Authorization")))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/"
        httpd.shutdown()


PROBLEM = {"Content-Type": "application/problem+json; charset=utf-8"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "code"),
    [
        (301, {"Location": "/elsewhere/"}, b"", ""),
        (200, {"Content-Type": "text/html"}, b"<h1>Sign in to this network</h1>", ""),
        (200, {"Content-Type": "application/json"}, b"[]", ""),
        (502, PROBLEM, b"{", ""),
        (502, PROBLEM, b"\xff", ""),
        (409, PROBLEM, b'{"code": "group_full", "detail": "Full."}', "group_full"),
    ],
)
def test_whatever_is_answered_is_a_problem_where_it_is_no_answer_of_the_api(status, headers, body, code):
    """Catches an error of another kind, which no program is prepared for."""
    with server(status, headers, body) as address:
        for ask in (Participant(address).standing, lambda: Researcher(address).get("groups", "x")):
            with pytest.raises(Problem) as caught:
                ask()
            assert (caught.value.status, caught.value.code) == (status, code)


@pytest.mark.parametrize(
    "body", [{"a": 1}, {"results": 1, "next": None}, {"results": [], "next": 5}, {"results": [], "next": "http://x:y/"}]
)
def test_json_of_another_shape_is_a_problem(body):
    """Catches an error of Python's, where a server in between says that all is well."""
    with server(200, {}, json.dumps(body).encode()) as address:
        for ask in (
            Participant(address).standing,
            lambda: Participant(address).estimate("x"),
            lambda: list(Researcher(address).all("groups")),
        ):
            with pytest.raises(Problem, match="no answer of the API"):
                ask()


def test_a_standing_with_waits_of_another_shape_is_a_problem(api):
    [person] = testing.make_participants(1)
    told = httpx.get(f"{api}me/", headers={"Authorization": f"Participant {issue_token(person)}"}).json()
    with server(200, {}, json.dumps({**told, "waits": [1]}).encode()) as address, pytest.raises(Problem):
        Participant(address).standing()


@pytest.mark.parametrize(
    ("how", "sent"),
    [
        ({"http": httpx.Client(auth=("ada", "secret"))}, "Basic YWRhOnNlY3JldA=="),
        ({"auth": ("ada", "secret")}, "Basic YWRhOnNlY3JldA=="),
        ({"token": "secret"}, "Token secret"),
        ({}, None),
    ],
)
def test_who_signs_in_by_a_client_of_their_own_is_signed_in(how, sent):
    """Catches an `http` that is given, and whose own way to sign in is overruled by none."""
    seen = []
    with server(200, {}, b'{"results": [], "next": null}', seen) as address, Researcher(address, **how) as lab:
        assert list(lab.all("groups")) == []
    assert seen == [("/groups/", sent)]


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("Fri, 31 Dec 2100 23:59:59 GMT", 3600, 1e10),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
        ("soon", 0, 0),
        ("7", 7, 7),
    ],
)
def test_the_time_to_wait_may_be_a_date(header, least, most):
    with server(503, {"Retry-After": header}, b"") as address, pytest.raises(Problem) as caught:
        Participant(address).standing()
    assert least <= caught.value.retry_after <= most


def test_a_token_is_sent_to_no_other_server(api):
    """Catches a page whose next one is said to be elsewhere."""
    seen = []
    with server(200, {}, b'{"results": [], "next": null}', seen) as elsewhere:
        body = json.dumps({"results": [{}], "next": f"{elsewhere}groups/?cursor=x"})
        own = []
        with server(200, {}, body.encode(), own) as address, Researcher(address, token="secret") as lab:
            pages = lab.all("groups", cohort="monday")
            next(pages), next(pages)
    assert seen == []
    assert own == [("/groups/?cohort=monday", "Token secret"), ("/groups/?cursor=x", "Token secret")]


def test_a_connection_that_is_not_made_is_tried_again():
    """Catches a program that ends because the server is restarted."""
    with socket.socket() as sleeper:
        sleeper.bind(("127.0.0.1", 0))

        def wake(event, info):
            if event == "connection.connect_tcp.failed":
                sleeper.listen()

        me = Participant(f"http://127.0.0.1:{sleeper.getsockname()[1]}/")
        me._http.event_hooks = {"request": [lambda request: request.extensions.update(trace=wake)]}
        me._http.timeout = httpx.Timeout(10, read=0.1)
        # Connected, and nobody answers.
        with pytest.raises(httpx.ReadTimeout):
            me.standing()


def test_it_needs_no_django():
    script = "import sys; sys.modules.update(django=None, rest_framework=None); import syncgroups.client"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

"""Nobody is sent to another site, and nothing that was sent becomes a header of its own."""

import re
from urllib.parse import quote, unquote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect
from django.test import Client
from django.urls import include, path, reverse

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.views import BarrierView
from syncgroups.waiting import Activity, WaitPage
from tests.acceptance import researchers
from tests.acceptance.demo_windows import Window
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, make_pair, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "\thttps://evil.example/",
    "https://testserver@evil.example/",
    "/%0d%0aLocation:%20https://evil.example/",
]
BREAKS = ["\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "\u010d\u010aX-Evil: 1", "\u2028X-Evil: 1", "a\0b"]
NAMES = ["next", "next_url", "url", "redirect", "redirect_to", "end_url", "return", "barrier_id", "visit"]


class ByName(BarrierView):
    """Goes on to a page of which the address names the visit."""

    barrier_id = "pair_grouper"

    def get_next_url(self):
        return reverse("named", args=[self.kwargs["visit"]])


def something_to_do(request):
    return redirect("/") if request.method == "POST" else HttpResponse("something to do")


urlpatterns = [
    path("sync/", include("syncgroups.urls")),
    path("busy/<str:visit>/", BarrierView.as_view(barrier_id="busy", next_url="/on/")),
    path("<path:anything>/busy/", BarrierView.as_view(barrier_id="busy", next_url="/on/")),
    path("<path:anything>/unknown/", BarrierView.as_view(barrier_id="unknown", next_url="/on/")),
    path("by-name/<str:visit>/", ByName.as_view()),
    path("named/<str:visit>/", lambda request, visit: HttpResponse(), name="named"),
]


def assert_stays_here(answer):
    """Whatever a browser makes of the address: it reads `\\` as `/`, and takes out tabs and line breaks."""
    where = answer["Location"].translate(str.maketrans({"\\": "/", "\t": None, "\r": None, "\n": None}))
    parts = urlsplit(where)
    assert (parts.scheme, parts.netloc) == ("", ""), where
    assert where.startswith("/")
    assert not where.startswith("//")


def assert_no_header_was_added(answer):
    assert "X-Evil" not in answer.headers
    for name, value in answer.items():
        assert not {"\r", "\n", "\0"} & {*name, *value}, (name, value)


@pytest.fixture
def _by_default(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER


# Pages of participants


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("address", ["/rps/", "/rps/players/1/", "/rps/players/1/leave/", "/rps/players/1/rounds/1/"])
def test_no_form_of_the_demo_says_where_to_go_on(address, where):
    window = Window.agreeing()
    wishes = dict.fromkeys(NAMES, where)
    form = window.client.get("/rps/").context["form"].initial | {"agree": "on", "move": "rock"}
    answer = window.client.post(f"{address}?next={quote(where)}", {**wishes, **form})
    assert answer.status_code == 302
    assert_stays_here(answer)


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/players/1", "/\\evil.example/sync/api/v1/me"])
def test_a_slash_that_is_missing_leads_to_no_other_site(client, path):
    answer = client.get("/", PATH_INFO=path)
    assert answer.status_code in {301, 404}
    if answer.status_code == 301:
        assert_stays_here(answer)


@pytest.mark.urls("tests.security.test_redirects")
@pytest.mark.usefixtures("_by_default")
@pytest.mark.parametrize("name", [*BREAKS, *(where for where in ELSEWHERE if "/" not in where)])
def test_the_name_of_a_visit_is_quoted_where_it_becomes_part_of_an_address(client, name):
    with barriers_of_the_site():
        person = make_pair()[0]
        person.barrier_links.update(visit=name.replace("\0", ""))
        answer = client.get(f"/by-name/{quote(name)}/", headers=signed_in(person))
    assert_no_header_was_added(answer)
    if "\0" in name:
        assert answer.status_code == 404
    else:
        assert_stays_here(answer)
        assert unquote(answer["Location"]) == f"/named/{name}/"


@pytest.mark.parametrize("text", BREAKS)
def test_what_is_sent_to_the_demo_becomes_no_header(text):
    window = Window.agreeing()
    sent = dict.fromkeys([*NAMES, "cohort", "ticket", "move", "agree"], text)
    for address in ("/", "/rps/players/1/", "/rps/players/1/rounds/1/", "/sync/api/v1/me/", "/rps/players/1/standing/"):
        for answer in (window.client.get(address, sent), window.client.post(address, sent)):
            assert answer.status_code < 500
            assert_no_header_was_added(answer)


@pytest.fixture
def _busy(_by_default):
    with testing.declared(Barrier("busy", [Activity(something_to_do), WaitPage()], extensions=2, max_wait_time=600)):
        yield


@pytest.mark.urls("tests.security.test_redirects")
@pytest.mark.usefixtures("_busy")
@pytest.mark.parametrize("path", ["//evil.example/busy/", "///evil.example/busy/", "/\\evil.example/busy/"])
def test_a_waiting_page_that_leads_to_itself_leads_to_no_other_site(client, path):
    """Catches a path that becomes an address: `//evil.example/` is one of another site."""
    headers = signed_in(testing.make_participants(1)[0], Accept="text/html")
    answer = client.get("/", PATH_INFO=path, headers=headers)
    assert_stays_here(answer)
    for query, data in (("turn=0", {"done": 1}), ("turn=7", {"done": 1}), ("", {"syncgroups": "extend"})):
        answer = client.post("/", data, headers=headers, PATH_INFO=path, QUERY_STRING=query)
        assert_stays_here(answer)
    page = client.get("/", PATH_INFO=path, headers=headers).content.decode()
    [onwards] = re.findall(r'data-turn-url="([^"]*)"', page)
    assert onwards.startswith("/")
    assert not onwards.startswith("//")


@pytest.mark.urls("tests.security.test_redirects")
@pytest.mark.usefixtures("_busy")
def test_nor_does_a_page_that_says_what_is_wrong(client):
    headers = signed_in(testing.make_participants(1)[0], Accept="text/html")
    with testing.declared(SimpleGrouper("pair", initial_group_size=2), GroupBarrier("unknown", "pair")):
        page = client.get("/", PATH_INFO="//evil.example/unknown/", headers=headers)
    assert page.status_code == 409
    assert 'href="/%2Fevil.example/unknown/"' in page.content.decode()


@pytest.mark.urls("tests.security.test_redirects")
@pytest.mark.usefixtures("_busy")
@pytest.mark.parametrize("name", ["a?b", "a#b", "50%", "a b", "é"])
def test_a_waiting_page_finds_back_to_its_visit_whatever_that_is_called(client, name):
    """Fails when the path is not quoted: a question mark in it begins a query, and leads to another page."""
    headers = signed_in(testing.make_participants(1)[0], Accept="text/html")
    answer = client.get(f"/busy/{quote(name)}/", headers=headers)
    assert urlsplit(answer["Location"])[2:] == (f"/busy/{quote(name)}/", "turn=0", "")
    assert client.get(answer["Location"], headers=headers).content == b"something to do"


# Pages of researchers


@pytest.mark.parametrize("where", ELSEWHERE)
def test_signing_in_to_the_admin_leads_to_no_other_site(client, settings, where):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a quick one
    User.objects.create_superuser("root", password="secret")
    answer = client.post(reverse("admin:login"), {"username": "root", "password": "secret", "next": where})
    assert answer.status_code == 302
    assert_stays_here(answer)
    assert_no_header_was_added(answer)


@pytest.fixture
def scene():
    with testing.declared(*researchers.declarations()):
        yield researchers.pairs_waiting(1)


@pytest.mark.parametrize("query", [*ELSEWHERE, *BREAKS, "../../../evil/", "#//evil.example"])
def test_after_a_verb_researchers_are_sent_back_to_the_list_whatever_the_form_says(scene, query):
    """Catches a `query` or another field that is taken for the whole address."""
    root = researchers.signed_in(researchers.staff("root", is_superuser=True))
    wishes = {**dict.fromkeys(NAMES, query), "_changelist_filters": query, "query": query}
    for action, row in (("pause", scene.record), ("fail", scene.waiter)):
        data = {"action": action, "_selected_action": [row.pk], "confirmed": "1", "reason": "x", **wishes}
        answer = root.post(researchers.list_url(row), data)
        assert answer.status_code == 302
        assert_stays_here(answer)
        assert_no_header_was_added(answer)
        assert answer["Location"].startswith(researchers.list_url(row))


@pytest.mark.parametrize("query", [*ELSEWHERE, *BREAKS])
def test_the_way_back_that_a_researcher_is_offered_leads_to_the_list(scene, query):
    root = researchers.signed_in(researchers.staff("root", is_superuser=True))
    page = researchers.act(root, "fail", scene.waiter, query=query)
    assert page.context["back_url"].startswith(f"{researchers.list_url(scene.waiter)}?")


@pytest.mark.parametrize("text", BREAKS)
def test_a_host_that_is_not_the_sites_is_refused(text):
    for host in ("evil.example", "testserver" + text, "testserver:80@evil.example"):
        answer = Client().get("/", HTTP_HOST=host)
        assert answer.status_code == 400
        assert_no_header_was_added(answer)

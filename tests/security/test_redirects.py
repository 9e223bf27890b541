"""Nobody is sent to another site, and nothing that was sent becomes a header of its own."""

from urllib.parse import quote, unquote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path, reverse

from syncgroups import testing
from syncgroups.views import BarrierView
from tests.acceptance import researchers
from tests.acceptance.demo_windows import Window
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, make_pair, signed_in

pytestmark = pytest.mark.django_db

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


urlpatterns = [
    path("sync/", include("syncgroups.urls")),
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


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/players/1", "/\\evil.example/sync/me"])
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
    for address in ("/", "/rps/players/1/", "/rps/players/1/rounds/1/", "/sync/me/", "/rps/players/1/standing/"):
        for answer in (window.client.get(address, sent), window.client.post(address, sent)):
            assert answer.status_code < 500
            assert_no_header_was_added(answer)


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

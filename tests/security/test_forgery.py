"""What another site can make a browser send changes nothing: neither a participant's nor a researcher's session."""

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import reverse

from syncgroups import testing
from syncgroups.identity import issue_token
from tests.acceptance import researchers
from tests.acceptance.demo_windows import pair
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, everything_stored, make_pair
from tests.acceptance.quorum_windows import Seat
from tests.acceptance.regrouping_windows import Chair
from tests.acceptance.test_admin_verbs import NEEDS, chosen, ready

from .addresses import routes

pytestmark = [pytest.mark.django_db, pytest.mark.once]

UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]
ME = "sync/api/v1/me/"
#: What another site can make a browser send without asking ours first: forms, also without a field.
SIMPLE_TYPES = ["application/x-www-form-urlencoded", "text/plain", ""]
SMALL_SITE = "tests.acceptance.participant_site"
DEMO = "project.urls"


def strict(client):
    """Another client with the same cookies, that is checked as browsers are."""
    other = Client(enforce_csrf_checks=True)
    other.cookies = client.cookies
    return other


def assert_forged(answer):
    """Refused for that reason, and not by chance for another one."""
    assert answer.status_code == 403
    if "json" in answer["Content-Type"]:
        assert answer.json()["detail"].startswith("CSRF Failed")
    else:
        assert b"CSRF" in answer.content


def path_of(route, *, player=1, visit_id="00000000-0000-0000-0000-000000000000"):
    parts = {
        "<uuid:visit_id>": str(visit_id),
        "<int:player>": str(player),
        "<int:visit>": "1",
        "<str:visit>": "1",
        "<str:barrier_id>": "pair_grouper",
    }
    for part, text in parts.items():
        route = route.replace(part, text)
    return "/" + route.replace("<str:token>", "x")


def token_of(client, address):
    """What the forms of a page have to send."""
    return client.get(address).context["csrf_token"]


# The demo


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("route", routes(DEMO))
def test_no_address_of_the_demo_takes_a_request_without_the_forms_token(route, method):
    window = pair()[0]
    windows = [window, *(demo.agreeing(window.client) for demo in (Seat, Chair))]
    players = {window.url.split("/")[1]: window.player for window in windows}
    path = path_of(route, player=players.get(route.split("/")[0], 1))
    client = strict(window.client)
    form = {"agree": "on", "move": "rock", **client.get("/rps/").context["form"].initial}
    before = everything_stored()
    for headers in ({}, {"X-CSRFToken": "x" * 64}, {"Origin": "https://evil.example"}):
        data = {**form, "csrfmiddlewaretoken": "x" * 64}
        if method == "POST":
            answer = client.post(path, data, headers=headers)
        else:
            answer = client.generic(method, path, "move=rock", site_form, headers=headers)
        assert_forged(answer)
    assert everything_stored() == before


site_form = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("address", "data"),
    [("/rps/players/1/rounds/1/", {"move": "rock"}), ("/rps/players/1/leave/", {}), ("/rps/", {"agree": "on"})],
)
def test_with_the_forms_token_the_same_request_is_taken(address, data):
    """Or else the tests beside this one would prove nothing."""
    client = strict(pair()[0].client)
    page = "/rps/players/1/rounds/1/" if address.startswith("/rps/players/") else "/rps/"
    form = client.get("/rps/").context["form"].initial if address == "/rps/" else {}
    before = everything_stored()
    answer = client.post(address, {**form, **data, "csrfmiddlewaretoken": token_of(client, page)})
    assert answer.status_code == 302
    assert everything_stored() != before


def test_a_token_from_another_browser_and_a_request_from_another_site_are_refused():
    first, second = (strict(window.client) for window in pair())
    page = "/rps/players/1/rounds/1/"
    own, foreign = token_of(first, page), token_of(second, page)
    before = everything_stored()
    assert first.post(page, {"move": "rock", "csrfmiddlewaretoken": foreign}).status_code == 403
    elsewhere = {"Origin": "https://evil.example"}
    assert first.post(page, {"move": "rock", "csrfmiddlewaretoken": own}, headers=elsewhere).status_code == 403
    assert everything_stored() == before


def test_cookies_are_not_sent_along_by_other_sites_nor_read_by_scripts():
    """Opening a waiting page is arriving: another site must not get there by an image."""
    cookie = pair()[0].client.cookies[site.SESSION_COOKIE_NAME]
    assert cookie["samesite"] == "Lax"
    assert cookie["httponly"]


def test_pages_cannot_be_framed():
    """Catches a button that is pressed unawares."""
    client = pair()[0].client
    for address in ("/", "/rps/players/1/", "/rps/players/1/rounds/1/", reverse("admin:login")):
        assert client.get(address)["X-Frame-Options"] == "DENY"


# The app's pages


@pytest.mark.urls(SMALL_SITE)
@pytest.mark.parametrize("method", UNSAFE)
def test_pages_of_the_app_take_no_request_that_writes(settings, method):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with barriers_of_the_site():
        person, client = make_pair()[0], Client()
        client.get(f"/enter/{issue_token(person)}/")
        before = everything_stored()
        for route in set(routes(SMALL_SITE)) - {"next/", "enter/<str:token>/"}:
            assert_forged(strict(client).generic(method, path_of(route), "move=rock", site_form))
            # Pages do not take any; the API takes JSON.
            refusals = {405, 415} if route.startswith(ME) else {403, 405}
            assert client.generic(method, path_of(route), "move=rock", site_form).status_code in refusals, route
        assert everything_stored() == before


@pytest.mark.urls(SMALL_SITE)
def test_no_verb_of_a_participant_is_carried_out_for_another_site(settings):
    """Catches a verb that takes a form without a field, or refuses it for its type only."""
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with barriers_of_the_site(open_to_api=True, extensions=1):
        [person], client = testing.make_participants(1), Client()
        [visit] = testing.arrive_all([person], "pair_grouper")
        client.get(f"/enter/{issue_token(person)}/")
        before = everything_stored()
        for path in ("arrive/", "leave/", "visits/<uuid:visit_id>/extend/"):
            address = path_of(ME + path, visit_id=visit.public_id)
            for kind in SIMPLE_TYPES:
                assert_forged(strict(client).generic("POST", address, "", kind))
            for body in ("{}", '{"barrier_id": "pair_grouper"}'):
                assert_forged(strict(client).generic("POST", address, body, "application/json"))
        assert everything_stored() == before


# The researchers' pages


@pytest.fixture
def scene():
    with testing.declared(*researchers.declarations()):
        yield researchers.pairs_waiting(1)


@pytest.mark.parametrize("verb", NEEDS)
def test_no_verb_of_the_admin_is_carried_out_without_the_forms_token(scene, verb):
    ready(scene, verb)
    action, row = chosen(scene, verb)
    root = strict(researchers.signed_in(researchers.staff("root", is_superuser=True)))
    before = everything_stored()
    data = {"action": action, "_selected_action": [row.pk], "confirmed": "1", "reason": "forged"}
    for address in (researchers.list_url(row), researchers.page_url(row)):
        assert root.post(address, data).status_code == 403
        assert root.post(address, {**data, "csrfmiddlewaretoken": "x" * 64}).status_code == 403
        # As a link or an image would ask for it.
        assert root.get(address, data).status_code in {200, 302}
    assert everything_stored() == before


@pytest.mark.parametrize("verb", NEEDS)
def test_a_verb_is_carried_out_with_the_token_of_the_page(scene, verb):
    """Or else the test before this one would prove nothing."""
    ready(scene, verb)
    action, row = chosen(scene, verb)
    root = strict(researchers.signed_in(researchers.staff("root", is_superuser=True)))
    token = token_of(root, researchers.list_url(row))
    before = everything_stored()
    researchers.confirm(root, action, row, csrfmiddlewaretoken=token)
    assert everything_stored() != before

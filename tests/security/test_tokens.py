"""What signs nobody in: tokens, sessions and tickets that are forged, stale, of another kind or somebody else's."""

import pytest
from django.conf import settings as site
from django.core import signing
from django.test import Client
from django.urls import reverse

from project.shared.players import SESSION_KEY
from syncgroups import testing
from syncgroups.exceptions import InvalidToken
from syncgroups.identity import SALT, issue_token, participant_of_token
from syncgroups.models import Participant
from tests.acceptance import researchers
from tests.acceptance.demo_windows import Window, pair
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, everything_stored, make_pair

from .addresses import routes
from .scene import ticket_for
from .test_forgery import path_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

JSON = {"Accept": "application/json"}
#: PostgreSQL cannot be asked for it.
NUL_COOKIE = f'{site.SESSION_COOKIE_NAME}="abcdefgh\\000"'
#: Pages that are open to everybody.
STARTS = {"", "rps/", "quorum/", "regrouping/"}


@pytest.fixture
def small_site(settings):
    settings.ROOT_URLCONF = "tests.acceptance.participant_site"
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with barriers_of_the_site():
        yield


# Tokens


def assert_signs_in_nobody(token):
    with pytest.raises(InvalidToken):
        participant_of_token(token)


def test_a_token_with_any_one_character_changed_signs_in_nobody():
    token = issue_token(testing.make_participants(1)[0])
    for place, letter in enumerate(token):
        for other in {"A", "a", "0", ":"} - {letter}:
            assert_signs_in_nobody(token[:place] + other + token[place + 1 :])


def test_a_token_that_is_cut_off_or_longer_signs_in_nobody():
    token = issue_token(testing.make_participants(1)[0])
    for length in range(len(token)):
        assert_signs_in_nobody(token[:length])
        assert_signs_in_nobody(token[length + 1 :])
    for addition in ("=", "A", ":", "\0", ".", f":{token}"):
        assert_signs_in_nobody(token + addition)
        assert_signs_in_nobody(addition + token)


def test_parts_of_two_tokens_make_no_third_one():
    """Catches a signature that leaves out the claims or the time."""
    first, second = (issue_token(person).rsplit(":", 2) for person in testing.make_participants(2))
    later = signing.b62_encode(signing.b62_decode(first[1]) + 1000)
    for parts in ([first[0], *second[1:]], [first[0], later, first[2]], [*first[:2], second[2]], first[::-1]):
        assert_signs_in_nobody(":".join(parts))


def test_tokens_of_other_kinds_do_not_sign_in():
    """Catches one salt for all purposes."""
    person = testing.make_participants(1)[0]
    claims = {"id": str(person.public_id), "cohort": ""}
    for salt in ("django.core.signing", "demo.ticket", "django.contrib.sessions.SessionStore", f"{SALT}.", ""):
        assert_signs_in_nobody(signing.dumps(claims, salt=salt))
    assert_signs_in_nobody(ticket_for(person.public_id))
    assert_signs_in_nobody(str(person.public_id))


@pytest.mark.parametrize("claims", [{}, {"id": None}, {"id": "x"}, {"id": 7}, "text", None, [["id", 1]], 1e400])
def test_well_signed_claims_that_make_no_sense_sign_in_nobody(claims):
    assert_signs_in_nobody(signing.dumps(claims, salt=SALT))


@pytest.mark.parametrize("end", ["fail", "leave", "finish"])
@pytest.mark.usefixtures("small_site")
def test_a_token_that_is_shown_again_after_the_end_changes_nothing(end):
    person, other = make_pair()
    headers = {**JSON, "Authorization": f"Participant {issue_token(person)}"}
    getattr(person, end)("over")
    before = everything_stored()
    for address in ("/lobby/", "/together/", "/together/2/", "/again/2/", "/sync/api/v1/me/"):
        answer = Client().get(address, headers=headers)
        assert answer.status_code == (200 if address == "/sync/api/v1/me/" else 403)
        assert str(other.public_id) not in answer.content.decode()
    assert everything_stored() == before


# Sessions


@pytest.mark.usefixtures("small_site")
def test_a_session_key_that_was_known_before_signing_in_signs_in_nobody_afterwards():
    """Catches session fixation."""
    victim, attacker = Client(), Client()
    session = attacker.session
    session["planted"] = "1"
    session.save()
    victim.cookies[site.SESSION_COOKIE_NAME] = attacker.cookies[site.SESSION_COOKIE_NAME] = session.session_key
    victim.get(f"/enter/{issue_token(testing.make_participants(1)[0])}/")
    assert victim.get("/sync/api/v1/me/").status_code == 200
    assert attacker.get("/sync/api/v1/me/").status_code == 401


@pytest.mark.usefixtures("small_site")
def test_who_comes_by_a_link_takes_the_place_of_who_was_signed_in_before(client):
    for person in testing.make_participants(2):
        client.get(f"/enter/{issue_token(person)}/")
        assert client.get("/sync/api/v1/me/").json()["participant_id"] == str(person.public_id)


@pytest.mark.usefixtures("small_site")
def test_a_session_key_that_the_database_cannot_take_is_replaced_as_somebody_signs_in(client):
    person = testing.make_participants(1)[0]
    answer = client.get(f"/enter/{issue_token(person)}/", HTTP_COOKIE=NUL_COOKIE)
    assert answer.status_code == 302
    assert client.get("/sync/api/v1/me/").json()["participant_id"] == str(person.public_id)


@pytest.mark.parametrize("route", routes("project.urls"))
def test_a_session_key_that_the_database_cannot_take_signs_in_nobody_to_the_demo(client, route):
    path = path_of(route)
    before = everything_stored()
    assert client.get(path, HTTP_COOKIE=NUL_COOKIE).status_code == (200 if route in STARTS else 401)
    assert everything_stored() == before


def test_who_agrees_with_a_session_key_that_the_database_cannot_take_is_let_in(client):
    form = client.get("/rps/").context["form"].initial
    answer = client.post("/rps/", {"agree": "on", **form}, HTTP_COOKIE=NUL_COOKIE)
    assert client.get(answer["Location"], follow=True).status_code == 200


def test_a_session_key_that_the_database_cannot_take_is_no_researchers(client):
    answer = client.get(reverse("syncgroups:participant-list"), HTTP_COOKIE=NUL_COOKIE)
    assert answer.status_code in {401, 403}


def test_a_participants_session_opens_nothing_of_the_researchers():
    window = pair()[0]
    assert window.client.get(reverse("syncgroups:participant-list")).status_code in {401, 403}
    assert "/login/" in window.client.get(reverse("admin:index"))["Location"]


def test_a_researchers_session_is_no_participants():
    pair()
    ada = researchers.signed_in(researchers.staff("root", is_superuser=True))
    assert ada.get("/sync/api/v1/me/").status_code == 401
    assert ada.get("/rps/players/1/").status_code == 401


# Cohorts


@pytest.mark.parametrize("route", [route for route in routes("project.urls") if "<" in route])
def test_a_session_from_before_the_cohort_changed_opens_no_page_of_the_demo(route):
    window, other = pair()
    Participant.objects.filter(pk=window.participant.pk).update(cohort="tuesday")
    before = everything_stored()
    path = path_of(route)
    for answer in (window.client.get(path, headers=JSON), window.client.post(path, {"move": "rock"}, headers=JSON)):
        assert answer.status_code in {403, 405}
        assert str(other.participant.public_id) not in answer.content.decode()
    assert everything_stored() == before


# Tickets of the demo


def test_a_token_is_no_ticket():
    window = Window.agreeing()
    token = window.client.session[SESSION_KEY][str(window.player)]
    assert Client().post("/rps/", {"agree": "on", "ticket": token}).status_code == 200
    assert Participant.objects.count() == 1


def test_a_ticket_is_good_for_as_long_as_a_token(settings):
    """Catches a ticket that signs in for ever: it would make tokens that have expired good again."""
    form = {"agree": "on", **Client().get("/rps/").context["form"].initial}
    settings.SYNCGROUPS_TOKEN_MAX_AGE = -1
    answer = Client().post("/rps/", form)
    assert answer.status_code == 200
    assert "Please open the link again." in answer.content.decode()
    assert not Participant.objects.exists()

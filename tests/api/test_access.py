"""Who reaches what by the API: nobody another cohort that is not theirs, by no endpoint and by no name in a body."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, modify_settings
from django.urls import reverse
from rest_framework.authtoken.models import Token

from syncgroups import testing
from syncgroups.models import AuditEntry
from tests.acceptance import researchers
from tests.acceptance.researchers import queries, reader, signed_in, staff
from tests.acceptance.test_admin_steering import Scene
from tests.acceptance.test_api_steering import NOBODY, VERBS, everything, post, uid

pytestmark = [pytest.mark.django_db, pytest.mark.once]

RESOURCES = [*researchers.READABLE]


def cohorts_of(user):
    """The site's rule in these tests: those that the user's name names, and everything for whom it names none."""
    return {user.username} if user.username.startswith("c") else None


@pytest.fixture(autouse=True)
def _site(settings):
    cache.clear()
    settings.SYNCGROUPS_COHORTS_OF_USER = f"{__name__}.cohorts_of"
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def scene():
    return Scene()


def restricted_to(cohort):
    """Somebody who may do everything, there."""
    return signed_in(staff(cohort, is_superuser=True))


def addresses(scene, resource):
    """The list, and one row."""
    key = {
        "participant": lambda: uid(scene.waiter),
        "group": lambda: uid(scene.group),
        "barrier": lambda: "choice_made",
        "visit": lambda: uid(scene.visit),
        "audit": lambda: uid(AuditEntry.objects.latest("pk")),
    }[resource]()
    detail = reverse(f"syncgroups:{resource}-detail", args=[key])
    return reverse(f"syncgroups:{resource}-list"), detail + ("?cohort=c0" if resource == "barrier" else "")


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_cohort_is_not_there_for_those_who_are_restricted_to_another(scene, resource):
    post(restricted_to("c0"), "participant-fail", uid(scene.absentee), reason="x")
    listed, detail = addresses(scene, resource)
    outsider, insider = restricted_to("c1"), signed_in(User.objects.get(username="c0"))
    assert outsider.get(listed).json()["results"] == []
    assert outsider.get(detail).status_code == 404
    assert insider.get(listed).json()["results"] != []
    assert insider.get(detail).status_code == 200
    assert signed_in(reader()).get(detail).status_code == 200


@pytest.mark.parametrize("resource", ["participant", "group", "barrier"])
def test_why_nothing_moves_is_told_to_those_who_may_see_who_waits_where(scene, resource):
    """Catches an explanation for whom the admin has none: it tells of others than the row."""
    address = addresses(scene, resource)[1].replace("/?", "/explain/?")
    address += "" if "explain" in address else "explain/"
    own = f"view_{researchers.READABLE[resource]._meta.model_name}"
    waits = {"view_barrierrecord", "view_participantlinkbarrier"}
    refused = {
        "player": User.objects.create(username="player"),
        "staff": staff("eve"),
        **{f"without {missing}": staff(f"x{missing}", *({own} | waits) - {missing}) for missing in {own} | waits},
    }
    for who, user in refused.items():
        assert signed_in(user).get(address).status_code == 403, who
    assert Client().get(address).status_code == 401
    for user in (staff("ada", *{own} | waits), reader("vera"), staff("c0", is_superuser=True)):
        assert signed_in(user).get(address).json()["facts"]
    assert restricted_to("c1").get(address).status_code == 404


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_reaches_into_another_cohort(scene, verb):
    """Catches a verb that takes its row from elsewhere than the rows that one may see."""
    key, body, _ = VERBS[verb]
    key, body = key(scene), body(scene)
    before = everything()
    assert post(restricted_to("c1"), verb, key, reason="x", **body).status_code == 404
    assert everything() == before
    assert post(restricted_to("c0"), verb, key, reason="x", **body).status_code == 200


#: What names somebody in the bodies of verbs.
NAMED = [
    ("group-add", "participant"),
    ("group-remove", "participant"),
    ("group-move", "participant"),
    ("group-move", "to"),
    ("group-replace", "out"),
    ("group-replace", "into"),
    ("group-elect_leader", "participant"),
    ("barrier-form_group", "participants"),
]


@pytest.mark.parametrize(("verb", "name"), NAMED)
def test_nobody_of_another_cohort_can_be_named_in_a_body(scene, verb, name):
    """Catches an answer that tells apart those who are elsewhere from those who are nowhere."""
    other = researchers.pairs_waiting(1, start=1)
    stranger = uid(other.group) if name == "to" else uid(other.waiter)
    find, fill, _ = VERBS[verb]
    key, body = find(scene), fill(scene)
    before, ada = everything(), restricted_to("c0")
    told: list[Any] = []
    for named in (stranger, NOBODY):
        value = [*body[name][:1], named] if name == "participants" else named
        response = post(ada, verb, key, reason="x", **body | {name: value})
        assert response.status_code == 400, response.content
        told.append(response.json())
    assert told[0] == told[1]
    assert everything() == before


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_restriction_costs_no_query(scene, resource):
    listed, _ = addresses(scene, resource) if resource != "audit" else (reverse("syncgroups:audit-list"), "")
    free = signed_in(staff("ada", is_superuser=True))
    bound = restricted_to("c0")
    assert queries(lambda: bound.get(listed)) == queries(lambda: free.get(listed))


# Ways to sign in


def test_programs_may_sign_in_by_token_where_the_site_has_those(scene):
    token = Token.objects.create(user=reader("tom"))
    address, _ = addresses(scene, "group")
    assert Client().get(address, headers={"Authorization": f"Token {token.key}"}).status_code == 200
    for wrong in (token.key[:-1], "a\0b", "", "a b"):
        refused = Client().get(address, headers={"Authorization": f"Token {wrong}"})
        assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Token")
    with modify_settings(INSTALLED_APPS={"remove": "rest_framework.authtoken"}):
        assert Client().get(address, headers={"Authorization": f"Token {token.key}"}).status_code == 401


def test_a_verb_by_token_needs_no_token_against_forgery(scene):
    token = Token.objects.create(user=staff("tom", "change_participant"))
    strict = Client(enforce_csrf_checks=True, headers={"Authorization": f"Token {token.key}"})
    assert post(strict, "participant-fail", uid(scene.waiter), reason="x").status_code == 200


def test_a_header_counts_more_than_a_cookie(scene):
    """Catches a program that is taken for the one who is signed in beside it, or has to prove that it is no forgery."""
    token = Token.objects.create(user=staff("tom", "change_participant"))
    beside = Client(enforce_csrf_checks=True, headers={"Authorization": f"Token {token.key}"})
    beside.force_login(reader("vera"))
    told = post(beside, "participant-fail", uid(scene.waiter), reason="x")
    assert told.json()["by"] == "tom"
    # Nor does a cookie help where the header is wrong.
    address, _ = addresses(scene, "group")
    assert beside.get(address, headers={"Authorization": "Token x"}).status_code == 401


def test_those_who_are_dismissed_are_dismissed_at_once(scene):
    user = reader("eve")
    token, session = Token.objects.create(user=user), signed_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    address, _ = addresses(scene, "group")
    assert session.get(address).status_code == 401
    assert Client().get(address, headers={"Authorization": f"Token {token.key}"}).status_code == 401

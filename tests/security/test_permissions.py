"""Who may do what in the admin: every verb is known here, needs all of its permissions, and nothing else opens it."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from project.demo.models import Choice
from syncgroups import testing
from tests.acceptance import researchers, test_admin_steering
from tests.acceptance.demo_windows import pair, play_round
from tests.acceptance.participant_site import everything_stored
from tests.acceptance.researchers import confirm, list_url, page_url, signed_in, staff
from tests.acceptance.test_admin_verbs import NEEDS, chosen, ready

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NECESSARY = [(verb, permission) for verb, needs in NEEDS.items() for permission in needs]
OURS = {"syncgroups", "demo"}


@pytest.fixture
def scene():
    with testing.declared(*researchers.declarations()):
        yield researchers.pairs_waiting(1)


def test_every_action_of_the_admin_is_tried_without_permission(scene, rf):
    """Catches a verb that is added and that no test of permissions knows."""
    known = {(type(row), action) for action, row in (chosen(scene, verb) for verb in NEEDS)}
    steering = test_admin_steering.Scene()
    known |= {(type(rows(steering)[0]), action) for action, rows, _, _ in test_admin_steering.VERBS.values()}
    request = rf.get("/")
    request.user = staff("root", is_superuser=True)
    offered = {
        (model, action)
        for model, page in admin.site._registry.items()
        if model._meta.app_label in OURS
        for action in page.get_actions(request)
        # It changes nothing, and who may read what is tested where exports are.
        if action != "export"
    }
    assert offered == known


def test_every_verb_demands_a_permission():
    for model, page in admin.site._registry.items():
        if model._meta.app_label in OURS:
            for name in page.actions or []:
                assert getattr(page, name).allowed_permissions, name


@pytest.mark.parametrize(("verb", "missing"), NECESSARY)
def test_each_permission_that_a_verb_needs_is_needed(scene, verb, missing):
    ready(scene, verb)
    action, row = chosen(scene, verb)
    eve = signed_in(staff("eve", *(permission for permission in NEEDS[verb] if permission != missing)))
    assert_left_alone(eve, action, row)


@pytest.mark.parametrize("verb", NEEDS)
def test_a_permission_is_worth_nothing_to_whom_the_admin_is_closed(scene, verb):
    """To users who are no staff, and to staff who have been dismissed while they were signed in."""
    ready(scene, verb)
    action, row = chosen(scene, verb)
    for fields in ({"is_staff": False}, {"is_active": False}):
        user = staff(f"eve-{fields}", *NEEDS[verb])
        eve = signed_in(user)
        User.objects.filter(pk=user.pk).update(**fields)
        assert_left_alone(eve, action, row)


def assert_left_alone(client, action, row):
    before = everything_stored()
    answer = confirm(client, action, row)
    assert "done for" not in answer.content.decode()
    assert everything_stored() == before


# What the players of the demo chose


@pytest.fixture
def choice():
    play_round(pair(), 1)
    return Choice.objects.first()


def test_what_was_chosen_is_shown_to_those_who_may_see_it_only(choice):
    for address in (list_url(Choice), page_url(choice)):
        assert "/login/" in Client().get(address)["Location"]
        assert signed_in(User.objects.get_or_create(username="eve", is_staff=True)[0]).get(address).status_code == 403
    vera = signed_in(staff("vera", "view_choice"))
    assert [vera.get(address).status_code for address in (list_url(Choice), page_url(choice))] == [200, 200]


def test_nobody_changes_adds_or_deletes_what_was_chosen(choice):
    root = signed_in(staff("root", is_superuser=True))
    data = {"move": "rock", "round": "9", "points": "99", "participant": "1", "group": "1", "post": "yes"}
    addresses = [page_url(choice), page_url(choice).replace("change", "delete"), reverse("admin:demo_choice_add")]
    before = everything_stored()
    assert [root.post(address, data).status_code for address in addresses] == [403] * 3
    assert_left_alone(root, "delete_selected", choice)
    assert everything_stored() == before

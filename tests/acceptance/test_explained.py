"""Why is nobody moving? Told on the admin's pages to those who may watch, and by the API to staff."""

from urllib.parse import quote

import pytest
from django.test import Client

from syncgroups import testing
from syncgroups.models import BarrierRecord

from . import researchers
from .researchers import page_url, pairs_waiting, queries, signed_in, staff

pytestmark = pytest.mark.django_db

WATCH = ["view_barrierrecord", "view_participantlinkbarrier"]
PAGES = ["view_syncgroup", "view_participant"]


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def scene(_declared):
    return pairs_waiting(1)


def rows(scene):
    return [scene.record, scene.group, scene.waiter]


def test_pages_say_it_to_those_who_may_watch(scene):
    client = signed_in(staff("ada", *WATCH, *PAGES))
    for row in rows(scene):
        assert f"waits for {scene.absentee}" in client.get(page_url(row)).content.decode()


def test_pages_say_it_to_nobody_else(scene):
    client = signed_in(staff("eve", "view_barrierrecord", *PAGES))
    for row in rows(scene):
        response = client.get(page_url(row))
        assert response.status_code == 200
        assert "syncgroups-explained" not in response.content.decode()


VIEWING = ["view_barrierrecord", "view_participantlinkbarrier", "view_syncgroup", "view_participant"]


def test_the_api_says_it_to_staff(scene):
    client = signed_in(staff("ada", *VIEWING))
    addresses = [
        f"groups/{scene.group.public_id}/explain/",
        f"participants/{scene.waiter.public_id}/explain/",
        "barriers/choice_made/explain/?cohort=c0",
    ]
    for address in addresses:
        told = client.get(f"/sync/api/v1/{address}").json()
        [held] = [fact for fact in told["facts"] if fact["code"] == "held"]
        assert held["level"] == told["level"] == "info"
        assert f"waits for {scene.absentee}" in held["sentence"]
        assert Client().get(f"/sync/api/v1/{address}").status_code in (401, 403)


def test_the_api_refuses_parameters_that_it_does_not_know(scene):
    client = signed_in(staff("ada", *VIEWING))
    assert client.get(f"/sync/api/v1/groups/{scene.group.public_id}/explain/?loud=1").status_code == 400
    assert client.get(f"/sync/api/v1/barriers/{quote('no such')}/explain/").status_code == 404


def test_a_page_costs_as_much_with_2_who_wait_as_with_40(scene):
    client = signed_in(staff("ada", *WATCH, *PAGES))
    url = page_url(BarrierRecord.objects.get(barrier_id="rps_grouper"))
    testing.arrive_all(testing.make_participants(1, cohort="c0"), "rps_grouper")
    few = queries(lambda: client.get(url))
    testing.arrive_all(testing.make_participants(39, cohort="c0"), "rps_grouper")
    assert queries(lambda: client.get(url)) == few


def test_the_page_of_a_barrier_names_nobody_to_whom_visits_are_closed(scene):
    page = page_url(scene.record)
    bea = signed_in(staff("bea", "change_barrierrecord"))
    assert str(scene.waiter) not in bea.get(page).content.decode()
    for barriers in ("view_barrierrecord", "change_barrierrecord"):
        for visits in ("view_participantlinkbarrier", "change_participantlinkbarrier"):
            vera = signed_in(staff(f"vera{barriers}{visits}", barriers, visits))
            assert str(scene.waiter) in vera.get(page).content.decode()

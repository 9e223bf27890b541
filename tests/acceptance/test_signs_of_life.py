"""Whatever a participant asks of the app is a sign of life, and is taken as the page says that asks."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpResponse
from django.urls import path

from syncgroups import testing
from syncgroups.barriers import Barrier
from tests.acceptance import participant_site
from tests.acceptance.participant_site import DEFAULT_RESOLVER, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]

ME = "/sync/api/v1/me/"

#: A method and an address, of a visit where there is one: pages at barriers and others of the site, and programs.
REQUESTS = [
    ("get", "/at/place/"),
    ("post", "/at/place/"),
    ("get", "/thanks/"),
    ("get", ME),
    ("get", f"{ME}estimate/?visit={{visit}}"),
    ("get", f"{ME}visits/{{visit}}/"),
    ("post", f"{ME}visits/{{visit}}/extend/"),
    ("post", f"{ME}arrive/"),
]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("method", "address"), REQUESTS)
def test_every_request_of_a_participant_is_a_sign_of_life(client, settings, method, address, hidden):
    """Fails when somebody whose program asks for one thing only is absent; or a phone that is locked, too soon."""
    cache.clear()
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with testing.declared(Barrier("place", max_wait_time=600, extensions=1, open_to_api=True, quiet_after=50)):
        [me] = testing.make_participants(1)
        [link] = testing.arrive_all([me], "place")
        headers = signed_in(me, **({"Syncgroups-Page": "hidden"} if hidden else {}))
        said = {"barrier_id": "place"} if "arrive" in address else {}
        body = {"data": said, "content_type": "application/json"} if method == "post" else {}
        answer = getattr(client, method)(address.format(visit=link.public_id), headers=headers, **body)
    assert answer.status_code < 400
    me.refresh_from_db()
    assert me.last_seen_at is not None
    assert me.page_hidden is hidden
    if address != "/thanks/":
        assert (me.quiet_at - me.last_seen_at).total_seconds() == pytest.approx(50 + 120 * hidden, abs=1)


SEEN_BY = "syncgroups.middleware.SignsOfLifeMiddleware"


def a_view_that_knows_nothing_of_the_app(request):
    return HttpResponse()


def resolve_badly(request):
    raise DatabaseError("database is locked")


def a_view_that_fails(request):
    return HttpResponse(status=404)


urlpatterns = [
    *participant_site.urlpatterns,
    path("task/", a_view_that_knows_nothing_of_the_app),
    path("missing/", a_view_that_fails),
]


@pytest.fixture
def watching(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, SEEN_BY]
    with testing.declared(Barrier("place", max_wait_time=600, quiet_after=50)):
        yield


@pytest.mark.urls(__name__)
def test_with_the_middleware_so_is_what_is_asked_of_any_other_view(client, watching):
    """Fails when somebody who is busy with a task of the site's own is taken for absent."""
    [me] = testing.make_participants(1)
    testing.arrive_all([me], "place")
    client.get("/task/", headers=signed_in(me, **{"Syncgroups-Page": "hidden"}))
    me.refresh_from_db()
    assert me.page_hidden
    assert (me.quiet_at - me.last_seen_at).total_seconds() == pytest.approx(50 + 120, abs=1)


@pytest.mark.urls(__name__)
def test_but_not_what_is_refused_what_nobody_asks_and_what_somebody_asks_whose_part_is_over(client, watching):
    [me, gone] = testing.make_participants(2)
    gone.finish()
    assert client.get("/missing/", headers=signed_in(me)).status_code == 404
    assert client.get("/task/").status_code == 200
    assert client.get("/task/", headers={"Authorization": "Participant forged"}).status_code == 200
    assert client.get("/task/", headers=signed_in(gone)).status_code == 200
    for person in (me, gone):
        person.refresh_from_db()
        assert person.last_seen_at is None


@pytest.mark.urls(__name__)
def test_an_answer_is_given_although_its_sign_cannot_be_stored(client, watching, settings, caplog):
    """Fails when what has been done and answered turns into an error, and is done again."""
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = f"{__name__}.resolve_badly"
    assert client.get("/task/").status_code == 200
    assert "A sign of life could not be stored." in caplog.text


@pytest.mark.urls(__name__)
def test_the_middleware_makes_polls_no_dearer(client, watching, django_assert_num_queries):
    [me] = testing.make_participants(1)
    testing.arrive_all([me], "place")
    for _ in range(2):
        client.get(ME, headers=signed_in(me))
    with django_assert_num_queries(2):
        client.get(ME, headers=signed_in(me))

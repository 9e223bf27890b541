"""Asking without end is refused, each participant's own, with the time to wait; and nobody is refused by mistake."""

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from syncgroups import testing
from syncgroups.api.urls import urlpatterns
from syncgroups.barriers import Barrier
from tests.acceptance.participant_site import DEFAULT_RESOLVER, everything_stored, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]

ME = "/sync/api/v1/me/"


@pytest.fixture(autouse=True)
def _site(settings):
    cache.clear()
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with testing.declared(Barrier("lobby", open_to_api=True)):
        yield
    cache.clear()


class BrokenCache(LocMemCache):
    """A cache whose server is away."""

    def get(self, *args, **kwargs):
        raise ConnectionError


def poll(client, participant):
    return client.get(ME, headers=signed_in(participant))


def arrive(client, participant):
    body = {"barrier_id": "lobby"}
    return client.post(f"{ME}arrive/", body, content_type="application/json", headers=signed_in(participant))


VISIT = "visits/<uuid:visit_id>/"
#: Every address of the participants', and what is counted there.
SCOPES = {
    "": "POLL_RATE",
    VISIT: "POLL_RATE",
    "estimate/": "POLL_RATE",
    "arrive/": "ARRIVAL_RATE",
    f"{VISIT}extend/": "ARRIVAL_RATE",
    "leave/": "ARRIVAL_RATE",
}


def test_nothing_of_the_participants_is_left_out():
    routes = {str(pattern.pattern) for pattern in urlpatterns if str(pattern.pattern).startswith("me/")}
    assert {f"me/{path}" for path in SCOPES} == routes


@pytest.mark.parametrize("path", SCOPES)
def test_every_address_is_counted(client, settings, path):
    """Catches one that can be asked without end, or whose number is that of something else."""
    setattr(settings, f"SYNCGROUPS_{SCOPES[path]}", "3/hour")
    [me] = testing.make_participants(1)
    [visit] = testing.arrive_all([me], "lobby")
    address = ME + path.replace("<uuid:visit_id>", str(visit.public_id))
    ask = client.get if SCOPES[path] == "POLL_RATE" else client.post
    answers = [ask(address, content_type="application/json", headers=signed_in(me)).status_code for _ in range(4)]
    assert 429 not in answers[:3]
    assert answers[3] == 429


@pytest.mark.parametrize(("ask", "rate"), [(poll, "POLL_RATE"), (arrive, "ARRIVAL_RATE")])
def test_too_much_is_refused_with_the_seconds_to_wait(client, settings, ask, rate):
    setattr(settings, f"SYNCGROUPS_{rate}", "3/hour")
    me, other = testing.make_participants(2)
    assert [ask(client, me).status_code for _ in range(3)] == [200] * 3
    before = everything_stored()
    refused = ask(client, me)
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert refused.json()["code"] == "throttled"
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert everything_stored() == before
    # One address is the whole laboratory's.
    assert ask(client, other).status_code == 200


def test_polls_and_arrivals_are_counted_apart(client, settings):
    settings.SYNCGROUPS_POLL_RATE = "1/hour"
    [me] = testing.make_participants(1)
    assert [poll(client, me).status_code for _ in range(2)] == [200, 429]
    assert arrive(client, me).status_code == 200


def test_by_default_a_minute_of_four_windows_passes(client):
    [me] = testing.make_participants(1)
    assert {poll(client, me).status_code for _ in range(4 * 60)} == {200}


def test_a_site_may_do_without(client, settings):
    settings.SYNCGROUPS_POLL_RATE = ""
    [me] = testing.make_participants(1)
    assert {poll(client, me).status_code for _ in range(320)} == {200}


def test_nobody_is_held_up_by_a_cache_that_is_away(client, settings):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.BrokenCache"}}
    [me] = testing.make_participants(1)
    assert poll(client, me).status_code == 200
    assert arrive(client, me).status_code == 200


def test_defaults_of_the_site_throttle_nothing_of_ours(client, settings):
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"]}
    settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"anon": "1/hour"}
    [me] = testing.make_participants(1)
    assert {poll(client, me).status_code for _ in range(3)} == {200}

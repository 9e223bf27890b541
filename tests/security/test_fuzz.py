"""Whatever is sent to a participant's address, the site answers, and nobody is harmed or told of by anybody else.

The suite sends some thousand requests, the same ones each time. ``SYNCGROUPS_FUZZ_EXAMPLES=100`` sends so many other
ones from everybody to each address; a failure is then printed as the simplest request that leads to it, to be kept
among the tests of its subject.
"""

import logging
import os
from random import random

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings

from syncgroups import testing
from tests.acceptance import researchers
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, everything_stored

from .addresses import routes
from .questions import RESOURCES, questions
from .scene import people_of_the_demo, people_of_the_small_site, undone, watched, without_sessions
from .wire import fitting_requests, odd_requests

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("SYNCGROUPS_FUZZ_EXAMPLES", "0"))

PROFILE = settings(
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)

SMALL_SITE = "tests.acceptance.participant_site"
DEMO = "project.urls"


@pytest.fixture(autouse=True)
def _silence():
    """A failure is to be found among its own words."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def fuzz(name, examples, n, check):
    """Check so many examples, each on the site as it was. Those of another name are other ones."""

    @seed(random() if EXAMPLES else name)
    @settings(PROFILE, max_examples=EXAMPLES or n)
    @given(examples)
    def one(example):
        with undone():
            check(example)

    one()


def fuzz_site(scene, urlconf, known):
    """Send requests to each address of a site: from everybody, and such as nobody should send."""
    client = Client()

    def send(request):
        check(scene, request, client)

    for route in routes(urlconf):
        for number, signed_in in enumerate(scene.signed_in):
            fuzz(f"{route} {number}", fitting_requests(scene, route, known, signed_in), 5, send)
        fuzz(route, odd_requests(scene, route, known), 8, send)


def check(scene, request, client):
    with watched() as statements:
        answer = request.send(client)
    owners = scene.owners(request.text)
    assert answer.status_code < 500
    assert_local(answer)
    told = answer.content.decode("utf-8", "replace") + "\n".join(answer.headers.values())
    assert not [name for name in scene.names_of_others(owners) if name in told]
    stored = everything_stored() if statements.may_change else scene.stored
    if answer.status_code >= 400 or not owners:
        assert stored == scene.stored
    if not owners & scene.active:
        assert without_sessions(stored) == without_sessions(scene.stored)
    assert scene.rows_of_others(stored, request.text) == scene.rows_of_others(scene.stored, request.text)


def assert_local(answer):
    """Headers are single lines, and lead nowhere else."""
    assert not [value for value in answer.headers.values() if "\r" in value or "\n" in value]
    where = answer.headers.get("Location", "/")
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))


@pytest.mark.urls(SMALL_SITE)
def test_no_request_to_the_apps_pages_breaks_or_harms_anything(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with barriers_of_the_site():
        scene = people_of_the_small_site()
        known = {"token": [*scene.tokens], "visit": ["1", "2"], "barrier_id": ["pair_grouper", "together"]}
        fuzz_site(scene, SMALL_SITE, known)


def test_no_request_to_the_demo_breaks_or_harms_anything():
    scene = people_of_the_demo()
    fuzz_site(scene, DEMO, {"player": ["1", "1", "2"], "visit": ["1", "2"]})


@pytest.mark.parametrize("resource", RESOURCES)
def test_no_question_of_a_researcher_breaks_or_changes_anything(resource):
    with testing.declared(*researchers.declarations()):
        scene = researchers.pairs_waiting(2)
        ada = researchers.signed_in(researchers.reader())

        def check(address):
            with watched() as statements:
                answer = ada.get(address)
            assert answer.status_code in {200, 400, 404}
            assert answer["Content-Type"] == (
                "application/json" if answer.status_code == 200 else "application/problem+json"
            )
            assert not statements.may_change

        ids = [str(row.public_id) for row in (scene.waiter, scene.absentee, scene.group, scene.visit)]
        fuzz(resource, questions(resource, [*ids, "choice_made"]), 100, check)

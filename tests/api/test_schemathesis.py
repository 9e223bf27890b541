"""The API keeps to its description, whoever asks and whatever: schemathesis makes up requests of every operation.

The suite sends the same few requests each time. ``SYNCGROUPS_API_EXAMPLES=100`` sends so many other ones from everybody
to each operation, which takes some minutes.
"""

import logging
import os
from random import random
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as profile
from hypothesis import strategies as st
from rest_framework.authtoken.models import Token
from schemathesis.checks import CHECKS, load_all_checks

from syncgroups import operating, testing
from syncgroups.api.openapi import description
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import SESSION_KEY, issue_token
from syncgroups.models import AuditEntry
from tests.acceptance import researchers
from tests.acceptance.participant_site import DEFAULT_RESOLVER
from tests.acceptance.test_admin_steering import Scene
from tests.api import test_access
from tests.security.scene import undone

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site"), pytest.mark.once]

EXAMPLES = int(os.environ.get("SYNCGROUPS_API_EXAMPLES", "0"))
PROFILE = profile(
    derandomize=not EXAMPLES,
    max_examples=EXAMPLES or 8,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
load_all_checks()
CHECKED = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
SCHEMA: Any = schemathesis.openapi.from_dict(description())
OPERATIONS = {
    operation.definition.raw["operationId"]: operation
    for operation in (found.ok() for found in SCHEMA.get_all_operations())
}


def anonymous(scene):
    return {}


def participant(scene):
    return {"Authorization": f"Participant {issue_token(scene.newcomers[0])}"}


def dropout(scene):
    return {"Authorization": f"Participant {issue_token(scene.gone)}"}


def staff_without_permissions(scene):
    return by_token(researchers.staff("sam"))


def staff_with_permissions(scene):
    return by_token(researchers.reader("vera"))


def staff_who_may_change_groups(scene):
    return by_token(researchers.staff("gus", "change_syncgroup"))


def superuser(scene):
    return by_token(researchers.staff("root", is_superuser=True))


def superuser_of_another_cohort(scene):
    return by_token(researchers.staff("c9", is_superuser=True))


def by_token(user):
    return {"Authorization": f"Token {Token.objects.create(user=user).key}"}


#: Who asks, and statuses that the one or the other of their requests has to be answered by: else nothing was tried.
ROLES = {
    anonymous: {401},
    participant: {200, 401, 404},
    dropout: {200, 403},
    staff_without_permissions: {401, 403},
    staff_with_permissions: {200, 400, 403, 404},
    staff_who_may_change_groups: {200, 400, 403, 404, 409},
    superuser: {200, 400, 404, 409},
    superuser_of_another_cohort: {200, 400, 404},
}


@pytest.fixture
def scene(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    settings.SYNCGROUPS_COHORTS_OF_USER = f"{test_access.__name__}.cohorts_of"
    # Requests with a made-up password are as good with a hash that takes no time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SYNCGROUPS_POLL_RATE = settings.SYNCGROUPS_ARRIVAL_RATE = ""
    cache.clear()
    grouper = SimpleGrouper("rps", initial_group_size=2, max_wait_time=600, open_to_api=True, extensions=3)
    with testing.declared(grouper, *researchers.declarations()[1:]):
        scene = Scene()
        scene.gone = testing.make_participants(1, cohort="c0")[0]
        operating.leave(scene.gone, reason="x", by="ada")
        yield scene


@pytest.fixture(autouse=True)
def _in_one_transaction():
    """As Django's own test client: the connection outlives the request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def keys(scene, operation):
    """What fits into the address: most made-up keys lead to nothing."""
    if operation.startswith("barrier"):
        return ["choice_made", "rps_grouper"]
    rows = {
        "participant": [scene.waiter, scene.gone],
        "group": [scene.group, scene.other],
        "visit": [scene.visit, *scene.pool],
        "audit": [AuditEntry.objects.latest("pk")],
    }.get(operation.partition("_")[0], scene.pool)
    return [str(row.public_id) for row in rows]


def fitted(case, key, query, body):
    """The request, about something that there is."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = key
    if "barrier_id" in (case.path_parameters or {}):
        case.query = {**(case.query or {}), "cohort": "c0"}
    if isinstance(case.body, dict):
        case.body = {name: body.get(name, value) for name, value in case.body.items()}
    return case


def requests_of(scene, name):
    """Requests as the description allows, half of them about what there is."""
    person, group = str(scene.newcomers[0].public_id), str(scene.group.public_id)
    body: dict[str, Any] = {
        "participant": person,
        "out": str(scene.waiter.public_id),
        "into": person,
        "to": group,
        "reason": "x",
    }
    body |= {"seen": {}, "barrier_id": "rps_grouper", "participants": [person]}
    made_up = OPERATIONS[name].as_strategy()
    fitting = st.builds(fitted, made_up, st.sampled_from(keys(scene, name)), st.none(), st.just(body))
    return fitting | made_up


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.__name__)
def test_every_answer_is_as_described(scene, role):
    """No server errors, no status, content type or content that is not documented."""
    app, headers, statuses = WSGIHandler(), role(scene), set()
    checks = CHECKS.get_by_names(CHECKED)
    for name in OPERATIONS:

        @seed(random() if EXAMPLES else name)
        @PROFILE
        @given(requests_of(scene, name))
        def one(case):
            with undone():
                answer = case.call(base_url="http://testserver/sync", app=app, headers=headers)
            statuses.add(answer.status_code)
            case.validate_response(answer, checks=checks)

        one()
    assert statuses >= ROLES[role]


def browser_of_a_participant(scene):
    """By session, as the waiting page asks; it hands on the token against forgery."""
    browser = Client()
    session = browser.session
    session[SESSION_KEY] = issue_token(scene.newcomers[0])
    session.save()
    forms = "f" * 32
    return {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}; csrftoken={forms}",
        "X-CSRFToken": forms,
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [browser_of_a_participant, participant, superuser], ids=lambda role: role.__name__)
def test_so_is_every_answer_of_a_server_that_runs(scene, live_server, role):
    """By HTTP. What is done here stays done, so that later requests find other rows than the first ones."""
    headers, statuses = role(scene), set()
    checks = CHECKS.get_by_names(CHECKED)
    for name in OPERATIONS:

        @seed(name)
        @profile(PROFILE, max_examples=3)
        @given(requests_of(scene, name))
        def one(case):
            answer = case.call(base_url=f"{live_server.url}/sync", headers=headers)
            statuses.add(answer.status_code)
            case.validate_response(answer, checks=checks)

        one()
    assert 200 in statuses

"""What a site has decided for APIs of its own changes nothing of ours. DRF reads that once, so each has a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]

#: A site in a database of its own, where somebody waits; prints what both sides are answered.
ASK = """
import json, sys
import project.settings as base

site = {name: getattr(base, name) for name in dir(base) if name.isupper()}
site |= {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, "ALLOWED_HOSTS": ["*"]}
site |= {"DEBUG": False, "TIME_ZONE": "America/New_York", "ROOT_URLCONF": "tests.acceptance.participant_site"}
site |= {"SYNCGROUPS_PARTICIPANT_RESOLVER": "syncgroups.identity.participant_from_token"}
site["REST_FRAMEWORK"] |= json.loads(sys.argv[1])

import django
from django.conf import settings
settings.configure(**site)
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from syncgroups import testing
from syncgroups.barriers import Barrier
from tests.acceptance.participant_site import signed_in

call_command("migrate", verbosity=0)
[person] = testing.make_participants(1)
root = Client()
root.force_login(User.objects.create_superuser("root"))
api, headers = "/sync/api/v1/", signed_in(person)
sent = {"content_type": "application/json"}
with testing.declared(Barrier("lobby", open_to_api=True)):
    visit = root.post(f"{api}me/arrive/", {"barrier_id": "lobby"}, headers=headers, **sent).json()
    for response in (
        root.get(f"{api}me/", headers=headers),
        root.get(f"{api}me/visits/{visit['visit_id']}/", headers=headers),
        root.get(f"{api}visits/"),
        root.post(f"{api}participants/{person.public_id}/fail/", "[]", **sent),
        Client().get(f"{api}visits/"),
        Client().get(f"{api}participants/{person.public_id}/explain/"),
    ):
        print(json.dumps([response.status_code, response.json()]))
"""


def ask(**defaults):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK, json.dumps(defaults)],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    "defaults",
    [
        {
            "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
            "DEFAULT_VERSION": "v1",
            "ALLOWED_VERSIONS": ["v1"],
        },
        {"DATETIME_FORMAT": "%d.%m.%Y"},
        {"NON_FIELD_ERRORS_KEY": "__all__"},
        {"UNAUTHENTICATED_USER": None},
    ],
    ids=lambda defaults: next(iter(defaults)),
)
def test_both_sides_are_answered_the_same_whatever_the_sites_defaults_are(defaults):
    """Also catches one moment that is told by two texts, and times of the site's own clock."""
    me, own, listed, invalid, stranger, curious = ask(**defaults)
    [wait], [visit] = me[1]["waits"], listed[1]["results"]
    assert [me[0], own[0], listed[0], invalid[0], stranger[0], curious[0]] == [200, 200, 200, 400, 401, 401]
    assert wait["since"] == own[1]["since"] == visit["arrival_time"]
    assert wait["until"] == own[1]["until"] == visit["deadline"]
    assert wait["since"].endswith("Z")
    assert list(invalid[1]["errors"]) == ["non_field_errors"]

"""The description of the API: it is the one in the documentation, and the demo shows it without help from elsewhere."""

import re
import subprocess
import sys

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS

from syncgroups.api.openapi import description
from syncgroups.api.urls import urlpatterns
from tools.openapi import DESCRIPTION, written


def test_the_description_in_the_documentation_is_that_of_the_code():
    """Run ``python3 dev.py openapi`` once this fails, and look what has changed."""
    assert DESCRIPTION.read_text() == written()


def test_nothing_of_it_had_to_be_guessed():
    """Catches a serializer or a parameter of which the description knows no type."""
    description()
    assert not GENERATOR_STATS


def test_every_address_is_described_and_named():
    operations = [
        (path, method, operation)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    ]
    routes = {re.sub(r"\W+", "", str(pattern.pattern)) for pattern in urlpatterns if getattr(pattern, "name", "")}
    assert len({path for path, _, _ in operations}) == len(routes)
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(names) == len(set(names))
    for path, method, operation in operations:
        assert operation["description"], path
        assert {"200", "401", "403"} <= operation["responses"].keys(), path
        assert ("requestBody" in operation) == (method == "post" and path != "/api/v1/me/leave/"), path


def test_headers_and_refusals_are_described():
    """Catches a refusal whose header, by which a program goes on, nobody tells of."""
    headers = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After", "304": "ETag"}
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            for status, header in headers.items():
                assert status not in answers or header in answers[status]["headers"], path
            sent = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "header"}
            conditional = {"If-None-Match"} if "304" in answers else set()
            assert sent == ({"X-CSRFToken"} if method == "post" else conditional), path
            assert ("413" in answers) == (method == "post"), path
            assert {"500", "503"} <= answers.keys()
            # Of a pause that is stored, and whose passes are not over, something has been done.
            assert "Nothing" not in answers["503"]["description"]
            # Where nothing is named there is nothing that could be missing, besides pages of lists.
            named = "{" in path or path.endswith("arrive/") or "/me/" not in path
            assert ("404" in answers) == named, path


@pytest.mark.django_db
def test_the_demo_shows_it_with_files_of_its_own():
    page = Client().get("/api/").content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(address.startswith(("/", "?")) or "/static/" in address for address in addresses), addresses
    schema = Client().get("/api/schema/")
    assert schema.status_code == 200
    assert "/api/v1/me/" in schema.content.decode()
    assert "players" not in schema.content.decode()


def test_the_api_works_where_drf_spectacular_is_not_installed():
    """Catches an import of what is an extra."""
    script = (
        "import sys; sys.modules['drf_spectacular'] = None\n"
        "import os, django; from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['django.contrib.auth','django.contrib.contenttypes','rest_framework',"
        "'syncgroups'], ROOT_URLCONF='syncgroups.urls', USE_TZ=True); django.setup()\n"
        "import syncgroups.api.urls as urls; print(len(urls.urlpatterns))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(urlpatterns)

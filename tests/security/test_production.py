"""The demo site as it runs in production: what the documentation says suffices, and less is told of."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "operation.md").read_text()

PRODUCTION = {"DJANGO_SECRET_KEY": "".join(map(chr, range(48, 123))), "DJANGO_ALLOWED_HOSTS": "experiment.example"}

#: Asks the site as a WSGI server does, and prints each answer.
ASK = """
import json, sys
from project.wsgi import application
from wsgiref.util import setup_testing_defaults

for scheme, host, path in json.loads(sys.argv[1]):
    environ = {"wsgi.url_scheme": scheme, "HTTP_HOST": host, "PATH_INFO": path}
    setup_testing_defaults(environ)
    told = []
    body = b"".join(application(environ, lambda status, headers: told.append([status, dict(headers)])))
    print(json.dumps([*told[0], body.decode()]))
"""


def run(*command, **environment):
    """Run Python with the project's production settings, and what differs from them."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**clean, **PRODUCTION, "DJANGO_SETTINGS_MODULE": "project.settings", **environment},
        capture_output=True,
        text=True,
    )


def check(**environment):
    return run("manage.py", "check", "--deploy", "--fail-level", "DEBUG", **environment)


def ask(*requests, **environment):
    answers = run("-W", "ignore", "-c", ASK, json.dumps(requests), **environment)
    assert answers.returncode == 0, answers.stderr
    return [json.loads(line) for line in answers.stdout.splitlines()]


def test_the_production_settings_pass_every_check_and_silence_none():
    result = check()
    assert "System check identified no issues (0 silenced)." in result.stdout + result.stderr
    assert result.returncode == 0


def test_the_readme_names_what_production_needs():
    for name in PRODUCTION:
        assert f"`{name}`" in PAGE
    assert "check --deploy" in PAGE


@pytest.mark.parametrize(
    ("less", "complaint"),
    [
        ({"DJANGO_SECRET_KEY": "short"}, "security.W009"),
        ({"DJANGO_ALLOWED_HOSTS": ""}, "security.W020"),
        ({"DJANGO_DEBUG": "1"}, "security.W018"),
        ({"DJANGO_SECRET_KEY": "", "DJANGO_DEBUG": "0"}, "DJANGO_SECRET_KEY must be set"),
    ],
)
def test_what_production_lacks_is_told(less, complaint):
    result = check(**less)
    assert complaint in result.stderr
    assert result.returncode != 0


def test_the_site_is_spoken_to_by_https_and_by_its_own_name_only():
    host = PRODUCTION["DJANGO_ALLOWED_HOSTS"]
    plain, secure, foreign = ask(
        ("http", host, "/sync/api/v1/me/"),
        ("https", host, "/sync/api/v1/me/"),
        ("https", "evil.example", "/sync/api/v1/me/"),
    )
    assert plain[0].startswith("301")
    assert plain[1]["Location"] == f"https://{host}/sync/api/v1/me/"
    assert secure[0].startswith("401")
    assert int(secure[1]["Strict-Transport-Security"].split(";")[0].removeprefix("max-age=")) >= 31536000
    assert secure[1]["X-Content-Type-Options"] == "nosniff"
    assert secure[1]["X-Frame-Options"] == "DENY"
    assert foreign[0].startswith("400")


def test_errors_tell_nothing_about_the_site():
    """Catches DEBUG: its page of an error lists addresses and settings."""
    host = PRODUCTION["DJANGO_ALLOWED_HOSTS"]
    (open_site,) = ask(("https", host, "/nowhere/"), DJANGO_DEBUG="1")
    (site,) = ask(("https", host, "/nowhere/"))
    assert "regrouping/" in open_site[2], "or else this test would prove nothing"
    assert site[0].startswith("404")
    assert "regrouping/" not in site[2]


def test_the_apps_own_code_passes_the_security_rules():
    """Each exception is one line that says so; none is a whole file."""
    command = ["-m", "ruff", "check", "--isolated", "--no-cache", "--select", "S", "--target-version", "py311"]
    result = run(*command, "syncgroups")
    assert result.returncode == 0, result.stdout

"""What is shown of the API is so: each command is run as printed, and each answer looks as printed."""

import ast
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.authtoken.models import Token

from syncgroups import testing
from syncgroups.api import filters
from syncgroups.api.errors import codes
from syncgroups.identity import issue_token
from tests.acceptance import researchers
from tests.acceptance.participant_site import DEFAULT_RESOLVER

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = (DOCS / "api.md").read_text()
#: The pages that show commands, and snippets for programs.
PAGES = ["api.md", "steering.md"]


def blocks_of(page: str) -> list[tuple[str, str]]:
    """The kind of each block of code of a page, and what is in it."""
    return re.findall(r"```(\w+)\n(.*?)```", (DOCS / page).read_text(), re.S)


def commands_of(page: str) -> list[tuple[str, str | None]]:
    """Each command, and the answer that is printed, if one is."""
    blocks = blocks_of(page)
    following = [text if kind == "json" else None for kind, text in blocks[1:]] + [None]
    return [(text, answer) for (kind, text), answer in zip(blocks, following, strict=True) if kind == "sh"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.acceptance.participant_site")
def test_every_command_is_answered_as_printed(page, live_server, settings):
    """Also catches a page of which no command is found, where all of them would do."""
    if not shutil.which("curl"):
        pytest.fail("This test needs curl (Debian: apt-get install curl).", pytrace=False)
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    cache.clear()
    commands = commands_of(page)
    assert commands
    barriers = researchers.declarations()
    barriers[0].open_to_api, barriers[0].extensions = True, 1
    with testing.declared(*barriers):
        known = {"API": f"{live_server.url}/sync/api/v1", **credentials()}
        for command, printed in commands:
            run(command, printed, known)


def credentials() -> dict[str, str]:
    """People in the situation that the reference tells of, and how they sign in."""
    pair = testing.make_participants(2, cohort="monday")
    testing.arrive_all(pair, "rps_grouper")
    testing.process("rps_grouper", "monday")
    testing.arrive_all(pair[:1], "choice_made")
    testing.process("choice_made", "monday")
    ada = researchers.staff("ada", password="secret", is_superuser=True)
    [newcomer] = testing.make_participants(1)
    return {"TOKEN": issue_token(newcomer), "KEY": Token.objects.create(user=ada).key}


def run(command: str, printed: str | None, known: dict[str, str]) -> None:
    """Run it, compare the answer with what is printed, and note what later commands refer to."""
    script = f'curl() {{ command curl --silent --show-error --dump-header /dev/stderr "$@"; }}\n{command}'
    done = subprocess.run(
        ["sh", "-ec", script], env={**os.environ, **known}, capture_output=True, text=True, timeout=60
    )
    status = int(done.stderr.split()[1])
    answer = json.loads(done.stdout) if done.stdout else {}
    if printed is not None:
        expected = json.loads(printed)
        assert_alike(answer, expected, command)
    assert status in {200, 304} or (printed is not None and status == json.loads(printed)["status"]), (command, answer)
    assert (status == 304) == ("If-None-Match" in command), command
    if tag := re.search("etag: (.*)", done.stderr, re.I):
        known["TAG"] = tag[1].strip()
    if "visit_id" in answer:
        known["VISIT"] = answer["visit_id"]
    if "/groups/?" in command:
        known["GROUP"] = answer["results"][0]["public_id"]


def assert_alike(answer: Any, printed: Any, where: str) -> None:
    """All that is printed is answered, and of objects nothing is left out but what came before and after a verb."""
    if isinstance(printed, dict):
        assert answer.keys() - {"before", "after"} == printed.keys(), where
        for name, value in printed.items():
            assert_alike(answer[name], value, f"{where} {name}")
    elif isinstance(printed, list):
        assert bool(answer) == bool(printed), where
        for told in answer[: len(printed)]:
            assert_alike(told, printed[0], where)
    elif printed != "…":
        assert answer == printed, where


@pytest.mark.parametrize("page", PAGES)
def test_every_python_snippet_compiles_and_imports_what_there_is(page):
    snippets = [text for kind, text in blocks_of(page) if kind == "python"]
    assert snippets
    for snippet in snippets:
        ast.parse(snippet)
    for module, names in re.findall(r"^from (syncgroups[\w.]*) import (.+)$", "".join(snippets), re.M):
        found = __import__(module, fromlist=["*"])
        assert all(hasattr(found, name) for name in names.split(", "))


def test_the_filters_and_orders_are_those_that_are_taken():
    row = r"^\| `(participants|groups|barriers|visits|audit)/` \| (.*) \| (.*) \|$"
    described = {name: (told, orders) for name, told, orders in re.findall(row, REFERENCE, re.M)}
    taken = {
        "participants": filters.ParticipantFilters,
        "groups": filters.GroupFilters,
        "barriers": filters.BarrierFilters,
        "visits": filters.VisitFilters,
        "audit": filters.AuditFilters,
    }
    for name, parameters in taken.items():
        told, orders = (set(re.findall(r"`(\w+)`", text)) for text in described[name])
        assert told == set(parameters.base_filters) - set(filters.ListFilters.base_filters) - {"ordering"}
        offered = {order for order, _ in parameters.base_filters["ordering"].extra["choices"]}
        assert offered == {sign + order for order in orders | {"created"} for sign in ("", "-")}


def test_the_codes_are_those_that_there_are():
    """Catches a code that is renamed: programs rely on it."""
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", REFERENCE, re.M)
    documented = {code: int(status) for status, text in rows for code in re.findall(r"`([a-z_]+)`", text)}
    assert documented == codes()

"""Edges show and ask; the domain does. Settings are read in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .sources import calls, trees

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
EDGES = [
    "admin",
    "admin.py",
    "api",
    "api.py",
    "views",
    "checks",
    "management",
    "middleware.py",
    "standing.py",
    "identity.py",
]
EDGES += [
    "explaining",
    "monitoring",
    "exporting",
    "verifying",
    "metrics.py",
    "tallying.py",
    "wording.py",
    "problems.py",
]
EDGES += ["estimates.py", "ledger.py"]
WRITES = {
    "save", "create", "get_or_create", "update_or_create", "delete", "bulk_create", "bulk_update",
    "acreate", "asave", "adelete", "aupdate", "abulk_create",
    "save_model", "delete_model", "delete_queryset", "save_formset",
}  # fmt: skip
#: What a domain function may be called that is also a queryset's verb; dictionaries have it, too.
AMBIGUOUS = {"update", "add", "set", "clear", "remove"}
MARKS = ("objects", "_manager", "queryset")


def orm_writes(tree: ast.AST) -> Iterator[str]:
    """Calls that write rows: by their name, or by an ambiguous name at the end of a chain of queries."""
    for name, call in calls(tree):
        written = ast.unparse(call)
        of_rows = isinstance(call.func, ast.Attribute) and any(mark in written for mark in MARKS)
        if name in WRITES or (name in AMBIGUOUS and of_rows):
            yield written


def test_edges_write_no_rows():
    """Fails when a page, an endpoint, the admin or a command writes by itself instead of asking the domain.

    The one exception is the admin's form for a participant's own columns, which stores what was edited in it.
    """
    writes = {path: list(orm_writes(tree)) for path, tree in trees(*EDGES).items()}
    written = {path: found for path, found in writes.items() if found}
    assert written == {"admin/participants.py": ["obj.save(update_fields=edited)"]}


@pytest.mark.parametrize(
    "line",
    [
        "group.save()",
        "Model.objects.create(a=1)",
        "Model.objects.filter(pk=1).update(a=1)",
        "queryset.update(a=1)",
        "link.delete()",
        "Model._default_manager.bulk_create([])",
        "super().save_model(request, obj, form, change)",
    ],
)
def test_the_search_for_writes_finds_them(line):
    """Fails when the test above is blind."""
    assert list(orm_writes(ast.parse(line)))


@pytest.mark.parametrize("line", ["context.update(a=1)", "seen.add(1)", "arrivals.release(link)", "group.close()"])
def test_the_search_for_writes_finds_nothing_else(line):
    """Fails when the test above cries wolf."""
    assert not list(orm_writes(ast.parse(line)))


def test_edges_take_no_locks_and_open_no_transactions():
    """Fails when an edge spans several verbs of the domain with a transaction of its own."""
    spans = {
        path
        for path, tree in trees(*EDGES).items()
        for name, _ in calls(tree)
        if name in {"atomic", "select_for_update", "on_commit"}
    }
    assert not spans


def test_settings_of_the_app_are_read_through_conf_only():
    """Fails when a default is written twice, or a setting is read where override_settings comes too late."""
    readers = set()
    for path, tree in trees().items():
        for node in ast.walk(tree):
            named = isinstance(node, ast.Attribute) and node.attr.startswith("SYNCGROUPS_")
            # By getattr, whose second argument is the name.
            fetched = isinstance(node, ast.Call) and any(
                isinstance(argument, ast.Constant) and str(argument.value).startswith("SYNCGROUPS_")
                for argument in node.args[1:2]
            )
            if named or fetched:
                readers.add(path)
    assert readers == set()


def test_djangos_settings_are_imported_by_conf_and_by_the_checks_of_names_and_of_urls_only():
    """Fails when another module can reach past conf."""
    importers = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.conf"
    }
    assert importers <= {"conf.py", "checks/settings.py", "checks/pages.py"}


def test_no_signal_of_ours_is_received_by_ourselves():
    """Fails when a signal becomes control flow."""
    receivers = {path for path, tree in trees().items() for name, _ in calls(tree) if name in {"connect", "receiver"}}
    assert not receivers


def test_rules_read_no_clock():
    """Fails when a declaration reads the time: rules see what they are handed."""
    readers = {
        path
        for path, tree in trees("barriers", "groupers.py", "decisions.py").items()
        for name, _ in calls(tree)
        if name in {"now", "time", "monotonic", "today", "utcnow", "Now"}
    }
    assert not readers


def test_the_pages_of_participants_are_mirrored_where_people_read_from_right_to_left():
    """Fails when a style names left or right: Arabic pages would have their margins on the wrong side."""
    for name in ("syncgroups/static/syncgroups/syncgroups.css", "project/shared/static/shared/demos.css"):
        assert re.findall(r"[\w-]*\b(?:left|right)\b(?=[\w-]*\s*[:;])", (ROOT / name).read_text()) == []

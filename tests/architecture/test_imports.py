"""Imports run downwards only, and stand where they can be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from .sources import functions, imports, trees

pytestmark = pytest.mark.once


def test_no_import_hides_in_a_function():
    """Fails when a cycle is swept into a function. Where the app's configuration is ready it may import."""
    allowed = {("apps.py", "ready")}
    hidden = {
        (path, function.name)
        for path, tree in trees().items()
        for function in functions(tree)
        for _ in imports(function)
    }
    assert hidden <= allowed


def test_nothing_imports_the_demo_site_or_the_tests():
    """Fails when the app cannot be installed without them."""
    foreign = {
        (path, name)
        for path, tree in trees().items()
        for name, _ in imports(tree)
        if name.split(".")[0] in {"project", "tests", "dev"}
    }
    assert not foreign


def test_celery_is_imported_by_tasks_only():
    """Fails when somebody else speaks Celery."""
    speakers = {
        path for path, tree in trees().items() for name, _ in imports(tree) if name.split(".")[0] in {"celery", "kombu"}
    }
    assert speakers == {"tasks.py"}


def test_no_database_driver_is_imported():
    """Fails when the app depends on which PostgreSQL driver the site has chosen."""
    drivers = {"psycopg", "psycopg2", "sqlite3"}
    users = {path for path, tree in trees().items() for name, _ in imports(tree) if name.split(".")[0] in drivers}
    assert not users


def test_the_package_itself_imports_nothing():
    """Fails when a look at the version loads half of the app, or needs Django to be set up."""
    assert list(imports(trees("__init__.py")["__init__.py"])) == []


@pytest.mark.parametrize("module", ["states", "conf", "signals", "exceptions", "waiting"])
def test_the_ground_floor_imports_nothing_of_ours(module):
    """Fails when one of the modules that everybody may import imports one of them."""
    path = f"{module}.py"
    ours = [name for name, _ in imports(trees(path)[path]) if name.startswith((".", "syncgroups"))]
    assert ours == []


def test_there_is_no_god_module():
    """Fails when code is put away by what it is not."""
    assert not {Path(path).stem for path in trees()} & {"utils", "services", "helpers", "misc", "common"}

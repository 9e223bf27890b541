"""The engine is the only place that locks, and user code never runs where it could see half a change."""

from __future__ import annotations

import ast

import pytest

from .sources import calls, trees

pytestmark = pytest.mark.once


def test_rows_are_locked_in_processing_only():
    """Fails when a lock is taken where nobody looks for the one order."""
    lockers = {path for path, tree in trees().items() for name, _ in calls(tree) if name == "select_for_update"}
    assert lockers
    assert all(path.startswith("processing/") for path in lockers)


def test_every_lock_leaves_arrivals_alone():
    """Fails when a lock is taken that foreign keys wait for: arrivals point at locked rows."""
    for path, tree in trees("processing").items():
        for name, call in calls(tree):
            if name == "select_for_update":
                given = {keyword.arg: keyword.value for keyword in call.keywords}
                value = given.get("no_key")
                assert isinstance(value, ast.Constant), path
                assert value.value is True, path


def test_locks_on_several_rows_are_taken_in_order_of_primary_key():
    """Fails when two passes could lock the same rows in two orders."""
    tree = trees("processing/locks.py")["processing/locks.py"]
    for function in ("_groups", "_people", "_standing"):
        (node,) = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function]
        orders = [ast.unparse(call) for name, call in calls(node) if name == "order_by"]
        assert orders, function
        assert all(order.endswith("order_by('pk')") for order in orders), function


def test_passes_are_not_written_with_raw_sql():
    """Fails when the engine depends on one kind of database."""
    raw = {"raw", "cursor", "RawSQL", "extra"}
    writers = {path for path, tree in trees().items() for name, _ in calls(tree) if name in raw}
    # What is prepared is written by the ORM, for whatever database, and only kept. The notifier is PostgreSQL's own.
    assert "push/postgresql.py" in writers
    assert all(path.startswith("prepared/") for path in writers - {"push/postgresql.py"})

"""How PostgreSQL goes about the queries of real code paths."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

EXPLAINED = ("SELECT", "UPDATE", "DELETE", "EXECUTE")


@dataclass(frozen=True)
class Scan:
    """One table as one statement reads it; `index` is None where all of the table is read."""

    table: str
    index: str | None
    statement: str


def scans_of(act: Callable[[], object]) -> list[Scan]:
    """Carry out the act, and tell how each of its statements was planned to read which table."""
    scans: list[Scan] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(EXPLAINED) and not many:
            with context["cursor"].db.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                [[plan]] = cursor.fetchall()
            document = json.loads(plan) if isinstance(plan, str) else plan
            scans.extend(_scans(document[0]["Plan"], sql, None))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        act()
    return scans


def _scans(node: dict[str, Any], statement: str, table: str | None) -> Iterator[Scan]:
    """Bitmap scans name the table above and the index below."""
    table = node.get("Relation Name", table)
    if "Index Name" in node or node["Node Type"] == "Seq Scan":
        yield Scan(str(table), node.get("Index Name"), statement)
    for child in node.get("Plans", ()):
        yield from _scans(child, statement, table)

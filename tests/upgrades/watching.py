"""What a migration does to a site that runs, as PostgreSQL tells it: which locks it holds while it touches rows.

No clock is asked. A lock that keeps others out is held for a moment if nothing is done meanwhile that takes longer the
more rows there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import transaction

#: Locks that keep out those who write, or who read, too.
KEEPING_OUT = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")

#: Rows that may be changed in one transaction: each stays locked until it ends.
BATCH = 1000

TABLES = """
    SELECT oid, relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT LIKE 'django%%'
"""
LOCKS = """
    SELECT relation, mode FROM pg_locks
    WHERE pid = pg_backend_pid() AND granted AND mode = ANY(%s) AND relation = ANY(%s)
"""
WORK = """
    SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del), 0),
        coalesce(sum(n_tup_upd + n_tup_del), 0)
    FROM pg_stat_xact_all_tables WHERE relid = ANY(%s)
"""


class Watch:
    """Looks, after each statement of a connection, at what its transaction has locked and done so far."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.known = dict(self._ask(TABLES))
        self.faults: list[str] = []
        self.changed = 0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """As a wrapper of executions. A statement outside of transactions is given one, unless it refuses that."""
        with ExitStack() as stack:
            if not self.connection.in_atomic_block:
                if "CONCURRENTLY" in str(sql):
                    return execute(sql, params, many, context)
                stack.enter_context(transaction.atomic(using=self.connection.alias))
                self.changed = 0
            before = self._work()
            result = execute(sql, params, many, context)
            self._look(str(sql), before)
        return result

    def _look(self, sql: str, before: tuple[int, int]) -> None:
        work, changed = (after - earlier for after, earlier in zip(self._work(), before, strict=True))
        self.changed += changed
        locks = self._locks()
        if work and locks:
            self.faults.append(f"reads or writes {work} rows while it keeps others out of {sorted(locks)}: {sql}")
        if self.changed > BATCH:
            self.faults.append(f"changes {self.changed} rows in one transaction: {sql}")
        if len(closed := sorted(table for table, mode in locks.items() if mode == "AccessExclusiveLock")) > 1:
            self.faults.append(f"keeps others out of several tables at once, {closed}: {sql}")

    def _work(self) -> tuple[int, int]:
        """Rows that this session has read or written, and changed, of tables that were there before."""
        [(work, changed)] = self._ask(WORK, list(self.known))
        return int(work), int(changed)

    def _locks(self) -> dict[str, str]:
        """Tables, of those that were there before, from which others are kept out, with the strongest of such locks."""
        held = self._ask(LOCKS, list(KEEPING_OUT), list(self.known))
        strongest = sorted((KEEPING_OUT.index(mode), self.known[oid]) for oid, mode in held)
        return {name: KEEPING_OUT[strength] for strength, name in strongest}

    def _ask(self, sql: str, *parameters: Any) -> list[Any]:
        """Past the wrappers of the connection's own cursors."""
        self.connection.ensure_connection()
        with self.connection.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())


@contextmanager
def watched(connection: Any) -> Iterator[list[str]]:
    """Gives the faults of one migration. Work is not shared out to other processes, which are not seen."""
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_maintenance_workers = 0; SET max_parallel_workers_per_gather = 0")
    watch = Watch(connection)
    with connection.execute_wrapper(watch):
        yield watch.faults

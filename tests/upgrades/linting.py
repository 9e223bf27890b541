"""What a migration must not do to a site that runs, read from the statements that `sqlmigrate` prints for PostgreSQL.

Two things are at stake. A statement that reads or rewrites a whole table while it locks it holds up everybody for as
long as that takes. And code of the release before goes on reading and writing meanwhile, and for some time afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

#: Functions whose value is the same for all rows that are there, so that nothing has to be rewritten.
CONSTANT = r"\(?(STATEMENT_TIMESTAMP|TRANSACTION_TIMESTAMP|NOW)\(\)\)?"

#: What is wrong with a statement about a table that is in use, by a pattern that finds it.
FAULTS = {
    r"^ALTER TABLE \S+ RENAME (TO|COLUMN)\b": "renames what older code names",
    r"^DROP TABLE\b": "drops a table that older code names",
    r"\bDROP COLUMN\b": "drops a column that older code names",
    r"\bADD COLUMN\b(?!.*\bDEFAULT\b).*\bNOT NULL\b": "adds a column that older code leaves out: give it a db_default",
    r"\bDROP DEFAULT\b": "takes away the value of a column that older code leaves out: give it a db_default",
    rf"\bADD COLUMN\b.*\bDEFAULT\b(?! {CONSTANT}).*\w\(": "may rewrite the table: let the default be a constant",
    r"\bADD COLUMN\b.*\b(STORED|IDENTITY|\w*SERIAL)\b": "rewrites the table",
    r"\bADD COLUMN\b.*\bCHECK\b": "reads the table while nobody can use it: do without the check",
    r"\bALTER COLUMN\b.*\bTYPE\b": "may rewrite the table, and older code takes the column for what it was",
    r"\bSET NOT NULL\b": "reads the table while nobody can use it, and older code may leave the column empty",
    r"^CREATE (UNIQUE )?INDEX\b(?! CONCURRENTLY\b)": "lets nobody write meanwhile: build it CONCURRENTLY",
    r"\bADD CONSTRAINT\b(?!.*\b(NOT VALID|USING INDEX)\b)": "reads the table while nobody can use it: add it NOT VALID"
    " and validate it in a migration of its own, or build its index CONCURRENTLY first",
    r"^(UPDATE|DELETE|TRUNCATE|MERGE)\b": "locks each row that it changes until all are done: let code change them"
    " bit by bit",
    r"^(LOCK|CLUSTER|REINDEX|VACUUM)\b": "locks the table",
}

TABLE = r'(?:IF (?:NOT )?EXISTS |ONLY )*("[^"]+"|[\w.]+)'
CREATED = re.compile(rf"^CREATE TABLE {TABLE}", re.IGNORECASE)
ALTERED = re.compile(rf"^ALTER TABLE {TABLE}", re.IGNORECASE)
#: The table that a statement is about. Others may be named behind it, as keys lead there.
CONCERNED = re.compile(rf"\b(?:TABLE|ON|UPDATE|FROM|INTO|TRUNCATE|LOCK) {TABLE}", re.IGNORECASE)


def faults(statements: Sequence[str], *, atomic: bool = True) -> list[str]:
    """What is wrong with a migration that executes these statements, in one transaction if it is `atomic`."""
    new = _found(CREATED, statements)
    old = [statement for statement in statements if not _found(CONCERNED, [statement]) & new]
    found = [f"{sentence}: {statement}" for statement in old for sentence in _faults(statement)]
    return [*found, *_of_transaction(old)] if atomic else found


def _found(pattern: re.Pattern[str], statements: Sequence[str]) -> set[str]:
    return {match[1] for statement in statements if (match := pattern.search(statement))}


def _faults(statement: str) -> Iterator[str]:
    words = re.sub(r"'(?:[^']|'')*'", "''", re.sub(r'"[^"]*"', '"_"', statement))
    for pattern, sentence in FAULTS.items():
        if re.search(pattern, words, re.IGNORECASE):
            yield sentence


def _of_transaction(old: Sequence[str]) -> Iterator[str]:
    """What is wrong because locks are held until the transaction ends."""
    altering = [statement for statement in old if ALTERED.match(statement) and "VALIDATE CONSTRAINT" not in statement]
    altered = sorted(_found(ALTERED, altering))
    if len(altered) > 1:
        yield f"locks several tables, in an order of its own: make a migration for each of {', '.join(altered)}"
    for statement in old:
        if altered and "VALIDATE CONSTRAINT" in statement:
            yield f"reads a table that stays locked meanwhile: make it a migration of its own: {statement}"

"""An export: tables of one moment and their dictionary, in a folder that is there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from ..exceptions import OutputExists
from ..moments import one_moment
from .columns import Table
from .dictionary import write_dictionary
from .formats import FORMATS, require
from .naming import renamed
from .pseudonyms import Naming
from .selecting import Selection
from .tables import TABLES

#: Rows that are in memory at a time.
BATCH = 5000

#: Is told the name of the table and how many of its rows have been written so far; once more when it is done.
Progress = Callable[[str, int], None]


def chosen(names: Sequence[str] | None = None, *, details: bool = False) -> list[Table]:
    """The tables of these names, or all of them; with `details`, with what the site keeps in them."""
    tables = [table for name, table in TABLES.items() if names is None or name in names]
    return [table.wide() for table in tables] if details else tables


def export(
    folder: Path,
    selection: Selection,
    *,
    tables: Sequence[Table],
    naming: Naming,
    format: str = "csv",
    progress: Progress = lambda table, rows: None,
) -> dict[str, int]:
    """Write the tables into a new folder, for its owner's eyes only; return how many rows each of them has.

    Takes no lock and memory for `BATCH` rows, however many there are. Raises `OutputExists` where something is
    already, `ExtraMissing`.
    """
    require(format)
    folder = folder.resolve()
    if _is_taken(folder):
        raise OutputExists(f"{folder} exists already, and is left as it is.")
    with _in_the_making(folder) as draft:
        with one_moment():
            written = {table.name: write(draft, table, selection, naming, format, progress) for table in tables}
        write_dictionary(draft, tables)
    return written


def write(folder: Path, table: Table, selection: Selection, naming: Naming, format: str, progress: Progress) -> int:
    """Write one table into the folder, by way of batches; return how many rows it has."""
    n = 0
    with closing(FORMATS[format](folder / f"{table.name}.{format}", table.columns)) as writer:
        for batch in _batches(table, selection, naming):
            writer.write(batch)
            n += len(batch)
            progress(table.name, n)
    return n


def _batches(table: Table, selection: Selection, naming: Naming) -> Iterator[list[list[Any]]]:
    ids = [(place, column.of) for place, column in enumerate(table.columns) if column.type == "id"]
    named = [place for place, column in enumerate(table.columns) if column.names]
    rows = table.read(selection).iterator(chunk_size=BATCH)
    while batch := [list(row) for row in islice(rows, BATCH)]:
        for row in batch:
            for place, of in ids:
                row[place] = row[place] and naming(of, row[place])
        renamed(batch, named, naming)
        yield batch


@contextmanager
def _in_the_making(folder: Path) -> Iterator[Path]:
    """A folder beside the one that is wanted, which gets its name once everything is in it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield draft
        try:
            os.rename(draft, folder)
        except OSError as error:
            raise OutputExists(f"{folder} has come to exist meanwhile, and is left as it is.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _is_taken(folder: Path) -> bool:
    """Whether there is something that an export would mix with, or replace."""
    return folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))

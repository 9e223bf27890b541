"""The data dictionary: what each table and each column of an export is, made of their declarations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from .columns import Table
from .formats import dump_csv

HEADER = ("table", "column", "type", "unit", "meaning")


def write_dictionary(folder: Path, tables: Sequence[Table]) -> list[Path]:
    """Write it into the folder, for programs and for people."""
    files = [folder / "data_dictionary.csv", folder / "data_dictionary.md"]
    dump_csv(files[0], [HEADER, *entries(tables)])
    title = _("Data dictionary")
    files[1].write_text(f"# {title}\n\n{as_markdown(tables)}", encoding="utf-8")
    return files


def entries(tables: Sequence[Table]) -> Iterator[tuple[str, ...]]:
    """A row for each column."""
    for table in tables:
        for column in table.columns:
            yield table.name, column.name, column.type, str(column.unit), str(column.meaning)


def as_markdown(tables: Sequence[Table]) -> str:
    """A heading and a table for each of these tables."""
    return "\n".join(line for table in tables for line in _section(table))


def _section(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"{table.meaning}\n"
    yield "| column | type | unit | meaning |\n|---|---|---|---|"
    for column in table.columns:
        cells = (f"`{column.name}`", column.type, column.unit, column.meaning)
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""

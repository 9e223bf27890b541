"""How a table is written: a writer is handed the columns, then batches of rows, and is closed."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder

from ..exceptions import ExtraMissing
from .columns import Column

#: What spreadsheets take for the beginning of a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Writer(Protocol):
    """Writes one table into one file."""

    def write(self, rows: Sequence[Sequence[Any]]) -> None: ...

    def close(self) -> None: ...


class CsvWriter:
    """UTF-8, a header, commas, times in ISO 8601 and UTC, empty where there is nothing.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets do not show.
    """

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.cells = [_cell(column) for column in columns]
        self.file = path.open("w", encoding="utf-8", newline="")
        self.csv = csv.writer(self.file)
        self.csv.writerow([column.name for column in columns])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        self.csv.writerows([cell(value) for cell, value in zip(self.cells, row, strict=True)] for row in rows)

    def close(self) -> None:
        self.file.close()


class JsonLinesWriter:
    """UTF-8, one object a line, times in ISO 8601 and UTC, null where there is nothing."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.columns = [(column.name, column.type) for column in columns]
        self.file = path.open("w", encoding="utf-8")

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            said = {name: _said(kind, value) for (name, kind), value in zip(self.columns, row, strict=True)}
            self.file.write(json.dumps(said, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n")

    def close(self) -> None:
        self.file.close()


class ParquetWriter:
    """Typed columns, compressed. Needs pyarrow, which is loaded by those only who write Parquet: it is large."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.arrow = _load("pyarrow", "Parquet", "parquet")
        parquet = import_module("pyarrow.parquet")
        self.shape = [column.type for column in columns]
        kinds = {
            "integer": self.arrow.int64(),
            "number": self.arrow.float64(),
            "boolean": self.arrow.bool_(),
            "time": self.arrow.timestamp("us", tz="UTC"),
        }
        fields = [(column.name, kinds.get(column.type, self.arrow.string())) for column in columns]
        self.schema = self.arrow.schema(fields)
        self.file = parquet.ParquetWriter(str(path), self.schema)

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            columns = zip(self.shape, zip(*rows, strict=True), self.schema.types, strict=True)
            arrays = [self.arrow.array([_plain(kind, v) for v in values], type_) for kind, values, type_ in columns]
            self.file.write_batch(self.arrow.RecordBatch.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        self.file.close()


#: By the name that is asked for, which is also the ending of the files.
FORMATS: dict[str, Callable[[Path, Sequence[Column]], Writer]] = {
    "csv": CsvWriter,
    "jsonl": JsonLinesWriter,
    "parquet": ParquetWriter,
}


def require(name: str) -> None:
    """Raise `ExtraMissing` if the format needs what is not installed."""
    if FORMATS[name] is ParquetWriter:
        _load("pyarrow", "Parquet", "parquet")


def _load(module: str, what: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ExtraMissing(f"{what} needs {module}: pip install 'syncgroups[{extra}]'.") from error


def _said(kind: str, value: Any) -> Any:
    """A value as JSON has it; objects stay objects."""
    return value if kind == "json" else in_utc(_plain(kind, value))


def in_utc(value: Any) -> Any:
    """A time in words, to the microsecond; anything else as it is."""
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def _cell(column: Column) -> Callable[[Any], Any]:
    if column.type == "time":
        return in_utc
    if column.type == "boolean":
        return lambda value: "" if value is None else str(value).lower()
    if column.type in {"integer", "number"}:
        return lambda value: value
    return lambda value: "" if value is None else harmless(_plain(column.type, value))


def _plain(kind: str, value: Any) -> Any:
    """A value as files without a type for it can hold it: JSON, and whatever the site's own columns hold, as text."""
    if value is None or kind in {"integer", "number", "boolean", "time"}:
        return value
    if kind == "json":
        return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
    return value if isinstance(value, str) else str(value)


def dump_csv(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    """A small table of texts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([harmless(str(cell)) for cell in row] for row in rows)

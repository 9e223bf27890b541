"""An export as one file, to be sent to a browser."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from .columns import Table
from .pseudonyms import Naming
from .selecting import Selection
from .writing import export

#: What it is called on the web; a zip where there are several.
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "zip": "application/zip",
}


class Package(NamedTuple):
    """An open file, which has no name on the disk and ends with its being closed; and how it is to be sent."""

    file: IO[bytes]
    name: str
    content_type: str


def pack(selection: Selection, *, tables: Sequence[Table], naming: Naming, format: str = "csv") -> Package:
    """One table as a file, or several with their dictionary as a zip of files.

    Written to the disk before anything is sent, so that the database is done with it, however slow the reader is.
    """
    with tempfile.TemporaryDirectory(prefix="syncgroups-") as folder:
        written = Path(folder) / "tables"
        export(written, selection, tables=tables, naming=naming, format=format)
        ending = format if len(tables) == 1 else "zip"
        single = written / f"{tables[0].name}.{format}"
        file: Any = single.open("rb") if ending != "zip" else _zipped(written, format)
    return Package(file, single.name if ending != "zip" else "syncgroups.zip", CONTENT_TYPES[ending])


def _zipped(folder: Path, format: str) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever sends it
    with ZipFile(file, "w", ZIP_STORED if format == "parquet" else ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    file.seek(0)
    return file

"""Data out: tables for analysis, pseudonymous unless asked otherwise. Reads only, and declares what it writes."""

from .columns import Column, Table
from .dictionary import as_markdown
from .formats import FORMATS
from .packing import Package, pack
from .pseudonyms import pseudonyms, real_ids
from .selecting import Selection
from .tables import TABLES
from .writing import chosen, export

__all__ = [
    "FORMATS",
    "TABLES",
    "Column",
    "Package",
    "Selection",
    "Table",
    "as_markdown",
    "chosen",
    "export",
    "pack",
    "pseudonyms",
    "real_ids",
]

"""How tables of an export are declared: what each column is called, holds, is measured in and means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, QuerySet
from django.utils.functional import Promise

from .selecting import Selection

Text = str | Promise

#: What a column may hold. An ``id`` is a public id, and is replaced by a pseudonym unless real ones are asked for.
TYPES = ("id", "text", "integer", "number", "boolean", "time", "json")


@dataclass(frozen=True)
class Column:
    """One column; the data dictionary is made of these."""

    name: str
    type: str
    meaning: Text
    #: Path of the field, or an expression; the name where it is left out.
    source: Any = None
    unit: Text = ""
    #: Of an id: what it is the id of, so that those of the same are alike in all tables.
    of: str = ""
    #: Of JSON and texts: whether they may name people and groups, who are called there as they are in all tables.
    names: bool = False

    def __post_init__(self) -> None:
        if self.type not in TYPES or (self.type == "id") != bool(self.of):
            raise ValueError(f"Column '{self.name}' has no proper type: {self.type} of '{self.of}'.")

    @property
    def expression(self) -> Any:
        """What is asked of the database."""
        source = self.source or self.name
        return F(source) if isinstance(source, str) else source


@dataclass(frozen=True)
class Table:
    """One table. `rows` says which rows of the database belong to a selection."""

    name: str
    meaning: Text
    rows: Callable[[Selection], QuerySet[Any, Any]]
    columns: Sequence[Column]
    #: Columns whose content the site determines, and which may tell who somebody is: only where they are asked for.
    details: Callable[[], Sequence[Column]] = tuple

    def wide(self) -> Table:
        """The table with what the site keeps beside it."""
        return replace(self, columns=[*self.columns, *self.details()], details=tuple)

    @property
    def model(self) -> Any:
        """The model whose rows these are, by whose permission they may be seen."""
        return self.rows(Selection()).model

    def read(self, selection: Selection) -> QuerySet[Any, Any]:
        """The rows as tuples, in the order in which they came into being."""
        # Names of the app's own, because an annotation may not be called as a field is.
        named = {f"column_{number}": column.expression for number, column in enumerate(self.columns)}
        rows: Any = self.rows(selection).order_by("pk").annotate(**named)
        return rows.values_list(*named)  # type: ignore[no-any-return]

"""Statements that are written once and executed often.

For the ORM to write a statement takes several times as long as for PostgreSQL to answer it. A function that is
`prepared` is called once, with slots in place of values; the statement that it returns is kept, and calling the
function from then on means to fill in the slots and to execute. It reads as any other use of the ORM:

    @prepared
    def open_visits(barrier_id: str, cohort: str) -> Any:
        return ParticipantLinkBarrier.objects.at(barrier_id, cohort).waiting()

    for link in open_visits("meet", ""):
        ...

The function may return a queryset (then the answer is a list of what it yields), or an update or a delete of a
`StatementQuerySet` (then it is the number of rows).

This is the only place that knows the ORM from within.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

from .reading import Planned, Reading
from .slots import Among, Is, Slot
from .writing import StatementQuerySet, Writing, insert, insert_all, not_executing

__all__ = ["Among", "Is", "StatementQuerySet", "insert", "insert_all", "planned", "prepared"]


def prepared(function: Callable[..., Any], *, kind: type[Reading] = Reading) -> Callable[..., Any]:
    """Let the ORM write once what the function returns. See the module.

    Positional arguments are values to be filled in; None is written out, because SQL has words of its own for it.
    Keyword-only arguments are part of the statement. One is kept for each combination of these. ``using`` names
    another database than the default one.
    """
    parameters = inspect.signature(function).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    kept: dict[Any, Any] = {}

    @wraps(function)
    def execute(*values: Any, using: str = DEFAULT_DB_ALIAS, **constants: Any) -> Any:
        if len(values) != len(names):
            raise TypeError(f"{function.__name__}() takes {len(names)} values, not {len(values)}.")
        shape = (using, *(value is None for value in values), *constants.items())
        if shape not in kept:
            slots = (None if value is None else Slot(name) for name, value in zip(names, values, strict=True))
            kept[shape] = _written(partial(function, *slots, **constants), kind, using)
        if kept[shape] is None:
            return function(*values, **constants)
        return kept[shape].execute(dict(zip(names, values, strict=True)), connections[using])

    execute.kept = kept  # type: ignore[attr-defined]
    return execute


def planned(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `prepared`, for a queryset that is asked so often outside of transactions that PostgreSQL keeps its plan."""
    return prepared(function, kind=Planned)


def _written(function: Callable[[], Any], kind: type[Reading], using: str) -> Reading | Writing | None:
    """The statement; None where it takes several, because a model's columns are in the tables of its parents, too."""
    with not_executing():
        statement = function()
    if isinstance(statement, models.QuerySet):
        return kind(statement, using)
    return None if getattr(statement, "related_updates", None) else Writing(statement, using)

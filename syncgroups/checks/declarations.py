"""What is declared, and what the database knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from .. import processing, registry


@register("syncgroups")
def check_declarations(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: a barrier's own fault. E002: a group barrier for groups that nobody forms."""
    messages: list[CheckMessage] = []
    for barrier in registry.all_barriers():
        for sentence, hint in barrier.problems():
            messages.append(Error(f"Barrier '{barrier.id}': {sentence}.", hint=hint, id="syncgroups.E001"))
        if barrier.group_type and not barrier.forms_groups and not registry.groupers_of(barrier.group_type):
            messages.append(
                Error(
                    f"Barrier '{barrier.id}' waits for groups of type '{barrier.group_type}', which no grouper forms.",
                    hint=f"Register a grouper with group_type='{barrier.group_type}', or correct the type.",
                    id="syncgroups.E002",
                )
            )
    return messages


@register(Tags.database)
def check_database(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W002: the database knows a barrier that the site does not declare."""
    if not databases:
        return []
    try:
        undeclared = processing.undeclared_barriers()
    except DatabaseError:
        # Before the first migration there is nothing to compare with.
        return []
    return [
        Warning(
            f"Barrier '{barrier_id}' is known to the database and no longer declared.",
            hint="Whoever waits there is let go a minute after the deadline only: declare it again, or end the visits.",
            id="syncgroups.W002",
        )
        for barrier_id in undeclared
    ]

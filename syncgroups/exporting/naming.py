"""Who and which group is named in reasons and in what the audit keeps, replaced by the same ids as in all tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from ..models import SyncGroup, get_participant_model
from .pseudonyms import Naming

#: What holds names of people, and of groups, and nothing else.
PEOPLE = frozenset({"members", "leader", "participants", "participant_ids"})
GROUPS = frozenset({"groups", "to", "to_id"})

#: A public id, of whomever and however it is written, or a participant's short name; wherever it is.
NAMED = re.compile(r"\b(?:(?:P-)?(?P<id>[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12})|P-[0-9a-f]{8})\b", re.IGNORECASE)
#: A group's name: its type and its key.
GROUP = re.compile(r".* (\d+)")

#: How many names are looked up at a time.
AT_ONCE = 200


class Renaming:
    """Replaces the names in some texts and values of JSON. Three queries, or as many more as there are hundreds."""

    def __init__(self, values: Iterable[Any], naming: Naming) -> None:
        found = [pair for value in values for pair in _texts(value)]
        self.naming = naming
        named = [match for _key, text in found for match in NAMED.finditer(text)]
        self.people = _people({_short(match) for match in named if not match["id"]})
        self.are_groups = _are_groups({UUID(match["id"]) for match in named if match["id"]})
        self.groups = _groups({int(m[1]) for key, text in found if key in GROUPS for m in _names(text)})

    def __call__(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self(item, key) for item in value]
        if not isinstance(value, str) or not value:
            return value
        if key in PEOPLE:
            return ", ".join(map(self.person, value.split(", ")))
        if key in GROUPS:
            return ", ".join(map(self.group, value.split(", ")))
        return NAMED.sub(self._called, value)

    def _called(self, match: re.Match[str]) -> str:
        if not match["id"]:
            return self.person(_short(match))
        public_id = UUID(match["id"])
        return self.naming("group" if public_id in self.are_groups else "participant", public_id)

    def person(self, name: str) -> str:
        return self.naming("participant", self.people.get(name, name))

    def group(self, name: str) -> str:
        found = GROUP.fullmatch(name)
        return self.naming("group", self.groups.get(int(found[1]), name) if found else name)


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value of JSON, with the key under which it is."""
    if isinstance(value, dict):
        yield from (pair for name, item in value.items() for pair in _texts(item, name))
    elif isinstance(value, list):
        yield from (pair for item in value for pair in _texts(item, key))
    elif isinstance(value, str):
        yield key, value


def _short(match: re.Match[str]) -> str:
    return f"P-{match[0][2:].lower()}"


def _names(text: str) -> Iterator[re.Match[str]]:
    return filter(None, map(GROUP.fullmatch, text.split(", ")))


def _people(names: set[str]) -> dict[str, UUID]:
    """Public ids by short name. A name that two people share is nobody's."""
    found: dict[str, list[UUID]] = {}
    for some in _parts(names):
        wanted = Q()
        for name in some:
            start = name.removeprefix("P-")
            first, last = (UUID(start + digit * 24) for digit in "0f")
            wanted |= Q(public_id__range=(first, last))
        for public_id in get_participant_model()._default_manager.filter(wanted).values_list("public_id", flat=True):
            found.setdefault(f"P-{str(public_id)[:8]}", []).append(public_id)
    return {name: ids[0] for name, ids in found.items() if len(ids) == 1}


def _are_groups(public_ids: set[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for some in _parts(public_ids):
        found |= set(SyncGroup.objects.filter(public_id__in=some).values_list("public_id", flat=True))
    return found


def _groups(pks: set[int]) -> dict[int, UUID]:
    found: dict[int, UUID] = {}
    for some in _parts(pks):
        found |= dict(SyncGroup.objects.filter(pk__in=some).values_list("pk", "public_id"))
    return found


def _parts(wanted: set[Any]) -> Iterator[list[Any]]:
    in_order = sorted(wanted)
    return (in_order[start : start + AT_ONCE] for start in range(0, len(in_order), AT_ONCE))


def renamed(rows: Sequence[list[Any]], places: Sequence[int], naming: Naming) -> None:
    """Replace the names in these columns of the rows."""
    if places:
        rename = Renaming((row[place] for row in rows for place in places), naming)
        for row in rows:
            for place in places:
                row[place] = rename(row[place])

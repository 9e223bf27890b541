"""What of a row a researcher decides about: kept before and after, and compared with what they saw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from django.db.models import F, Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..exceptions import ChangedMeanwhile, ImpossibleOrder
from ..models import (
    AbstractParticipant,
    AuditEntry,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    all_participants,
)
from ..querysets import InSeconds

#: Names of facts, for people. Their values are texts, too.
NAMES = {
    "status": gettext_lazy("status"),
    "groups": gettext_lazy("groups"),
    "active": gettext_lazy("active"),
    "leader": gettext_lazy("leader"),
    "members": gettext_lazy("members"),
    "paused": gettext_lazy("paused by"),
    "state": gettext_lazy("state"),
    "until": gettext_lazy("waits until"),
    "message": gettext_lazy("message"),
    "allowed": gettext_lazy("longest wait allowed"),
}

Facts = dict[str, str]

#: Which facts tell of visits, whatever the row is.
OF_VISITS = frozenset({"allowed", "message"})
SEES_VISITS = [f"syncgroups.{act}_participantlinkbarrier" for act in ("view", "change")]

#: How many entries are looked through for the one that has changed something.
LOOKED_AT = 50


@dataclass(frozen=True)
class Cohort:
    """All the participants who may meet, and all the barriers for them."""

    name: str

    @property
    def pk(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name or str(_("the cohort without a name"))


@dataclass(frozen=True)
class Place:
    """A barrier in a cohort, by its name, whether or not it has a record."""

    barrier_id: str
    cohort: str

    @property
    def pk(self) -> tuple[str, str]:
        return self.barrier_id, self.cohort


def facts_of(row: Any) -> Facts:
    """What is true of a row now, by fresh queries. Inside a transaction that holds its lock it stays true."""
    return facts_of_all([row])[row.pk]


def facts_of_all(rows: Sequence[Any]) -> dict[Any, Facts]:
    """As `facts_of`, for rows of one kind, by primary key; in a number of queries that does not depend on how many."""
    return _facts(rows[0], [row.pk for row in rows]) if rows else {}


def facts_for(user: Any, facts: Facts) -> Facts:
    """Without those of visits where the user may neither view nor change these."""
    if any(map(user.has_perm, SEES_VISITS)):
        return facts
    return {name: value for name, value in facts.items() if name not in OF_VISITS}


@singledispatch
def _facts(kind: Any, pks: Sequence[Any]) -> dict[Any, Facts]:
    raise TypeError(f"Nothing is known of {kind!r}.")


@_facts.register
def _of_people(kind: AbstractParticipant, pks: Sequence[Any]) -> dict[Any, Facts]:
    memberships = ParticipantLinkSyncGroup.objects.active().of(pks).in_order_of_arrival().select_related("sync_group")
    groups: dict[Any, list[str]] = defaultdict(list)
    for link in memberships:
        groups[link.participant_id].append(str(link.sync_group))
    people = all_participants().filter(pk__in=pks).values_list("pk", "status", "failed")
    return {
        pk: {"status": "failed" if failed else status, "groups": ", ".join(groups[pk])} for pk, status, failed in people
    }


@_facts.register
def _of_groups(kind: SyncGroup, pks: Sequence[Any]) -> dict[Any, Facts]:
    members: dict[Any, list[str]] = defaultdict(list)
    for member in all_participants().in_groups(pks):
        if member.is_active:
            members[member.in_group].append(str(member))
    waits = _waits("sync_group", sync_group__in=pks)
    return {
        group.pk: {
            "active": "yes" if group.active else "no",
            "leader": str(group.leader or ""),
            "members": ", ".join(members[group.pk]),
            "paused": _holder(group),
            **waits[group.pk,],
        }
        for group in SyncGroup.objects.filter(pk__in=pks).select_related("leader")
    }


@_facts.register
def _of_memberships(kind: ParticipantLinkSyncGroup, pks: Sequence[Any]) -> dict[Any, Facts]:
    links = list(ParticipantLinkSyncGroup.objects.filter(pk__in=pks))
    groups = _of_groups(SyncGroup(), [link.sync_group_id for link in links])
    return {link.pk: groups[link.sync_group_id] for link in links}


@_facts.register
def _of_visits(kind: ParticipantLinkBarrier, pks: Sequence[Any]) -> dict[Any, Facts]:
    visits = ParticipantLinkBarrier.objects.filter(pk__in=pks)
    return {
        visit.pk: {"state": visit.state, "until": visit.deadline.isoformat(), "message": visit.message}
        for visit in visits
    }


@_facts.register
def _of_records(kind: BarrierRecord, pks: Sequence[Any]) -> dict[Any, Facts]:
    records = list(BarrierRecord.objects.filter(pk__in=pks))
    places = {"barrier_id__in": {r.barrier_id for r in records}, "cohort__in": {r.cohort for r in records}}
    waits = _waits("barrier_id", "cohort", **places)
    return {r.pk: {"paused": _holder(r), **waits[r.barrier_id, r.cohort]} for r in records}


@_facts.register
def _of_places(kind: Place, pks: Sequence[Any]) -> dict[Any, Facts]:
    barrier_ids, cohorts = {barrier_id for barrier_id, _ in pks}, {cohort for _, cohort in pks}
    places: dict[str, Any] = {"barrier_id__in": barrier_ids, "cohort__in": cohorts}
    holders = {(r.barrier_id, r.cohort): _holder(r) for r in BarrierRecord.objects.filter(**places)}
    waits = _waits("barrier_id", "cohort", **places)
    return {place: {"paused": holders.get(place, ""), **waits[place]} for place in pks}


@_facts.register
def _of_cohorts(kind: Cohort, pks: Sequence[Any]) -> dict[Any, Facts]:
    paused = BarrierRecord.objects.paused().filter(cohort__in=pks).order_by("barrier_id")
    by_cohort: dict[str, list[str]] = {name: [] for name in pks}
    for record in paused:
        by_cohort[record.cohort].append(f"{record.barrier_id} ({_holder(record)})")
    waits = _waits("cohort", cohort__in=pks)
    return {name: {"paused": ", ".join(held), **waits[name,]} for name, held in by_cohort.items()}


def _waits(*place: str, **where: Any) -> defaultdict[tuple[Any, ...], Facts]:
    """What researchers have given those who wait, by place: the same whoever comes, and while clocks stand still."""
    waits: defaultdict[tuple[Any, ...], Facts] = defaultdict(lambda: {"allowed": "", "message": ""})
    visits = ParticipantLinkBarrier.objects.waiting().filter(**where).order_by()
    allowed = InSeconds(F("deadline") - F("arrival_time")) - F("paused_for")
    for *key, longest in visits.values_list(*place).annotate(longest=Max(allowed)):
        waits[tuple(key)]["allowed"] = f"{longest:.1f} s"
    messages = defaultdict(set)
    for *key, text in visits.exclude(message="").values_list(*place, "message").distinct():
        messages[tuple(key)].add(text)
    for at, texts in messages.items():
        waits[at]["message"] = "; ".join(sorted(texts))
    return waits


def _holder(row: BarrierRecord | SyncGroup) -> str:
    """Who has paused it; empty where nobody has."""
    return row.paused_by or "?" if row.paused else ""


def require_known(seen: Iterable[str], now: Facts) -> None:
    """Raise `ImpossibleOrder` for facts that there are not: what is misspelt would be compared with nothing."""
    if strange := sorted(set(seen) - now.keys()):
        told = {"strange": ", ".join(strange), "known": ", ".join(sorted(now))}
        raise ImpossibleOrder(_("Nothing can have been seen of %(strange)s. Known: %(known)s.") % told)


def require_as_seen(row: Any, seen: Facts | None, now: Facts) -> None:
    """Raise `ChangedMeanwhile`, and say what has changed and by whom, unless the row is as it was `seen`."""
    changed = {name: seen[name] for name in now if name in seen and seen[name] != now[name]} if seen else {}
    if not changed:
        return
    told = [
        _("%(fact)s was “%(before)s” and is “%(now)s”")
        % {"fact": NAMES.get(name, name), "before": before, "now": now[name]}
        for name, before in changed.items()
    ]
    facts = {"row": row, "changes": "; ".join(told), "who": _who(row, {name: now[name] for name in changed})}
    raise ChangedMeanwhile(_("%(row)s has changed meanwhile: %(changes)s.%(who)s Nothing has been done.") % facts)


def _who(row: Any, changed: Facts) -> str:
    """Who has made these facts what they are. Nothing of what the engine has done, or nobody knows."""
    found = {entry.pk: entry for name, value in changed.items() if (entry := _maker(row, name, value))}
    return "".join(f" {_told(entry)}" for _pk, entry in sorted(found.items()))


def _maker(row: Any, name: str, value: str) -> AuditEntry | None:
    """The newest entry about the row that says that the fact has become what it is."""
    # A barrier has its visits' keys, too, and a cohort those of everything in it.
    nobody: dict[str, Any] = {"participant": None, "sync_group": None, "barrier_id": ""}
    others = {} if isinstance(row, AbstractParticipant | SyncGroup | ParticipantLinkBarrier) else nobody
    entries = AuditEntry.objects.filter(**others | keys_of(row))
    latest = entries.filter(**{f"after__{name}": value}).order_by("-pk")[:LOOKED_AT]
    return next((entry for entry in latest if entry.before.get(name) != value), None)


def _told(entry: AuditEntry) -> str:
    clock = date_format(timezone.localtime(entry.time), "H:i:s")
    facts = {"by": entry.by, "what": entry.get_verb_display(), "time": clock, "reason": entry.reason}
    return _("That was %(by)s, at %(time)s: %(what)s (%(reason)s).") % facts


@singledispatch
def keys_of(row: Any) -> dict[str, Any]:
    """The columns of an audit entry that say whom it is about."""
    raise TypeError(f"Nothing is known of {row!r}.")


@keys_of.register
def _keys_of_person(person: AbstractParticipant) -> dict[str, Any]:
    return {"participant": person, "cohort": person.cohort}


@keys_of.register
def _keys_of_group(group: SyncGroup) -> dict[str, Any]:
    return {"sync_group": group, "cohort": group.cohort}


@keys_of.register
def _keys_of_visit(visit: ParticipantLinkBarrier) -> dict[str, Any]:
    return {"participant_id": visit.participant_id, "barrier_id": visit.barrier_id, "cohort": visit.cohort}


@keys_of.register
def _keys_of_record(record: BarrierRecord) -> dict[str, Any]:
    return {"barrier_id": record.barrier_id, "cohort": record.cohort}


@keys_of.register
def _keys_of_cohort(cohort: Cohort) -> dict[str, Any]:
    return {"cohort": cohort.name}

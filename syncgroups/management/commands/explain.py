"""Why is nobody moving? In sentences."""

from __future__ import annotations

import contextlib
import re
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from syncgroups.exceptions import BarrierNotRegistered
from syncgroups.explaining import explain
from syncgroups.models import ParticipantLinkBarrier, SyncGroup, all_participants
from syncgroups.registry import all_barriers

#: Of a public id.
BEGINNING = re.compile(r"[0-9a-f]{1,32}")


class Command(BaseCommand):
    help = "Say why nobody moves: at a barrier or, there, of a group or a participant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("barrier", metavar="BARRIER", help="The barrier's id.")
        parser.add_argument("--cohort", default="", help="Which cohort waits there; by default the one without a name.")
        parser.add_argument("--participant", metavar="ID", help="Of whom: the public id, its beginning, or the key.")
        parser.add_argument("--group", metavar="ID", help="Of which group: the public id, its beginning, or the key.")

    def handle(self, *args: Any, **options: Any) -> None:
        barrier_id = options["barrier"]
        person = only_one("participant", all_participants(), options["participant"])
        group = only_one("group", SyncGroup.objects.all(), options["group"])
        if person is not None and group is not None:
            raise CommandError("Ask for a participant or for a group, not for both.")
        try:
            explanation = explain(barrier_id, options["cohort"], group=group, participant=person)
        except BarrierNotRegistered as error:
            known = ", ".join(barrier.id for barrier in all_barriers()) or "none"
            raise CommandError(f"No barrier '{barrier_id}' is declared. Those declared: {known}.") from error
        self.stdout.write(str(explanation))
        if person is None and group is None:
            self.tell_of_other_cohorts(barrier_id, options["cohort"])

    def tell_of_other_cohorts(self, barrier_id: str, cohort: str) -> None:
        """Somebody who forgets the cohort, or mistypes it, is not told merely that nobody waits."""
        visits = ParticipantLinkBarrier.objects.at(barrier_id).waiting().order_by("cohort")
        cohorts = list(visits.values_list("cohort", flat=True).distinct()[:20])
        if cohorts and cohort not in cohorts:
            named = ", ".join(repr(name) for name in cohorts)
            self.stdout.write(f"In this cohort ({cohort!r}) nobody waits. Somebody does in: {named}. See --cohort.")


def only_one(what: str, rows: Any, given: str | None) -> Any:
    """The row that is meant by an id as people write it, or None where none was given."""
    if given is None:
        return None
    # A beginning may be digits only, like a key: one that is a row's key means that row.
    for meant in (whole(rows.model, given.strip()), beginning(given.strip())):
        found = list(rows.filter(meant).order_by("pk")[:2])
        if len(found) > 1:
            raise CommandError(f"Several {what}s have an id that begins with '{given}'. Write more of it.")
        if found:
            return found[0]
    raise CommandError(f"There is no {what} '{given}'. Copy the public id, or its beginning, from the admin.")


def whole(model: Any, given: str) -> Q:
    """By the public id or, unless it looks like the short name of the pages, the key."""
    named = given.removeprefix("P-").lower()
    meant = Q(public_id=named) if is_uuid(named) else Q(pk__in=[])
    if len(named) == len(given) and (named.isdecimal() or is_uuid(named)):
        with contextlib.suppress(ValidationError):
            return meant | Q(pk=model._meta.pk.to_python(named))
    return meant


def beginning(given: str) -> Q:
    """By how the public id begins. Databases differ in whether they write ids with dashes."""
    digits = given.removeprefix("P-").lower().replace("-", "")
    if not BEGINNING.fullmatch(digits):
        return Q(pk__in=[])
    return Q(public_id__range=tuple(UUID(f"{digits:{last}<32}") for last in "0f"))


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True

"""Whether the database is as it is promised to be."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ... import verifying


class Command(BaseCommand):
    help = (
        "Verify on the live database everything that this app promises of it; say in sentences what is wrong with"
        " which rows and what to do, and exit with 1 if anything is. Reads only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--cohort", metavar="NAME", help="Only rows of this cohort.")
        add("--json", action="store_true", help="For programs.")
        add(
            "--allowance",
            type=float,
            default=verifying.ALLOWANCE.total_seconds(),
            metavar="SECONDS",
            help="How long something may be due, the end of a wait for instance (%(default)s).",
        )
        add(
            "--wait",
            type=float,
            metavar="SECONDS",
            help="After how long to look again for what the sweep puts right by itself: as long as a recount takes.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        allowance = timedelta(seconds=options["allowance"])
        found = verifying.verify(options["cohort"], allowance=allowance, wait=options["wait"])
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found), indent=1))
        else:
            self.tell(found)
        if found:
            raise CommandError(_("The database is not as promised."), returncode=1)

    def tell(self, found: Sequence[verifying.Finding]) -> None:
        for promise, rows in groupby(found, key=lambda finding: finding.promise):
            sentences = [str(row) for row in rows]
            for sentence in sentences[: verifying.NAMED]:
                self.stdout.write(sentence)
            if len(sentences) > verifying.NAMED:
                self.stdout.write(_("And there are more of this kind."))
            self.stdout.write(f"  → {promise.cure}")
        if not found:
            n = len(verifying.PROMISES)
            sentence = ngettext("%(n)d promise is kept.", "All of %(n)d promises are kept.", n)
            self.stdout.write(sentence % {"n": n})


def as_json(found: Sequence[verifying.Finding]) -> dict[str, Any]:
    """What is wrong, with public ids under the names that the sentences have for them."""
    return {
        "ok": not found,
        "promises": [promise.name for promise in verifying.PROMISES],
        "findings": [
            {
                "promise": finding.promise.name,
                "sentence": str(finding),
                "cure": str(finding.promise.cure),
                "facts": finding.facts,
            }
            for finding in found
        ],
    }

"""Tables for analysis, into a folder."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ... import exporting
from ...exceptions import ExtraMissing, OutputExists

#: Where the key of pseudonyms may be, too: whoever lists processes reads their arguments.
KEY = "SYNCGROUPS_PSEUDONYM_KEY"


class Command(BaseCommand):
    help = (
        "Write participants, groups, memberships, visits and presence into a folder, as tables with a data dictionary."
        " All of them are of one moment. Ids are pseudonyms, unless --real-ids is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--cohort", action="append", metavar="NAME", help="Only people of this cohort; may be given several times.")
        add("--since", type=moment, metavar="TIME", help="Only people who came then or later, in ISO 8601.")
        add("--until", type=moment, metavar="TIME", help="Only people who came before.")
        add("--tables", nargs="+", choices=exporting.TABLES, metavar="TABLE", help="Only these: %(choices)s.")
        add("--format", choices=exporting.FORMATS, default="csv", help="The default is %(default)s.")
        add("--output", type=Path, metavar="FOLDER", help="A new folder; named after the time, if none is given.")
        add(
            "--details", action="store_true", help="Also what the site itself keeps with rows. May tell who people are."
        )
        ids = parser.add_mutually_exclusive_group()
        ids.add_argument("--real-ids", action="store_true", help="Public ids, as in addresses and in the admin.")
        ids.add_argument(
            "--pseudonym-key",
            default=os.environ.get(KEY, ""),
            metavar="KEY",
            help=f"Exports with the same key have the same pseudonyms. Can be given as {KEY} in the environment.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["output"] or Path(f"syncgroups-export-{datetime.now(UTC):%Y%m%d-%H%M%S}")
        naming = exporting.real_ids if options["real_ids"] else exporting.pseudonyms(options["pseudonym_key"])
        selection = exporting.Selection(options["cohort"], options["since"], options["until"])
        tables = exporting.chosen(options["tables"], details=options["details"])
        try:
            written = exporting.export(
                folder, selection, tables=tables, naming=naming, format=options["format"], progress=self.tell
            )
        except (ExtraMissing, OutputExists) as error:
            raise CommandError(str(error)) from error
        counts = ", ".join(f"{rows} {name}" for name, rows in written.items())
        self.stderr.write(f"\r{counts}", str)
        self.stdout.write(str(folder))

    def tell(self, table: str, rows: int) -> None:
        """One line, over and over, for whoever watches."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{table}: {rows} rows ", str, ending="")
            self.stderr.flush()


def moment(text: str) -> datetime:
    """A date or a time, by the site's clock unless it says by which."""
    found = parse_datetime(text)
    if found is None:
        raise ValueError(text)
    return found if timezone.is_aware(found) else timezone.make_aware(found)

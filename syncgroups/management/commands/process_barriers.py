"""The sweep without Celery: once, or again and again."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections

from syncgroups import processing
from syncgroups.processing.results import PassResult
from syncgroups.timing import timed


class Command(BaseCommand):
    help = "Process every barrier with something due: release, end waits past their deadline, retry, recount."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--loop",
            type=float,
            metavar="SECONDS",
            help="Go on until interrupted, with so many seconds in between.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        pause = options["loop"]
        if pause is not None and pause <= 0:
            raise CommandError("--loop needs a positive number of seconds.")
        try:
            if pause is None:
                self.sweep(options["verbosity"])
                processing.recount()
            else:
                self.sweep_if_possible(options["verbosity"])
            while pause is not None:
                time.sleep(pause)
                self.sweep_if_possible(options["verbosity"])
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def sweep_if_possible(self, verbosity: int) -> None:
        """One sweep, or a word about why the database cannot be asked now; a loop outlives that."""
        try:
            self.sweep(verbosity)
        except DatabaseError as error:
            self.stderr.write(f"No sweep: {error}")
        finally:
            close_old_connections()

    def sweep(self, verbosity: int) -> None:
        """One sweep, and those that it finds necessary."""
        result = self.one_sweep()
        while result.rerun:
            for unit in result.rerun:
                with timed("pass", unit.barrier_id):
                    processing.process_barrier(*unit)
            result = self.one_sweep()
        if verbosity > 1:
            self.stdout.write(f"Swept: {result.outcome.label}.")

    def one_sweep(self) -> PassResult:
        with timed("sweep"):
            return processing.sweep()

"""Answer the benchmark's requests, for this app."""

from typing import Any

from django.core.management.base import BaseCommand

from bench.systems.ours import Ours
from bench.systems.protocol import serve


class Command(BaseCommand):
    help = "Answer the benchmark's requests, one line of JSON each."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        serve(Ours())

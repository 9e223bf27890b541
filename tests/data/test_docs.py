"""What docs/data.md says is true: its tables are those of exports, its metrics those that Prometheus is told."""

import re

import pytest
from django.core.management import load_command_class
from prometheus_client import generate_latest

from syncgroups import exporting, testing
from syncgroups.metrics import site_registry
from syncgroups.timing import PASSES
from tests.acceptance import researchers
from tests.servers import ROOT

PAGE = (ROOT / "docs" / "data.md").read_text()


def test_the_tables_are_those_that_are_written():
    """Mended by pasting what this says."""
    dictionary = exporting.as_markdown(exporting.chosen()).replace("## ", "### ")
    assert dictionary in PAGE, dictionary


@pytest.mark.django_db
def test_the_metrics_are_those_that_are_told():
    with testing.declared(*researchers.declarations()):
        researchers.pairs_waiting(1)
        told = set(re.findall(r"^# TYPE (\w+)", generate_latest(site_registry()).decode(), re.M))
    [(measured, *_)] = [(metric.name,) for metric in PASSES.collect()]
    reference = PAGE.partition("## Metrics")[2].partition("**What a scrape costs**")[0]
    assert set(re.findall(r"`(syncgroups_\w+)`", reference)) == {*told, measured}


@pytest.mark.parametrize("command", ["syncgroups_export", "syncgroups_check"])
def test_the_options_are_those_of_the_commands(command):
    parser = load_command_class("syncgroups", command).create_parser("manage.py", command)
    usual = load_command_class("syncgroups", "process_barriers").create_parser("manage.py", "process_barriers")
    own = {*parser._option_string_actions} - {*usual._option_string_actions}
    start = {"syncgroups_export": "## Exports", "syncgroups_check": "## Is all well?"}[command]
    section = PAGE.partition(f"\n{start}\n")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("| `--"))
    assert set(re.findall(r"--[\w-]+", table)) == own

"""How long passes take is measured where they run, and told where Prometheus asks; or nowhere, without its client."""

import os
import subprocess
import sys

import pytest

from syncgroups import tasks
from tests.push.clients import until
from tests.servers import ROOT

from .test_metrics import told


@pytest.mark.worker
def test_a_web_process_tells_what_workers_have_measured(celery_worker_process, tmp_path, monkeypatch):
    """Catches: measurements that stay in the process that made them; a folder that is not read."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    celery_worker_process("--concurrency=2")
    tasks.process_barrier.delay("rps_grouper")
    tasks.sweep.delay()
    for measured in (("", "sweep"), ("rps_grouper", "pass")):
        until(lambda key=("syncgroups_pass_seconds_count", *measured): told().get(key) == 1)
    assert told()["syncgroups_pass_seconds_bucket", "rps_grouper", "+Inf", "pass"] == 1
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
    assert not [key for key in told() if key[0].startswith("syncgroups_pass")], "nothing is better than a part of it"


WITHOUT = """
import sys
sys.modules["prometheus_client"] = None
import django
django.setup()
from django.urls import NoReverseMatch, reverse
from syncgroups import tasks
from syncgroups.timing import timed
with timed("pass", "lobby"):
    pass
assert reverse("syncgroups:standing")
try:
    reverse("syncgroups:metrics")
except NoReverseMatch:
    print("no metrics")
"""


def test_a_site_without_the_client_works_and_has_no_metrics():
    """Catches: an app that cannot be used without an optional package."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("no metrics\n", 0), done.stderr

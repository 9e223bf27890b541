"""Little sites, each written to a folder of its own and run in processes of its own.

The participant model is read while models are imported, so that one process can know one choice only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = """
import dj_database_url
from celery import Celery

# Doorbells go nowhere: the journey is made by sweeps.
celery = Celery("site", broker="memory://")
celery.set_default()

SECRET_KEY = "for tests"
INSTALLED_APPS = ["django.contrib.contenttypes", "syncgroups", *{apps!r}]
DATABASES = {{"default": dj_database_url.parse({database!r})}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
# Nor does a beat call the sweep.
SILENCED_SYSTEM_CHECKS = ["syncgroups.W009"]
{setting}
"""

ZOO_MODELS = """
import uuid

from django.db import models

from syncgroups.models import AbstractParticipant


class Animal(AbstractParticipant):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    species = models.CharField(max_length=20, default="gnu")
"""

#: Half of the columns are in the table of another model.
INHERITING_MODELS = """
from django.db import models

from syncgroups.models import AbstractParticipant


class Person(AbstractParticipant):
    pass


class Animal(Person):
    species = models.CharField(max_length=20, default="gnu")
"""

BARRIERS = """
from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.registry import register

register(SimpleGrouper("pair", initial_group_size=2))
register(GroupBarrier("ready", "pair", on_release="zoo.barriers.note"))
register(GroupCloser("pair"))


def note(group, participants, leader):
    group.details["passed"] = [str(participant.pk) for participant in participants]
    group.details["leader"] = str(leader.pk)
    group.save(update_fields=["details"])
"""


@dataclass(frozen=True)
class Site:
    """A site in a folder, with its settings and its database."""

    folder: Path

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it prints. Fails with all of its output."""
        return self._run("-m", "django", *arguments)

    def python(self, code: str) -> str:
        """Run code with Django set up; return what it prints. Fails with all of its output."""
        return self._run("-c", "import django; django.setup()\n" + dedent(code))

    def _run(self, *arguments: str) -> str:
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "site_settings"}
        command = [sys.executable, "-W", "error::RuntimeWarning", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{arguments[:4]} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout


def make_site(folder: Path, *, database: str, participant: str | None, models: str = ZOO_MODELS) -> Site:
    """A site with this participant model; None leaves the setting away. Zoos bring their own migration."""
    swapped = participant is not None and participant.startswith("zoo.")
    setting = "" if participant is None else f"SYNCGROUPS_PARTICIPANT_MODEL = {participant!r}"
    apps = ["zoo"] if swapped else []
    written = SETTINGS.format(apps=apps, database=database, setting=setting)
    folder.joinpath("site_settings.py").write_text(written)
    site = Site(folder)
    if swapped:
        zoo = folder / "zoo"
        zoo.mkdir()
        zoo.joinpath("__init__.py").touch()
        zoo.joinpath("models.py").write_text(models)
        zoo.joinpath("barriers.py").write_text(BARRIERS)
        site.manage("makemigrations", "zoo")
    return site

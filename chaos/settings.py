"""Settings of the site that is put under stress: the demo site's, with barriers and pages of its own."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "for-chaos-only")
os.environ.setdefault("DJANGO_ALLOWED_HOSTS", "127.0.0.1")
os.environ.setdefault("DJANGO_LOG_LEVEL", "WARNING")

from chaos import limits
from project.settings import *  # noqa: F403
from project.settings import CELERY_BEAT_SCHEDULE as DEMO_SCHEDULE
from project.settings import DATABASE
from project.settings import INSTALLED_APPS as DEMO_APPS

UNUSED = ("django.contrib.admin", "project.")
INSTALLED_APPS = [*(name for name in DEMO_APPS if not name.startswith(UNUSED)), "chaos"]
MIDDLEWARE = []
ROOT_URLCONF = "chaos.urls"
DATABASES = {"default": {**DATABASE, "ENGINE": "chaos.postgresql"}}
CELERY_IMPORTS = []
CELERY_BEAT_SCHEDULE = {"syncgroups-sweep": DEMO_SCHEDULE["syncgroups-sweep"]}
SYNCGROUPS_PARTICIPANT_RESOLVER = "syncgroups.identity.participant_from_token"
SYNCGROUPS_POLL_INTERVAL = 1.5
# An on_release that hits a database that is away is to be tried again while the bots still wait.
SYNCGROUPS_RETRY_MAX_INTERVAL = limits.LONGEST_RETRY
# Bots are patient for seconds where people are for minutes. Their hidden pages ask oftener than those of browsers.
SYNCGROUPS_LAST_SEEN_INTERVAL = 1.0
SYNCGROUPS_QUIET_AFTER, SYNCGROUPS_GONE_AFTER = limits.QUIET, limits.GONE
SYNCGROUPS_HIDDEN_GRACE = limits.GRACE
SILENCED_SYSTEM_CHECKS = ["syncgroups.E007"]
SECURE_SSL_REDIRECT = False
